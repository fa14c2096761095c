//! The users subgraph.

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

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema, SchemaBuilder};
use axum::{Router, http::request::Parts};
use common::{
    auth::Verifier,
    client_address::TrustedProxies,
    error::Error,
    graphql::{GraphqlService, viewer, with_limits, with_loader},
    origin::Origin,
};

use crate::{
    app::{self, App},
    domain::UserId,
};
use loaders::Loaders;

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

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(query::UsersQuery, own_sessions::OwnSessionsQuery);

pub type UsersSchema = Schema<Query, Mutation, EmptySubscription>;

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    with_limits(Schema::build(
        Query::default(),
        Mutation::default(),
        EmptySubscription,
    ))
}

/// The schema over an application.
pub fn schema(app: App) -> UsersSchema {
    builder().data(app).finish()
}

/// The subgraph's federation SDL. It needs no database.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().federation().compose_directive();
    builder().finish().sdl_with_options(options)
}

/// `POST /graphql`. What one request asks for is loaded together.
pub fn routes(app: App, verifier: Verifier, proxies: TrustedProxies) -> Router {
    let schema = schema(app.clone());
    let prepare = move |request: async_graphql::Request, head: &Parts| {
        let request = request.data(Origin::of(&proxies, head));
        with_loader(request, Loaders::new(app.clone()))
    };
    common::graphql::routes(GraphqlService::new(schema, verifier, prepare))
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
fn answer<T>(result: Result<T, app::Error>) -> async_graphql::Result<T> {
    Ok(result.map_err(Error::from)?)
}
