//! The GraphQL API: the users part of the graph.

mod account;
mod block;
mod connection;
mod follow;
mod loaders;
mod own_sessions;
mod profile;
mod query;
mod session;
mod user;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};
use axum::{Router, http::request::Parts};
use common::{
    auth::Verifier,
    client_address::TrustedProxies,
    error::Error,
    graphql::{self, GraphqlService, viewer},
    origin::Origin,
};

use crate::{
    app::{self, App},
    domain::UserId,
};
use query::Query;

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    account::AccountMutation,
    session::SessionMutation,
    own_sessions::OwnSessionsMutation,
    profile::ProfileMutation,
    follow::FollowMutation,
    block::BlockMutation,
);

pub type UsersSchema = Schema<Query, Mutation, EmptySubscription>;

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    graphql::subgraph(Query, Mutation::default(), EmptySubscription)
}

/// The schema that answers.
pub fn schema(app: App) -> UsersSchema {
    builder().data(app).finish()
}

/// The schema as text, with its federation directives.
pub fn sdl() -> String {
    graphql::sdl(builder())
}

/// `POST /graphql`.
pub fn routes(app: App, verifier: Verifier, proxies: TrustedProxies) -> Router {
    let schema = schema(app.clone());
    let prepare = move |request: async_graphql::Request, head: &Parts| {
        loaders::add(&app, request.data(Origin::of(&proxies, head)))
    };
    graphql::routes(GraphqlService::new(schema, verifier, prepare))
}

fn application<'a>(ctx: &async_graphql::Context<'a>) -> async_graphql::Result<&'a App> {
    ctx.data()
}

/// Where the request comes from.
fn origin_of<'a>(ctx: &async_graphql::Context<'a>) -> async_graphql::Result<&'a Origin> {
    ctx.data()
}

/// The viewer's id, or the error that asks for a token.
fn viewer_id(ctx: &async_graphql::Context<'_>) -> async_graphql::Result<UserId> {
    Ok(UserId::from(viewer(ctx)?.id))
}

/// What a query answers with, where every violation is a top-level error.
fn answer<T>(result: Result<T, app::AppError>) -> async_graphql::Result<T> {
    Ok(result.map_err(Error::from)?)
}
