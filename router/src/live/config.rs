use common::config::{ConfigError, Env, malformed};

/// How many clients may have a connection that stays open, sockets and streams together: `LIVE_MAX_CLIENTS`. Each has a
/// file descriptor.
const MOST: usize = 15_000;

pub(crate) fn max_clients(env: &Env) -> Result<usize, ConfigError> {
    const NAME: &str = "LIVE_MAX_CLIENTS";
    const EXPECTS: &str = "a whole number above 0";
    match env.parsed(NAME, EXPECTS)? {
        None => Ok(MOST),
        Some(0) => Err(malformed(NAME, EXPECTS, "0 would refuse everybody")),
        Some(most) => Ok(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_clients_is_bounded_unless_another_bound_is_set() {
        let of = |value| max_clients(&Env::of([("LIVE_MAX_CLIENTS", value)]));
        assert_eq!(max_clients(&Env::default()).unwrap(), MOST);
        assert_eq!(of("7").unwrap(), 7);
        for bad in ["0", "-1", "many"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
