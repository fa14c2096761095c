//! The checks before one user writes to another: whether the recipient exists, whether a block separates the two, and which
//! users the handles in a text name. One request to the users service answers all of them. The block state is stored with
//! the conversation and decides while the users service is unavailable.

use std::time::Duration;

use common::{audit, auth::Viewer, trace};

use super::{App, AppError, Result, access, ports::DirectoryError};
use crate::{
    db::{self, conversations::ConversationAccess},
    domain::{Handle, UserId, UserSummary},
};

/// How long a message to an existing conversation waits for the users service. After that it is sent without the answer.
const CONTACT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a new conversation waits for the users service, which must confirm that the recipient exists.
const RECIPIENT_TIMEOUT: Duration = Duration::from_secs(2);

/// An action that needs the contact's consent.
#[derive(Clone, Copy)]
pub(super) struct ContactCheck {
    /// The name of the audit event of a refusal.
    pub event: &'static str,
    pub contact: UserId,
    /// The conversation of the two users, if they have one.
    pub existing: Option<ConversationAccess>,
}

impl App {
    /// Refuses the action if a block separates the viewer and the contact. Returns the existing users among the two and the
    /// handles; none if the directory does not answer in time and the two have a conversation already.
    pub(super) async fn check_contact(
        &self,
        viewer: &Viewer,
        check: ContactCheck,
        handles: &[Handle],
    ) -> Result<Vec<UserSummary>> {
        let patience = match check.existing {
            Some(_) => CONTACT_TIMEOUT,
            None => RECIPIENT_TIMEOUT,
        };
        let answer = self
            .users
            .look_up_contact(viewer, check.contact, handles, patience)
            .await;
        let (blocked, known) = match (answer, check.existing) {
            (Ok(contact), existing) => {
                if let Some(existing) = existing {
                    self.remember(existing, contact.blocked).await?;
                }
                let exists = contact.known.iter().any(|user| user.id == check.contact);
                if existing.is_none() && !exists {
                    return Err(AppError::RecipientNotFound);
                }
                (contact.blocked, contact.known)
            }
            // An expired token is not an outage: the client refreshes it and tries again.
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
            audit::Event::new(check.event, &viewer.id, &check.contact).denied("FORBIDDEN");
        })?;
        Ok(known)
    }

    /// Stores the block state if it has changed.
    async fn remember(&self, existing: ConversationAccess, blocked: bool) -> Result<(), AppError> {
        if existing.blocked != blocked {
            let mut conn = self.pool.acquire().await?;
            db::conversations::set_blocked(&mut conn, existing.id, blocked).await?;
        }
        Ok(())
    }
}
