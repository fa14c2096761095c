//! A service with a REST API: does what a test says, and writes down what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderMap, Method},
    response::IntoResponse,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

/// The head of a request as the service saw it.
#[derive(Clone, Debug)]
pub struct SeenHead {
    /// The other end of the connection that it came by.
    pub peer: SocketAddr,
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
}

impl SeenHead {
    /// The values of a header, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }
}

pub struct Backend {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<SeenHead>>>,
    /// Keeps the address of a service that is gone from somebody else.
    _reserved: Option<TcpSocket>,
}

impl Backend {
    /// Answers every request in this way.
    pub async fn start<F, R>(answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::default());
        let routes = Router::new().fallback({
            let seen = Arc::clone(&seen);
            move |request: Request| async move {
                write_down(&seen, &request);
                answer(request).await.into_response()
            }
        });
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            seen,
            _reserved: None,
        }
    }

    /// Answers every request with this text.
    pub async fn text(text: &'static str) -> Self {
        Self::start(move |_request| async move { text }).await
    }

    /// Answers every connection with these bytes, whatever they are, and closes it.
    pub async fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        let (listener, bytes) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            bytes.into(),
        );
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                tokio::spawn(answer_with(stream, bytes.clone()));
            }
        });
        Self {
            address,
            seen: Arc::default(),
            _reserved: None,
        }
    }

    /// Listens nowhere.
    pub fn gone() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            address: socket.local_addr().unwrap(),
            seen: Arc::default(),
            _reserved: Some(socket),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far, but for `/ready` by the router itself.
    pub fn seen(&self) -> Vec<SeenHead> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request so far.
    pub fn only(&self) -> SeenHead {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

fn write_down(seen: &Mutex<Vec<SeenHead>>, request: &Request) {
    let ConnectInfo(peer) = request.extensions().get().unwrap();
    seen.lock().unwrap().push(SeenHead {
        peer: *peer,
        method: request.method().clone(),
        target: request.uri().to_string(),
        headers: request.headers().clone(),
    });
}

/// Reads the head of a request before it answers, as whoever closes on unread data resets the connection.
async fn answer_with(mut stream: TcpStream, bytes: Vec<u8>) {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut piece).await.unwrap();
        if count == 0 {
            return;
        }
        head.extend_from_slice(&piece[..count]);
    }
    stream.write_all(&bytes).await.unwrap();
}
