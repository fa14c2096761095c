//! The three subgraphs that `fixtures/supergraph.graphql` was composed of.

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Error, ErrorExtensions, ID, Object, ObjectType,
    Request, Schema, SchemaBuilder, SimpleObject,
};
use axum::http::{HeaderMap, header};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::Value;
use std::sync::Arc;

use super::service::{Answerer, Service};

/// All three, running.
pub struct Graph {
    pub users: Service,
    pub posts: Service,
    pub messaging: Service,
}

impl Graph {
    pub async fn start() -> Self {
        Self {
            users: Service::start(answerer(Schema::build(
                users::Query,
                users::Mutation,
                EmptySubscription,
            )))
            .await,
            posts: Service::start(answerer(Schema::build(
                posts::Query,
                EmptyMutation,
                EmptySubscription,
            )))
            .await,
            messaging: Service::start(answerer(Schema::build(
                messaging::Query,
                EmptyMutation,
                EmptySubscription,
            )))
            .await,
        }
    }

    pub fn urls(&self) -> [String; 3] {
        [&self.users, &self.posts, &self.messaging].map(Service::url)
    }

    /// How many requests all three have had.
    pub fn requests(&self) -> usize {
        [&self.users, &self.posts, &self.messaging]
            .into_iter()
            .map(|service| service.seen().len())
            .sum()
    }
}

pub(super) fn answerer<Q, M>(builder: SchemaBuilder<Q, M, EmptySubscription>) -> Answerer
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let schema = builder.enable_federation().finish();
    Arc::new(move |headers, body| {
        let schema = schema.clone();
        Box::pin(async move {
            let request: Request = serde_json::from_value(body).unwrap();
            let response = schema.execute(request.data(Sender::of(&headers))).await;
            serde_json::to_value(response).unwrap()
        })
    })
}

/// The subject of the token that came with a request. Whether the token is good is the router's business here.
pub(super) struct Sender(pub(super) Option<String>);

impl Sender {
    fn of(headers: &HeaderMap) -> Self {
        let subject = headers.get(header::AUTHORIZATION).map(|value| {
            let payload = value.to_str().unwrap().split('.').nth(1).unwrap();
            let claims: Value = serde_json::from_slice(&BASE64.decode(payload).unwrap()).unwrap();
            claims["sub"].as_str().unwrap().to_owned()
        });
        Self(subject)
    }
}

fn failure(code: Option<String>, message: String) -> async_graphql::Result<Option<i32>> {
    let error = Error::new(message);
    Err(match code {
        Some(code) => error.extend_with(|_, extensions| {
            extensions.set("code", code);
            extensions.set("query", "SELECT secret");
        }),
        None => error,
    })
}

mod users {
    use super::{Context, Error, ID, Object, Sender, failure};

    pub struct User(pub ID);

    #[Object]
    impl User {
        async fn id(&self) -> &ID {
            &self.0
        }
        async fn username(&self) -> Option<String> {
            Some(format!("user-{}", *self.0))
        }
        async fn email(&self) -> Option<String> {
            Some(format!("{}@example.com", *self.0))
        }
        async fn friends(&self) -> Vec<User> {
            vec![User(self.0.clone())]
        }
        async fn fails(&self, code: Option<String>) -> async_graphql::Result<Option<i32>> {
            failure(code, "secret of the service".to_owned())
        }
    }

    pub struct Query;

    #[Object]
    impl Query {
        async fn viewer(&self, ctx: &Context<'_>) -> Option<User> {
            ctx.data_unchecked::<Sender>()
                .0
                .clone()
                .map(|id| User(ID(id)))
        }
        async fn user(&self, id: ID) -> Option<User> {
            Some(User(id))
        }
        #[graphql(entity)]
        async fn by_id(&self, id: ID) -> User {
            User(id)
        }
    }

    pub struct Mutation;

    #[Object]
    impl Mutation {
        async fn rename(
            &self,
            ctx: &Context<'_>,
            name: String,
        ) -> async_graphql::Result<Option<User>> {
            let sender = &ctx.data_unchecked::<Sender>().0;
            sender
                .clone()
                .map(|id| Some(User(ID(id))))
                .ok_or_else(|| Error::new(format!("nobody is {name}")))
        }
    }
}

mod posts {
    use super::{ID, Object, SimpleObject};

    #[derive(SimpleObject)]
    pub struct Post {
        id: ID,
        text: &'static str,
        author: Option<User>,
    }

    pub struct User(ID);

    #[Object]
    impl User {
        async fn id(&self) -> &ID {
            &self.0
        }
        async fn posts(&self) -> Vec<Post> {
            vec![post("p1", &self.0)]
        }
    }

    fn post(id: &str, author: &str) -> Post {
        Post {
            id: id.into(),
            text: "hello",
            author: Some(User(author.into())),
        }
    }

    pub struct Query;

    #[Object]
    impl Query {
        async fn posts(&self) -> Vec<Post> {
            vec![post("p1", "ada"), post("p2", "grace"), post("p3", "ada")]
        }
        #[graphql(entity)]
        async fn user_by_id(&self, id: ID) -> User {
            User(id)
        }
        #[graphql(entity)]
        async fn post_by_id(&self, id: ID) -> Post {
            post(&id, "ada")
        }
    }
}

mod messaging {
    use super::{ID, Object, SimpleObject, failure};

    #[derive(SimpleObject)]
    pub struct User {
        id: ID,
        unread: Option<i32>,
    }

    #[derive(SimpleObject)]
    pub struct Note {
        id: ID,
        text: Option<String>,
        author: Option<User>,
    }

    pub struct Query;

    #[Object]
    impl Query {
        /// There are notes by every name but these. Some are larger than any buffer on the way to a client.
        async fn note(&self, id: ID) -> Option<Note> {
            let is_there = !id.starts_with("hidden") && !id.starts_with("00000000");
            is_there.then(|| Note {
                text: Some(if id.starts_with("large") {
                    "x".repeat(1024 * 1024)
                } else {
                    format!("text of {}", *id)
                }),
                id,
                author: Some(User {
                    id: "ada".into(),
                    unread: None,
                }),
            })
        }
        async fn unread(&self) -> Option<i32> {
            Some(3)
        }
        async fn fails(
            &self,
            code: Option<String>,
            #[graphql(default = "secret of the service")] message: String,
        ) -> async_graphql::Result<Option<i32>> {
            failure(code, message)
        }
        #[graphql(entity)]
        async fn user_by_id(&self, id: ID) -> User {
            User {
                id,
                unread: Some(3),
            }
        }
    }
}
