//! Subscriptions: WebSocket and HTTP streams of clients, served by the router itself.
//!
//! The engine's own subscriptions stay off. They drop events for slow clients, let a stream outlive its token, never
//! reconnect, and call no `policy` hook for an event. Here the router parses the subscription (`operation`), gets the IDs of
//! events from the service of its field (`relay_client`, by the protocol of `common::relay`), and renders each event by an
//! ordinary query that it sends to itself (`crate::loopback`). So authorization, limits and error mapping apply to an event
//! as to any query, and an open stream holds one batch of IDs and nothing more.
//!
//! | module | task |
//! | --- | --- |
//! | `server`, `worker` | shared state of the process, and state of one worker thread |
//! | `operation` | parses a subscription and derives the query that renders one event |
//! | `subscription` | one stream: opened, delivered in order, reopened at its position |
//! | `event_outcome` | decides from the response to that query what happens to the event |
//! | `relay_client` | multiplexes the streams of all clients over a few connections to each service |
//! | `loopback` | bounds concurrent loopback requests |
//! | `socket` | WebSocket clients: graphql-transport-ws |
//! | `http` | server-sent events, and the multipart streams of Apollo's clients |
//! | `connections` | limits on open connections |

mod config;
mod connections;
mod event_outcome;
mod http;
mod loopback;
mod operation;
mod relay_client;
mod server;
mod socket;
mod subscription;
mod worker;

pub(crate) use config::max_clients;
pub(crate) use http::intercept;
pub(crate) use server::{LiveSettings, SubscriptionServer};
pub(crate) use socket::{is_upgrade, upgrade};
pub(crate) use worker::WorkerState;
