//! What has to be known of two people before one writes to the other: whether the recipient exists, whether a block keeps
//! the two apart, and who the handles in a text are. The users service is asked once for all of it. What it says of blocks
//! is kept with the conversation, and counts while it cannot be asked.

use std::time::Duration;

use common::{audit, auth::Viewer, trace};

use super::{App, AppError, Result, access, ports::DirectoryError};
use crate::{
    db::{self, conversations::Standing},
    domain::{Handle, UserId, UserSummary},
};

/// How long a message waits for word of its recipient and of whom it mentions. It goes out without after that.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait for word whether a recipient exists: without it nothing can be started.
const RECIPIENT_PATIENCE: Duration = Duration::from_secs(2);

/// What somebody is about to do.
#[derive(Clone, Copy)]
pub(super) struct Errand {
    /// How a refusal is written down.
    pub event: &'static str,
    pub contact: UserId,
    /// The conversation of the two, if they have one.
    pub existing: Option<Standing>,
}

impl App {
    /// Asks before the viewer writes to somebody, and refuses when a block keeps the two apart. Those of the two and of the
    /// handles who exist; nobody when the directory does not answer soon and the two have a conversation already.
    pub(super) async fn ask_before(
        &self,
        viewer: &Viewer,
        errand: Errand,
        handles: &[Handle],
    ) -> Result<Vec<UserSummary>> {
        let patience = match errand.existing {
            Some(_) => PATIENCE,
            None => RECIPIENT_PATIENCE,
        };
        let answer = self
            .users
            .look_up_contact(viewer, errand.contact, handles, patience)
            .await;
        let (blocked, known) = match (answer, errand.existing) {
            (Ok(contact), existing) => {
                if let Some(existing) = existing {
                    self.remember(existing, contact.blocked).await?;
                }
                let exists = contact.known.iter().any(|user| user.id == errand.contact);
                if existing.is_none() && !exists {
                    return Err(AppError::RecipientNotFound);
                }
                (contact.blocked, contact.known)
            }
            // The token is not good any more, which is no outage: the client gets another one and tries again.
            (Err(error @ DirectoryError::Unauthenticated), _) | (Err(error), None) => {
                return Err(error.into());
            }
            (Err(error), Some(existing)) => {
                tracing::warn!(
                    %error,
                    handles = handles.len(),
                    trace_id = %trace::current_id(),
                    "somebody writes on what was last known of blocks, and mentions nobody"
                );
                (existing.blocked, Vec::new())
            }
        };
        access::write_while(blocked).inspect_err(|_refused| {
            audit::Event::new(errand.event, &viewer.id, &errand.contact).denied("FORBIDDEN");
        })?;
        Ok(known)
    }

    /// Keeps what was heard, when it is something else than what was heard before.
    async fn remember(&self, standing: Standing, blocked: bool) -> Result<()> {
        if standing.blocked != blocked {
            let mut conn = self.pool.acquire().await?;
            db::conversations::set_blocked(&mut conn, standing.id, blocked).await?;
        }
        Ok(())
    }
}
