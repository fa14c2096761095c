//! The GraphQL API: the posts part of the graph.

mod loaders;
mod mutation;
mod post;
mod query;
mod user;

use async_graphql::{EmptySubscription, Schema, SchemaBuilder};
use axum::Router;
use common::{
    auth::Verifier,
    graphql::{self, GraphqlService},
};

use crate::app::App;
use mutation::Mutation;
use query::Query;

pub type PostsSchema = Schema<Query, Mutation, EmptySubscription>;

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    graphql::subgraph(Query, Mutation, EmptySubscription)
}

/// The schema that answers.
pub fn schema(app: App) -> PostsSchema {
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
