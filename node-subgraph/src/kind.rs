//! The types that an ID can belong to.

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

    /// The field of `Query` that takes only `id: ID!` and is null if the viewer may not see the object.
    pub fn query(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Post => "post",
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Mention => "mention",
        }
    }

    /// Name of the GraphQL type.
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

/// Kind of an ID; `None` if no object that the viewer may see has it; an error if a service that may have it failed.
pub type KindResult = Result<Option<Kind>, Arc<Fault>>;

/// Looks up the kinds of IDs on behalf of one viewer.
pub trait KindLookup: Send + Sync {
    /// The result for each ID. An ID without a result belongs to no object.
    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, HashMap<Uuid, KindResult>>;
}
