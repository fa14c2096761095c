//! Why a WebSocket is closed, as its client is told. The codes from 4400 on are those of graphql-transport-ws.

use hive_router::ntex::ws::{CloseCode, CloseReason};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The client has closed it.
    ByClient,
    /// The connection is gone, and nobody can be told.
    Gone,
    /// Nothing came for too long.
    Silent,
    Restart,
    TooSlow,
    TooLong,
    BrokenFrames,
    InvalidMessage(&'static str),
    BadToken,
    Expired,
    TooEarly,
    NoInit,
    Taken(String),
    TooManyInits,
    TooManyConnections,
    /// More than the quota; the seconds until there is something of it again.
    TooOften(u64),
    /// It cannot be told whether the token is good.
    Unavailable,
}

impl Closing {
    /// The close frame, if the client is to have one. A reason has 123 bytes at most.
    pub(super) fn reason(&self) -> Option<CloseReason> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::ByClient => (1000, String::new()),
            Self::Silent => (1001, "Nothing has come from you for too long".to_owned()),
            Self::Restart => (1012, "Service restart".to_owned()),
            Self::TooSlow => (
                1013,
                "Too slow: resume after the last message you have".to_owned(),
            ),
            Self::TooLong => (1009, "A message may have 64 KiB at most".to_owned()),
            Self::BrokenFrames => (1002, "Not the WebSocket protocol".to_owned()),
            Self::InvalidMessage(why) => (4400, format!("Invalid message: {why}")),
            Self::BadToken => (4401, "Unauthorized".to_owned()),
            Self::Expired => (
                4401,
                "The access token has expired: connect again with a new one".to_owned(),
            ),
            Self::TooEarly => (4401, "Unauthorized: send connection_init first".to_owned()),
            Self::NoInit => (4408, "Connection initialisation timeout".to_owned()),
            Self::Taken(id) => {
                let id: String = id.chars().take(20).collect();
                (4409, format!("Subscriber for {id} already exists"))
            }
            Self::TooManyInits => (4429, "Too many initialisation requests".to_owned()),
            Self::TooManyConnections => (1013, "Too many connections".to_owned()),
            // Not 4429: clients never come back from that.
            Self::TooOften(seconds) => (
                1013,
                format!("Too many requests: wait for {seconds} seconds"),
            ),
            Self::Unavailable => (1013, "Try again in a moment".to_owned()),
        };
        Some(CloseReason {
            code: CloseCode::from(code),
            description: (!reason.is_empty()).then_some(reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_control_frame() {
        let longest = Closing::Taken("ü".repeat(1_000));
        let description = longest.reason().unwrap().description.unwrap();
        assert!(description.len() <= 123, "{description}");
    }
}
