//! What an id can be of.

use std::{collections::HashMap, sync::Arc};

use common::error::Fault;
use futures_util::future::BoxFuture;
use uuid::Uuid;

/// A type that implements `Node`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    User,
    Post,
    Conversation,
    Message,
    Mention,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Post,
        Self::Conversation,
        Self::Message,
        Self::Mention,
    ];

    /// The field of `Query` that has one by nothing but `id: ID!`, and null for what the viewer may not see.
    pub fn query(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Post => "post",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Mention => "mention",
        }
    }

    /// The name of the type.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Post => "Post",
            Self::Conversation => "Conversation",
            Self::Message => "Message",
            Self::Mention => "Mention",
        }
    }
}

/// What became of one id: what it is of, nothing that the viewer may see, or nobody can tell right now.
pub type Found = Result<Option<Kind>, Arc<Fault>>;

/// Finds out what ids are of, on behalf of one viewer.
pub trait Kinds: Send + Sync {
    /// An outcome for each id. One that is left out is nothing's.
    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, HashMap<Uuid, Found>>;
}
