//! Exchanging refresh tokens.

use common::audit;
use secrecy::SecretString;

use super::{App, AppError, Result, Session, sessions::REFRESH_TOKEN_SECONDS};
use crate::{
    db::{self, sessions::KnownToken},
    domain::{Presented, Token, TokenHash},
};

/// How many requests may race with one token. Nobody has more windows open that wake up at once.
const MAX_RACING: i64 = 10;

impl App {
    /// Exchanges a refresh token for the next one. A token that was exchanged before and comes back has been stolen, or
    /// its thief's has: the whole session ends, because nobody can tell who is who (RFC 9700, 4.14.2). Requests that were
    /// already here when their token was exchanged are no such thing: each gets a token, and using one of these uses up
    /// the others.
    pub async fn refresh(&self, presented: &SecretString) -> Result<Session> {
        // Before anything is waited for.
        let arrived = self.clock.now();
        let (hash, next) = (TokenHash::of(presented), Token::generate());
        let mut tx = self.pool.begin().await?;
        let token = db::sessions::lock_token(&mut tx, &hash).await?;
        // Whatever the present request waited for has happened by now.
        let now = self.clock.now();
        let Some(token) = token.filter(|token| !token.is_revoked && token.expires_at > now) else {
            return Err(AppError::BadRefreshToken);
        };
        let mut how = token
            .family
            .judge(token.generation, token.was_rotated, arrived);
        let generation = token.generation + 1;
        if how == Presented::Racing
            && db::sessions::count_tokens(&mut tx, token.session, generation).await? >= MAX_RACING
        {
            how = Presented::Again;
        }
        if how == Presented::Again {
            let KnownToken { session, owner, .. } = token;
            db::sessions::revoke(&mut tx, owner, session, now).await?;
            tx.commit().await?;
            audit::Event::new("refresh_session", &owner, &session).denied("INVALID_REFRESH_TOKEN");
            return Err(AppError::BadRefreshToken);
        }
        let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
        db::sessions::exchange(&mut tx, &token, &hash, now, expires_at).await?;
        db::sessions::insert_token(
            &mut tx,
            token.session,
            generation,
            &next.hash(),
            now,
            expires_at,
        )
        .await?;
        let user = db::users::by_id(&mut tx, token.owner).await?;
        tx.commit().await?;
        self.session(token.session, user.ok_or(AppError::BadRefreshToken)?, next)
    }
}
