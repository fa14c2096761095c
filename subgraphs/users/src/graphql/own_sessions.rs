use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use common::{
    Timestamp,
    graphql::{UserError, payload, viewer},
};
use uuid::Uuid;

use super::{answer, application, viewer_id};
use crate::domain::SessionInfo;

/// A login, and all that came from it.
#[derive(SimpleObject)]
pub struct Session {
    /// A UUIDv7.
    id: ID,
    /// When the user signed in.
    created_at: Timestamp,
    /// When it last got new tokens.
    last_used_at: Timestamp,
    /// When it ends unless it is used before.
    expires_at: Timestamp,
    /// The program that signed in, as it called itself.
    user_agent: Option<String>,
    /// Where it signed in from: an IPv4 or IPv6 address.
    ip_address: Option<String>,
    /// Whether the token of this request came from it.
    is_current: bool,
}

impl Session {
    pub(super) fn of(session: SessionInfo, current: Option<Uuid>) -> Self {
        Self {
            is_current: current == Some(session.id),
            id: session.id.to_string().into(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent,
            ip_address: session.address,
        }
    }
}

/// A session to end.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// The id of one of the viewer's sessions.
    session_id: ID,
}

/// Nothing but what was wrong.
#[derive(SimpleObject)]
pub struct EndSessionPayload {
    /// `NOT_FOUND` when the viewer has no such session.
    user_errors: Vec<UserError>,
}

/// Which sessions to end.
#[derive(InputObject)]
pub struct EndSessionsInput {
    /// Whether the session goes on that the token of this request came from.
    #[graphql(default = false)]
    except_current: bool,
}

/// How many sessions ended.
#[derive(SimpleObject)]
pub struct EndSessionsPayload {
    /// Those that were good until now.
    ended_count: i32,
    /// Always empty.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct OwnSessionsMutation;

#[Object]
impl OwnSessionsMutation {
    /// Ends one of the signed-in user's sessions. None of its refresh tokens works any more; access tokens of it are good
    /// until they end by themselves, 15 minutes at most. Ending it again changes nothing.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session.")] input: EndSessionInput,
    ) -> Result<Option<EndSessionPayload>> {
        let ended = application(ctx)?
            .end_session(viewer_id(ctx)?, &input.session_id)
            .await;
        let user_errors = payload(ended)?.err().unwrap_or_default();
        Ok(Some(EndSessionPayload { user_errors }))
    }

    /// Ends all sessions of the signed-in user, or all others.
    async fn end_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions.")] input: EndSessionsInput,
    ) -> Result<Option<EndSessionsPayload>> {
        let viewer = viewer(ctx)?;
        let except = viewer.session.filter(|_| input.except_current);
        let ended = application(ctx)?
            .end_sessions(viewer.id.into(), except)
            .await;
        let ended = answer(ended)?;
        Ok(Some(EndSessionsPayload {
            ended_count: i32::try_from(ended).unwrap_or(i32::MAX),
            user_errors: Vec::new(),
        }))
    }
}
