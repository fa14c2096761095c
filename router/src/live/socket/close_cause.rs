//! Close codes and reasons of a WebSocket. The codes from 4400 on are defined by graphql-transport-ws.

use hive_router::ntex::ws::{CloseCode, CloseReason};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CloseCause {
    /// The client closed the connection.
    ByClient,
    /// The connection is lost; no close frame can be sent.
    Gone,
    /// The client sent nothing within the time-out.
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
    /// The rate limit is exceeded; seconds until the next request is allowed.
    TooManyRequests(u64),
    /// The token cannot be verified at the moment.
    Unavailable,
}

impl CloseCause {
    /// The close frame; `None` if the connection is lost. A reason has at most 123 bytes.
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
            // Not 4429, after which clients do not reconnect.
            Self::TooManyRequests(seconds) => (
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
    fn reason_fits_into_a_control_frame() {
        let longest = CloseCause::Taken("ü".repeat(1_000));
        let description = longest.reason().unwrap().description.unwrap();
        assert!(description.len() <= 123, "{description}");
    }
}
