//! The worker that sends the mails of the outbox.
//!
//! A mail is claimed, composed, sent and marked. If the process dies between sending and marking, the mail is sent
//! again: at least once, under the same message id. The token in it is made at that moment, so that the outbox holds no
//! secret and a mail that waited long carries a token that is still good.

use std::{sync::Arc, time::Duration};

use common::shutdown::Shutdown;
use futures_util::{StreamExt, stream};

use super::{
    App, AppError, Links, Result,
    mails::compose,
    ports::{Mail, MailError, Mailer},
};
use crate::{
    db::{self, outbox::Job},
    domain::{Email, MailKind, Token},
};

/// Mails that are claimed and sent at once.
const BATCH_SIZE: usize = 10;
/// Interval between looks at the outbox without a notification: for retries, and for mails of replicas that died.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Seconds until a mail is tried again: a minute, doubled each time, up to six hours.
const FIRST_RETRY_SECONDS: f64 = 60.0;
const MAX_RETRY_SECONDS: f64 = 6.0 * 60.0 * 60.0;
/// With these delays the last attempt is more than a day after the first.
const MAX_ATTEMPTS: i32 = 12;
/// Limits the requested mails of one kind to one address within an hour.
const MAX_MAILS_PER_HOUR: i64 = 5;

/// Sends mails until shutdown.
pub struct Outbox {
    app: App,
    mailer: Arc<dyn Mailer>,
    links: Links,
    poll_interval: Duration,
}

/// The reason why a mail is not needed any more.
struct Skipped(&'static str);

impl Outbox {
    pub fn new(app: App, mailer: Arc<dyn Mailer>, links: Links) -> Self {
        Self {
            app,
            mailer,
            links,
            poll_interval: POLL_INTERVAL,
        }
    }

    /// Changes the poll interval, which is 5 seconds by default.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }

    /// Works until `shutdown`; finishes the mails it has claimed.
    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_cancelled() {
            let delivered = self.deliver_due().await.unwrap_or_else(|error| {
                tracing::error!(%error, "the outbox cannot be read");
                0
            });
            if delivered == BATCH_SIZE {
                continue; // There may be more.
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.app.mail_is_due.notified() => {}
                () = tokio::time::sleep(self.poll_interval) => {}
            }
        }
    }

    /// Makes one attempt for each mail that is due, up to a batch. Returns how many there were.
    pub async fn deliver_due(&self) -> Result<usize> {
        let jobs = {
            let mut conn = self.app.pool.acquire().await?;
            let (now, limit) = (self.app.clock.now(), i64::try_from(BATCH_SIZE).unwrap_or(1));
            db::outbox::claim(
                &mut conn,
                now,
                limit,
                FIRST_RETRY_SECONDS,
                MAX_RETRY_SECONDS,
            )
            .await?
        };
        let claimed = jobs.len();
        stream::iter(jobs)
            .for_each_concurrent(BATCH_SIZE, |job| async move {
                if let Err(error) = self.deliver(&job).await {
                    // The mail is due again when its claim ends.
                    tracing::error!(%error, mail = %job.id, "a mail was left for the next attempt");
                }
            })
            .await;
        Ok(claimed)
    }

    async fn deliver(&self, job: &Job) -> Result<()> {
        let outcome = match self.mail(job).await? {
            Ok(mail) => self.mailer.send(&mail).await,
            Err(Skipped(reason)) => {
                tracing::info!(mail = %job.id, kind = job.kind, reason, "mail not needed");
                let mut conn = self.app.pool.acquire().await?;
                return Ok(db::outbox::delete(&mut conn, job.id).await?);
            }
        };
        let mut conn = self.app.pool.acquire().await?;
        let now = self.app.clock.now();
        match outcome {
            Ok(()) => db::outbox::mark_sent(&mut conn, job.id, now).await?,
            Err(MailError(error)) => {
                let given_up = (job.attempts >= MAX_ATTEMPTS).then_some(now);
                tracing::warn!(
                    mail = %job.id, kind = job.kind, attempts = job.attempts, error, last = given_up.is_some(),
                    "a mail could not be sent"
                );
                db::outbox::mark_failed(&mut conn, job.id, &error, given_up).await?;
            }
        }
        Ok(())
    }

    /// The mail with a token of its own, if its account still needs it.
    async fn mail(&self, job: &Job) -> Result<std::result::Result<Mail, Skipped>> {
        let kind = MailKind::named(&job.kind)
            .ok_or_else(|| AppError::internal(format!("a mail of kind {}", job.kind)))?;
        let email = Email::parse(&job.email)
            .map_err(|invalid| AppError::internal(format!("in the outbox: {}", invalid.message)))?;
        let now = self.app.clock.now();
        let mut conn = self.app.pool.acquire().await?;
        let Some(account) = db::users::account_by_email(&mut conn, &email).await? else {
            return Ok(Err(Skipped("no account")));
        };
        if kind == MailKind::VerifyEmail && account.email_verified_at.is_some() {
            return Ok(Err(Skipped("verified already")));
        }
        let hour_ago = now.plus_seconds(-60 * 60);
        if job.requested
            && db::outbox::sent_since(&mut conn, &email, kind, hour_ago).await?
                >= MAX_MAILS_PER_HOUR
        {
            return Ok(Err(Skipped("enough of them within the hour")));
        }
        let token = Token::generate();
        db::one_time_tokens::insert(&mut conn, &token.hash(), account.id, kind, now).await?;
        let (subject, text) = compose(kind, &self.links, &token.into_secret());
        Ok(Ok(Mail {
            id: job.id,
            // The address as registered, and not as the request spelled it.
            to: Email::parse(&account.email).unwrap_or(email),
            subject,
            text,
        }))
    }
}
