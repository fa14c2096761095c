//! Who the participants are. In the graph the router joins them; a reader of the REST API has no router that does, so they
//! are asked for here, all of a page at once.

use std::{collections::HashMap, time::Duration};

use common::{auth::Viewer, trace};

use super::App;
use crate::domain::{Conversation, Message, UserId, UserSummary};

/// How long a page waits for the names on it. It is answered without them after that.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);

/// A conversation as one of its participants sees it in a list.
#[derive(Clone, Debug)]
pub struct ShownConversation {
    pub conversation: Conversation,
    /// The one whom the viewer talks to.
    pub other_id: UserId,
    /// `None` when it is not known now who that is.
    pub other: Option<UserSummary>,
    /// `None` as long as there is none.
    pub latest_message: Option<Message>,
}

impl App {
    /// Those of the people, 100 at most, who exist; nobody when the directory does not answer soon: conversations can be
    /// read without names.
    pub(super) async fn people(
        &self,
        viewer: &Viewer,
        ids: &[UserId],
    ) -> HashMap<UserId, UserSummary> {
        if ids.is_empty() {
            return HashMap::new();
        }
        match self.users.look_up(viewer, ids, &[], LOOKUP_TIMEOUT).await {
            Ok(people) => people.into_iter().map(|user| (user.id, user)).collect(),
            Err(error) => {
                tracing::warn!(
                    %error,
                    participants = ids.len(),
                    trace_id = %trace::current_id(),
                    "conversations are answered without their participants"
                );
                HashMap::new()
            }
        }
    }
}
