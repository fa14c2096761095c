use common::{auth::Viewer, client_address::ClientAddress};
use uuid::Uuid;

/// Whose requests are counted together. Never a token: whoever makes one up would have a quota for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    User(Uuid),
    Address(ClientAddress),
}

impl Sender {
    /// Whoever has a good token is its user, wherever the request comes from; everybody else is an address.
    pub(crate) fn of(viewer: Option<&Viewer>, address: ClientAddress) -> Self {
        match viewer {
            Some(viewer) => Self::User(viewer.id),
            None => Self::Address(address.customer()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_its_network() {
        let of = |text: &str| Sender::of(None, ClientAddress::of(text.parse().unwrap()));
        assert_eq!(of("::ffff:203.0.113.9"), of("203.0.113.9"));
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2::"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
    }
}
