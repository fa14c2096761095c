//! Building blocks of request handling that several layers share.

mod client_error;
pub(crate) mod drain_body;
mod http_client;
mod identity;
mod trace;

pub(crate) use client_error::ClientError;
pub(crate) use http_client::http_client;
pub(crate) use identity::RequestIdentity;
pub(crate) use trace::{REQUEST_ID, TRACEPARENT, TraceId};
