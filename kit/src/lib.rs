//! What the subgraphs share and no other process needs. Unlike `common`, it may name what several contexts refer to: a
//! user's id and summary. The router is built without it.

mod id;
mod rest;
mod service;
mod text;
mod user;

pub use rest::RestApi;
pub use service::{Service, ServiceConfig, check_schema, main, with_basics};
pub use text::{Text, TextError};
pub use user::{UserId, UserSummary};
