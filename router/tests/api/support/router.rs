//! The router as a child process.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
};

use super::{Backend, forge, graph::Graph};

const SUPERGRAPH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/supergraph.graphql"
);

pub struct Router {
    child: Child,
    url: String,
    logs: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
    client: Client,
}

/// An answer of the router, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The codes of the errors, in order.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or("none"))
            .collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Router {
    pub async fn start(graph: &Graph) -> Self {
        Self::start_with(graph, &[]).await
    }

    /// Starts a router in front of the graph, with these variables besides.
    pub async fn start_with(graph: &Graph, more: &[(&str, &str)]) -> Self {
        Self::spawn(command(graph.urls(), more)).await
    }

    /// Starts a router in front of a service that is all three, with these variables besides.
    pub async fn before(backend: &Backend, more: &[(&str, &str)]) -> Self {
        Self::spawn(command([0; 3].map(|_| backend.url()), more)).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let logs = Arc::new(Mutex::new(String::new()));
        let (sender, listening) = oneshot::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let reader = tokio::spawn(read(stderr, logs.clone(), sender));
        let address = listening
            .await
            .unwrap_or_else(|_ended| panic!("no start: {}", logs.lock().unwrap()));
        Self {
            child,
            url: format!("http://{address}"),
            logs,
            reader,
            client: Client::builder()
                .no_proxy()
                .timeout(Duration::from_mins(1))
                .build()
                .unwrap(),
        }
    }

    /// A query, asked by nobody.
    pub async fn ask(&self, query: &str) -> Answer {
        self.send(self.post(query)).await
    }

    /// A query, asked by the bearer of a token.
    pub async fn ask_as(&self, token: &str, query: &str) -> Answer {
        self.send(self.post(query).bearer_auth(token)).await
    }

    pub fn post(&self, query: &str) -> RequestBuilder {
        self.request(Method::POST, "/graphql")
            .json(&json!({ "query": query }))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = match serde_json::from_str(&text) {
            Ok(body) => body,
            Err(_) if text.is_empty() => Value::Null,
            Err(error) => panic!("not JSON ({error}): {text}"),
        };
        Answer {
            status,
            headers,
            body,
        }
    }

    /// What it has logged so far.
    pub fn logs(&self) -> String {
        self.logs.lock().unwrap().clone()
    }

    /// Stops it, which must go well; all that it has logged.
    pub async fn stopped_logs(mut self) -> String {
        self.signal("TERM");
        assert!(self.ended().await, "{}", self.logs());
        self.finished_logs().await
    }

    /// All that it has logged, once it has ended.
    pub async fn finished_logs(self) -> String {
        self.reader.await.unwrap();
        self.logs.lock().unwrap().clone()
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process: whether it says that all went well.
    pub async fn ended(&mut self) -> bool {
        self.child.wait().await.unwrap().success()
    }
}

/// Starts a router that must not start: its exit code and what it says.
pub async fn logs_of_refused_start(graph: &Graph, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = command(graph.urls(), more).output().await.unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The command with the URLs of users, posts and messaging.
fn command(urls: [String; 3], more: &[(&str, &str)]) -> Command {
    let [users, posts, messaging] = urls;
    let mut command = Command::new(env!("CARGO_BIN_EXE_router"));
    command
        .env_clear()
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env("SUPERGRAPH_FILE", SUPERGRAPH)
        .env("JWT_PUBLIC_KEY", &forge().keys.public_pem)
        .env("USERS_URL", users)
        .env("POSTS_URL", posts)
        .env("MESSAGING_URL", messaging)
        // Most tests ask as often as they need to.
        .env("RATE_LIMIT_ANONYMOUS", "0")
        .env("RATE_LIMIT_USER", "0")
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Reads the log to its end, and says when and where the router listens.
async fn read(
    stderr: BufReader<tokio::process::ChildStderr>,
    logs: Arc<Mutex<String>>,
    listening: oneshot::Sender<String>,
) {
    let mut listening = Some(listening);
    let mut lines = stderr.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = listening_at(&line)
            && let Some(sender) = listening.take()
        {
            // An error means that the test is over.
            let _ = sender.send(address);
        }
        let mut logs = logs.lock().unwrap();
        logs.push_str(&line);
        logs.push('\n');
    }
}

/// The address in the line of log that says that the router listens, in either format.
fn listening_at(line: &str) -> Option<String> {
    if let Ok(entry) = serde_json::from_str::<Value>(line) {
        let address = (entry["message"] == "listening").then(|| entry["address"].as_str())?;
        return address.map(str::to_owned);
    }
    let address = line.split("listening address=").nth(1)?;
    address.split_whitespace().next().map(str::to_owned)
}
