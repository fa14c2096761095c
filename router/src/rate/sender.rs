use common::{auth::Viewer, client_address::ClientAddress};
use uuid::Uuid;

/// The user or address whose requests share a quota. Never a token, because a client could invent tokens for more quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    User(Uuid),
    Address(ClientAddress),
}

impl Sender {
    /// A request with a valid token counts for its user, any other for its address.
    pub(crate) fn of(viewer: Option<&Viewer>, address: ClientAddress) -> Self {
        match viewer {
            Some(viewer) => Self::User(viewer.id),
            None => Self::Address(address.customer()),
        }
    }

    /// Key in the store, which other applications may share.
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
    fn ipv6_addresses_are_grouped_by_network() {
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
    fn user_keys_differ_from_address_keys() {
        let user = Sender::User(Uuid::from_u128(1));
        let id = "00000000-0000-0000-0000-000000000001";
        assert_eq!(user.key(), format!("rookery:limit:user:{id}"));
    }
}
