//! Requests byte for byte, for what no HTTP client would send or show.

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Router;

/// An answer byte for byte.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: StatusCode,
    /// Lines in lower case, without the status line.
    pub head: Vec<String>,
    pub body: String,
}

impl RawAnswer {
    /// The values of a header, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}: ");
        let lines = self.head.iter();
        lines
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect()
    }
}

/// Sends these bytes, and reads until the router closes the connection.
pub async fn exchange(router: &Router, request: &str) -> RawAnswer {
    let mut stream = TcpStream::connect(router.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    parsed(&answer)
}

pub fn parsed(answer: &[u8]) -> RawAnswer {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    RawAnswer {
        status: status
            .unwrap_or_else(|| panic!("no answer: {text:?}"))
            .parse()
            .unwrap(),
        head: lines.map(str::to_lowercase).collect(),
        body: body.to_owned(),
    }
}
