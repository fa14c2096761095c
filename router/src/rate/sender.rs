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

    /// Its name in a store that others use as well.
    pub(super) fn key(self) -> String {
        match self {
            Self::User(id) => format!("rookery:limit:user:{id}"),
            Self::Address(address) => format!("rookery:limit:address:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_its_network() {
        for (address, key) in [
            ("203.0.113.9", "rookery:limit:address:203.0.113.9"),
            ("::ffff:203.0.113.9", "rookery:limit:address:203.0.113.9"),
            ("2001:db8:1:2:3::4", "rookery:limit:address:2001:db8:1:2::"),
        ] {
            let address = ClientAddress::of(address.parse().unwrap());
            assert_eq!(Sender::of(None, address).key(), key);
        }
    }

    #[test]
    fn a_user_is_never_an_address() {
        let user = Sender::User(Uuid::from_u128(1));
        let id = "00000000-0000-0000-0000-000000000001";
        assert_eq!(user.key(), format!("rookery:limit:user:{id}"));
    }
}
