use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use common::client_address::FORWARDED_FOR;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use reqwest::StatusCode;

use super::{HEADER, LoopbackSecret, Purpose};
use crate::{
    defaults::GRAPHQL_PATH,
    request::{TRACEPARENT, http_client},
    usage::{self, ClientInfo},
};

/// Added to the request time-out, so that the router's own time-out answers first.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);

/// The client on whose behalf the router sends itself a request, as the headers that a request of the client would have.
#[derive(Clone, Copy)]
pub(crate) struct ForwardedIdentity<'a> {
    /// The verified access token, as an `Authorization` header.
    pub(crate) authorization: Option<&'a [u8]>,
    /// The IP address of the client.
    pub(crate) address: &'a [u8],
    pub(crate) agent: Option<&'a [u8]>,
    /// Name and version of the client application, where usage is recorded.
    pub(crate) client: Option<&'a ClientInfo>,
    /// `traceparent` of the client's request or connection.
    pub(crate) trace: Option<&'a [u8]>,
}

/// Status and body of the router's own response.
#[derive(Debug)]
pub(crate) struct LoopbackResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Sends loopback requests from one worker. Each worker has its own, because connections end with the thread that opened
/// them.
pub(crate) struct LoopbackClient {
    client: reqwest::Client,
    url: String,
    secret: LoopbackSecret,
    timeout: Duration,
}

impl LoopbackClient {
    /// Makes a client for the router that listens at `listening` and answers within `request_timeout`.
    pub(crate) fn new(
        listening: SocketAddr,
        secret: LoopbackSecret,
        request_timeout: Duration,
    ) -> reqwest::Result<Self> {
        let mut address = listening;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        Ok(Self {
            client: http_client()?,
            url: format!("http://{address}{GRAPHQL_PATH}"),
            secret,
            timeout: request_timeout + TIMEOUT_MARGIN,
        })
    }

    /// Sends a GraphQL request body, which is JSON.
    pub(crate) async fn send(
        &self,
        identity: ForwardedIdentity<'_>,
        purpose: Purpose,
        body: String,
    ) -> Result<LoopbackResponse, reqwest::Error> {
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(HEADER, self.secret.header_value(purpose))
            .header(FORWARDED_FOR, identity.address)
            .timeout(self.timeout)
            .body(body);
        if let Some(client) = identity.client {
            for (name, value) in [
                (usage::NAME, &client.name),
                (usage::VERSION, &client.version),
            ] {
                if !value.is_empty() {
                    request = request.header(name, value);
                }
            }
        }
        for (name, value) in [
            (AUTHORIZATION, identity.authorization),
            (USER_AGENT, identity.agent),
            (TRACEPARENT, identity.trace),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let response = request.send().await?;
        Ok(LoopbackResponse {
            status: response.status(),
            body: response.text().await?,
        })
    }
}
