//! The GraphQL API: the messaging part of the graph.

mod conversation;
mod loaders;
mod mention;
mod message;
mod mutation;
mod query;
mod subscription;
mod user;

use async_graphql::{Schema, SchemaBuilder};
use axum::Router;
use common::{
    auth::Verifier,
    graphql::{self, GraphqlService},
};

use crate::app::App;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub type MessagingSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    graphql::subgraph(Query, Mutation, Subscription)
}

/// The schema that answers.
pub fn schema(app: App) -> MessagingSchema {
    builder().data(app).finish()
}

/// The schema as text, with its federation directives.
pub fn sdl() -> String {
    graphql::sdl(builder())
}

/// `POST /graphql`.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let schema = schema(app.clone());
    let prepare = move |request, _head: &_| loaders::add(&app, request);
    graphql::routes(GraphqlService::new(schema, verifier, prepare))
}
