//! The GraphQL API: the messaging part of the graph.

mod connection;
mod conversation;
mod loaders;
mod mention;
mod message;
mod mutation;
mod query;
mod subscription;
mod user;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder};
use axum::Router;
use common::{
    auth::Verifier,
    graphql::{GraphqlService, with_limits},
};

use crate::app::App;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

pub type MessagingSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    with_limits(Schema::build(Query, Mutation, Subscription))
        .enable_federation()
        .enable_subscription_in_federation()
}

/// The schema that answers.
pub fn schema(app: App) -> MessagingSchema {
    builder().data(app).finish()
}

/// The schema as text, with its federation directives.
pub fn sdl() -> String {
    builder()
        .finish()
        .sdl_with_options(SDLExportOptions::new().federation().compose_directive())
}

/// `POST /graphql`, and its WebSocket.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let schema = schema(app.clone());
    let service = GraphqlService::new(schema, verifier, move |request, _head| {
        loaders::add(&app, request)
    });
    common::graphql::routes_with_socket(service)
}
