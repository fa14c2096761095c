//! One HTTP/1.1 connection that is kept.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{answer::Page, call::Call};
use crate::failure::{Failure, Result};

/// Our services give up much earlier; the opponent may take as long as its plan does.
const PATIENCE: Duration = Duration::from_mins(5);

/// A connection to one address.
pub struct Connection {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends with the sender, or with the other side; the sender reports what matters of it.
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    /// So many connections to where the calls go.
    pub async fn open_for(calls: &[Arc<Call>], connections: usize) -> Result<Vec<Self>> {
        let address = calls
            .first()
            .ok_or_else(|| Failure::new("there is nothing to send"))?
            .address;
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Self::open(address).await?);
        }
        Ok(open)
    }

    /// Sends a request and says whether its answer is right. The connection is opened anew where it was lost.
    pub async fn ask(&mut self, call: &Call) -> std::result::Result<(), String> {
        match self.exchange(call).await {
            Ok((status, body)) => call.check(status, &body),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// Sends a request and gives the page of its answer.
    pub async fn page(&mut self, call: &Call) -> Result<Page> {
        let (status, body) = self.exchange(call).await?;
        call.read(status, &body).map_err(Failure::new)
    }

    async fn exchange(&mut self, call: &Call) -> Result<(StatusCode, Bytes)> {
        if self.sender.is_closed() {
            *self = Self::open(self.address).await?;
        }
        let exchange = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(call.request()).await?;
            let status = answer.status();
            Ok::<_, Failure>((status, answer.into_body().collect().await?.to_bytes()))
        };
        let Ok(answer) = timeout(PATIENCE, exchange).await else {
            // An answer that comes after all would be taken for that of the next request.
            *self = Self::open(self.address).await?;
            return Err(Failure::new(format!("no answer within {PATIENCE:?}")));
        };
        answer
    }
}
