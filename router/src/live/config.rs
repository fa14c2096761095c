use common::config::{ConfigError, Env, malformed};

/// Default of `LIVE_MAX_CLIENTS`: open sockets and streams together. Each holds a file descriptor.
const DEFAULT_MAX_CLIENTS: usize = 15_000;

pub(crate) fn max_clients(env: &Env) -> Result<usize, ConfigError> {
    const NAME: &str = "LIVE_MAX_CLIENTS";
    const EXPECTS: &str = "a whole number above 0";
    match env.parsed(NAME, EXPECTS)? {
        None => Ok(DEFAULT_MAX_CLIENTS),
        Some(0) => Err(malformed(NAME, EXPECTS, "0 would refuse everybody")),
        Some(max) => Ok(max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_clients_has_a_default_and_refuses_zero() {
        let of = |value| max_clients(&Env::of([("LIVE_MAX_CLIENTS", value)]));
        assert_eq!(max_clients(&Env::default()).unwrap(), DEFAULT_MAX_CLIENTS);
        assert_eq!(of("7").unwrap(), 7);
        for bad in ["0", "-1", "many"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
