//! Subscriptions: sockets and HTTP streams of clients, served by the router itself.
//!
//! The engine's own support for them stays off. It drops events for clients that are slow, lets a stream outlive its token,
//! never connects again, and asks `policy` nothing for an event. Here a subscription is taken apart (`operation`): the
//! service that has the field says which entities there is news of (`feed`, whose protocol is `common::relay`), and for each
//! the engine is asked an ordinary query, over the router's own front door (`crate::inside`). So an event passes the same layers,
//! limits, rules and error mapping as anything else, and a stream holds one batch of ids and nothing more.
//!
//! | module | does |
//! | --- | --- |
//! | `sources` | at start: which service and which query belong to a field of `Subscription` |
//! | `operation` | what a client subscribes to, and the query that shows one event of it |
//! | `subscription` | one stream: opened, delivered in order, opened again where it was |
//! | `answer` | what becomes of an event, by what the engine said |
//! | `feed` | the streams of all clients over a few connections to each service |
//! | `inside` | how much the router asks itself for at once |
//! | `socket` | a client's `WebSocket`: graphql-transport-ws |
//! | `http` | server-sent events, and the multipart streams of Apollo's clients |
//! | `clients` | how many there may be |

mod answer;
mod clients;
mod config;
mod desk;
mod feed;
mod http;
mod inside;
mod operation;
mod problem;
mod socket;
mod sources;
mod subscription;

pub(crate) use config::max_clients;
pub(crate) use desk::{Desk, Live};
pub(crate) use http::intercept;
pub(crate) use operation::named;
pub(crate) use socket::{is_upgrade, upgrade};
pub use sources::SourceError;
pub(crate) use sources::{Sources, of as sources};
