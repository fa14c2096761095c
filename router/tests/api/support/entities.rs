//! Services with one entity of every kind, as the committed supergraph has them.

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Error, ErrorExtensions, ID, Object, Schema,
    SimpleObject,
};

use super::{
    graph::{Graph, Sender, answerer},
    id,
    service::Service,
};

/// The setting of a router that serves the supergraph of the repository.
pub const COMMITTED: (&str, &str) = ("SUPERGRAPH_FILE", "");

/// What there is: one of each, and the field of `Query` that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    User = 1,
    Post = 2,
    Conversation = 3,
    Message = 4,
    Mention = 5,
}

impl Entity {
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Post,
        Self::Conversation,
        Self::Message,
        Self::Mention,
    ];

    pub fn id(self) -> String {
        id(self as u64).to_string()
    }

    fn is(self, id: &ID) -> bool {
        self.id() == **id
    }
}

/// The three services. What messaging has is the user's alone.
pub async fn entities() -> Graph {
    let [users, posts, messaging] = [
        answerer(Schema::build(Users, EmptyMutation, EmptySubscription)),
        answerer(Schema::build(Posts, EmptyMutation, EmptySubscription)),
        answerer(Schema::build(Messaging, EmptyMutation, EmptySubscription)),
    ];
    Graph {
        users: Service::start(users).await,
        posts: Service::start(posts).await,
        messaging: Service::start(messaging).await,
    }
}

#[derive(SimpleObject)]
struct User {
    id: ID,
    username: &'static str,
}

fn user(id: ID) -> Option<User> {
    let username = "ada";
    Entity::User.is(&id).then_some(User { id, username })
}

struct Users;

#[Object(name = "Query")]
impl Users {
    async fn user(&self, id: ID) -> Option<User> {
        user(id)
    }

    #[graphql(entity)]
    async fn by_id(&self, id: ID) -> Option<User> {
        user(id)
    }
}

#[derive(SimpleObject)]
struct Post {
    id: ID,
    text: &'static str,
}

fn post(id: ID) -> Option<Post> {
    let text = "hello";
    Entity::Post.is(&id).then_some(Post { id, text })
}

struct Posts;

#[Object(name = "Query")]
impl Posts {
    async fn post(&self, id: ID) -> Option<Post> {
        post(id)
    }

    #[graphql(entity)]
    async fn by_id(&self, id: ID) -> Option<Post> {
        post(id)
    }
}

#[derive(SimpleObject)]
struct Conversation {
    id: ID,
    unread_count: i32,
}

#[derive(SimpleObject)]
struct Message {
    id: ID,
    text: &'static str,
}

#[derive(SimpleObject)]
struct Mention {
    id: ID,
    created_at: &'static str,
}

/// Whether the sender is the user.
fn is_users(ctx: &Context<'_>) -> async_graphql::Result<bool> {
    let sender = ctx.data_unchecked::<Sender>();
    let Some(sender) = &sender.0 else {
        let error = Error::new("A token is needed.");
        return Err(error.extend_with(|_, extensions| extensions.set("code", "UNAUTHENTICATED")));
    };
    Ok(*sender == Entity::User.id())
}

struct Messaging;

#[Object(name = "Query")]
impl Messaging {
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Conversation>> {
        let is_there = is_users(ctx)? && Entity::Conversation.is(&id);
        Ok(is_there.then_some(Conversation {
            id,
            unread_count: 3,
        }))
    }

    async fn message(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Message>> {
        let is_there = is_users(ctx)? && Entity::Message.is(&id);
        Ok(is_there.then_some(Message { id, text: "hello" }))
    }

    async fn mention(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Mention>> {
        let is_there = is_users(ctx)? && Entity::Mention.is(&id);
        let created_at = "2026-01-31T12:00:00.000000Z";
        Ok(is_there.then_some(Mention { id, created_at }))
    }

    #[graphql(entity)]
    async fn conversation_by_id(&self, id: ID) -> Conversation {
        Conversation {
            id,
            unread_count: 3,
        }
    }

    #[graphql(entity)]
    async fn message_by_id(&self, id: ID) -> Message {
        Message { id, text: "hello" }
    }

    #[graphql(entity)]
    async fn mention_by_id(&self, id: ID) -> Mention {
        Mention {
            id,
            created_at: "2026-01-31T12:00:00.000000Z",
        }
    }
}
