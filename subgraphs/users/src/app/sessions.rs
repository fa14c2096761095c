//! Sessions: a login and the family of refresh tokens that came from it.

use common::{audit, auth::Claims, origin::Origin};
use secrecy::SecretString;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{App, AppError, Result};
use crate::{
    db::{self, sessions::NewSession},
    domain::{Account, SessionInfo, Token, TokenHash, User, UserId},
};

/// How long an access token is good.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// How long a refresh token is good.
pub const REFRESH_TOKEN_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How many sessions of one account are good at once.
const MAX_SESSIONS: i64 = 100;

/// What a client gets to act as somebody.
#[derive(Debug)]
pub struct Session {
    /// A JWT, good for [`ACCESS_TOKEN_SECONDS`].
    pub access_token: SecretString,
    /// Good once, for 30 days.
    pub refresh_token: SecretString,
    pub user: User,
}

impl App {
    /// A new session of somebody who has just proven who they are. Of more than [`MAX_SESSIONS`] the oldest ends.
    pub(super) async fn open_session(
        &self,
        mut tx: Transaction<'_, Postgres>,
        account: &Account,
        origin: &Origin,
    ) -> Result<Session> {
        let (now, token) = (self.clock.now(), Token::generate());
        let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
        let session = self.clock.new_id();
        let new = NewSession {
            id: session,
            account,
            origin,
            now,
            expires_at,
        };
        if !db::sessions::insert(&mut tx, &new).await? {
            return Err(AppError::WrongCredentials);
        }
        db::sessions::insert_token(&mut tx, session, 1, &token.hash(), now, expires_at).await?;
        let ended = db::sessions::revoke_oldest(&mut tx, account.id, MAX_SESSIONS, now).await?;
        let user = db::users::by_id(&mut tx, account.id).await?;
        tx.commit().await?;
        if ended > 0 {
            all_ended("end_oldest_sessions", account.id, ended);
        }
        self.session(session, user.ok_or(AppError::WrongCredentials)?, token)
    }

    /// Ends the session that a refresh token belongs to. Doing so again, or with no token of ours, changes nothing.
    pub async fn log_out(&self, presented: &SecretString) -> Result<()> {
        let hash = TokenHash::of(presented);
        let mut conn = self.pool.acquire().await?;
        let ended = db::sessions::revoke_by_token(&mut conn, &hash, self.clock.now()).await?;
        if let Some((session, owner)) = ended {
            audit::Event::new("end_session", &owner, &session).done();
        }
        Ok(())
    }

    /// The viewer's sessions that are good, the one used last first.
    pub async fn sessions(&self, viewer: UserId) -> Result<Vec<SessionInfo>> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::sessions::list(&mut conn, viewer, self.clock.now()).await?)
    }

    /// Ends one of the viewer's sessions. Ending it again changes nothing. Access tokens that it has are good until they
    /// end by themselves, [`ACCESS_TOKEN_SECONDS`] at most.
    pub async fn end_session(&self, viewer: UserId, session: &str) -> Result<()> {
        let session = Uuid::parse_str(session).map_err(|_error| AppError::SessionNotFound)?;
        let mut conn = self.pool.acquire().await?;
        let has_it = db::sessions::revoke(&mut conn, viewer, session, self.clock.now()).await?;
        let event = audit::Event::new("end_session", &viewer, &session);
        if has_it {
            event.done();
            Ok(())
        } else {
            event.denied("NOT_FOUND");
            Err(AppError::SessionNotFound)
        }
    }

    /// Ends all of the viewer's sessions, or all but `except`; how many that were.
    pub async fn end_sessions(&self, viewer: UserId, except: Option<Uuid>) -> Result<u64> {
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        let ended = db::sessions::revoke_all(&mut conn, viewer, except, now).await?;
        all_ended("end_sessions", viewer, ended);
        Ok(ended)
    }

    pub(super) fn session(&self, id: Uuid, user: User, refresh_token: Token) -> Result<Session> {
        Ok(Session {
            access_token: self.access_token(id, &user)?,
            refresh_token: refresh_token.into_secret(),
            user,
        })
    }

    fn access_token(&self, session: Uuid, user: &User) -> Result<SecretString> {
        let issued_at = self.clock.now().as_seconds();
        let claims = Claims {
            iss: self.signer.issuer.issuer.clone(),
            aud: self.signer.issuer.audience.clone(),
            sub: user.id.as_uuid(),
            iat: issued_at,
            exp: issued_at + ACCESS_TOKEN_SECONDS,
            nbf: None,
            jti: self.clock.new_id(),
            user_id: user.id.as_uuid(),
            sid: Some(session),
            email: user.email.clone(),
            roles: user.roles.clone(),
            scope: user.roles.join(" "),
        };
        let token = self.signer.sign(&claims).map_err(AppError::internal)?;
        Ok(token.into())
    }
}

/// Writes down what ended sessions of somebody.
pub(super) fn all_ended(event: &'static str, owner: UserId, ended: u64) {
    let detail = format_args!("{ended} sessions ended");
    audit::Event::new(event, &owner, &owner)
        .detail(&detail)
        .done();
}
