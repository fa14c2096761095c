//! GraphQL over HTTP as every subgraph serves it.

mod answer;
mod batching;
mod connection;
mod errors;
mod expansion;
mod first;
mod handler;
mod loading;
mod nulls;
mod variables;

pub use batching::with_loader;
pub use connection::connection;
pub use errors::{UserError, payload};
pub use expansion::ExpansionLimit;
pub use first::First;
pub use handler::{GraphqlService, routes};
pub use loading::{LoadError, load, viewer_of};

use async_graphql::{
    Context, ObjectType, SDLExportOptions, Schema, SchemaBuilder, SubscriptionType,
};

use crate::{
    auth::{Identity, Viewer},
    error::Error,
};
use std::sync::Arc;

/// Nesting a subgraph answers. The router's own limit is 15 for what clients send; `_entities` adds two levels.
const MAX_DEPTH: usize = 20;
/// Fields an operation may have once fragments are expanded.
const MAX_FIELDS: usize = 2_000;
/// What an operation may cost, each field counted as often as the lists around it can repeat it ([`First::cost`]): authors
/// have posts that have authors. 20 conversations of 50 messages with all their fields cost two thirds of it, a timeline of
/// 100 posts a tenth.
const MAX_COST: usize = 20_000;
const MAX_DIRECTIVES: usize = 50;

/// The limits every subgraph puts on operations, because its port may be reached without the router; and what makes
/// [`with_loader`] work.
pub fn with_limits<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    builder
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COST)
        .limit_directives(MAX_DIRECTIVES)
        .extension(ExpansionLimit(MAX_FIELDS))
        .extension(variables::RequiredVariables)
        .extension(batching::LoadWhenWaiting)
        .extension(nulls::NullsForErrors)
}

/// The schema of a subgraph, with the limits of [`with_limits`].
pub fn subgraph<Q, M, S>(query: Q, mutation: M, subscription: S) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    with_limits(Schema::build(query, mutation, subscription))
        .enable_federation()
        .enable_subscription_in_federation()
}

/// The schema as text, with its federation directives.
pub fn sdl<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().federation().compose_directive();
    builder.finish().sdl_with_options(options)
}

/// Who sends the running operation.
pub fn identity<'a>(ctx: &Context<'a>) -> &'a Identity {
    ctx.data_opt::<Identity>().unwrap_or(&Identity::Anonymous)
}

/// The viewer, or the error that asks for a token.
pub fn viewer<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Arc<Viewer>> {
    Ok(identity(ctx).require().map_err(Error::from)?)
}
