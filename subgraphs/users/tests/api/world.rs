//! The service under test and what surrounds it.

use std::{
    net::SocketAddr,
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::{Extension, Router, extract::ConnectInfo};
use common::{
    auth::Signer,
    client_address::{ClientAddress, TrustedProxies},
    config::Env,
    origin::Origin,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::{Authority, Context, Graph, Log, ManualClock, TestService, tokens};
use users::app::{
    App, Avatars, HashingCost, Links, Outbox, Passwords,
    ports::{Mail, MailError, Mailer},
};
use uuid::Uuid;

pub use testkit::Person;

use crate::album::Album;

pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub app: App,
    pub mailbox: Arc<Mailbox>,
    pub album: Arc<Album>,
    service: TestService,
}

impl Deref for World {
    type Target = TestService;

    fn deref(&self) -> &TestService {
        &self.service
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|app| app).await
    }

    /// A world whose application is set up as the test needs it.
    pub async fn with(set_up: impl FnOnce(App) -> App) -> Self {
        let album = Album::shared();
        let (mut app, document) = (None, users::rest::openapi());
        let service = TestService::new(Context::Users, &document, |pool, clock| {
            let new = app.insert(set_up(application(pool, &clock, album.clone())));
            routes(new.clone(), &clock)
        });
        let service = service.await;
        Self {
            app: app.unwrap(),
            mailbox: Arc::default(),
            album,
            service,
        }
    }

    /// A worker on this world's outbox and mailbox.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.app.clone(), self.mailbox.clone(), links())
    }

    /// Sends everything that is due.
    pub async fn deliver(&self) {
        while self.outbox().deliver_due().await.unwrap() > 0 {}
    }

    /// The `data` of an operation that has no errors.
    pub async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        self.graph.ask(token, query, variables).await.data()
    }

    pub async fn register(&self, username: &str) -> Value {
        let input = json!({
            "email": format!("{username}@example.com"), "username": username, "password": PASSWORD,
        });
        self.register_with(input).await
    }

    /// The payload of `register`.
    pub async fn register_with(&self, input: Value) -> Value {
        let query = "mutation($input: RegisterInput!) { register(input: $input) {
            user { id username displayName email createdAt followerCount followeeCount }
            userErrors { code message field } } }";
        self.ask(None, query, json!({ "input": input })).await["register"].take()
    }

    /// Somebody with a verified account: `ada@example.com`, with the password that all have.
    pub async fn person(&self, username: &str) -> Person {
        let payload = self.register(username).await;
        let id: Uuid = payload["user"]["id"].as_str().unwrap().parse().unwrap();
        self.execute(&format!(
            "UPDATE users.users SET email_verified_at = created_at WHERE id = '{id}'"
        ))
        .await;
        Person::new(id, &*self.clock)
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Value {
        let query = "mutation($input: LoginInput!) { login(input: $input) {
            accessToken tokenType expiresIn refreshToken user { username email }
            userErrors { code message field } } }";
        let input = json!({ "email": email, "password": password });
        self.ask(None, query, json!({ "input": input })).await["login"].take()
    }

    /// The payload of `refreshSession`.
    pub async fn refresh(&self, token: &str) -> Value {
        let query = "mutation($token: String!) { refreshSession(input: {refreshToken: $token}) {
            accessToken refreshToken user { username } userErrors { code } } }";
        self.ask(None, query, json!({ "token": token })).await["refreshSession"].take()
    }
}

/// Where nobody in particular comes from.
pub fn origin() -> Origin {
    Origin {
        address: ClientAddress::of([192, 0, 2, 1].into()),
        user_agent: None,
    }
}

/// An application that hashes passwords fast.
pub fn application(pool: PgPool, clock: &Arc<ManualClock>, album: Arc<Album>) -> App {
    let signer = Signer::new(&tokens().pair.private_pem, Authority::issuer()).unwrap();
    let passwords = Passwords::new(HashingCost::cheapest(), 2).unwrap();
    let avatars = Avatars::new(album, links());
    App::new(pool, clock.clone(), passwords, avatars, signer)
}

fn links() -> Links {
    Links::under("https://rookery.test".parse().unwrap())
}

/// The service's routes, asked from this machine, where a router may say whom it asks for.
fn routes(app: App, clock: &Arc<ManualClock>) -> Router {
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let proxies = TrustedProxies::of_service(&Env::default()).unwrap();
    users::routes(app, tokens().verifier(clock.clone()), proxies)
        .layer(Extension(ConnectInfo(peer)))
}

/// A client of the service's routes.
pub fn graph(app: App, clock: &Arc<ManualClock>) -> Graph {
    Graph::new(routes(app, clock))
}

/// The code of the only user error of a payload.
pub fn refusal(payload: &Value) -> &str {
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    errors[0]["code"].as_str().unwrap()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Takes mails, or refuses them while it is broken.
#[derive(Default)]
pub struct Mailbox {
    mails: Mutex<Vec<Received>>,
    broken: AtomicBool,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub id: Uuid,
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

impl Received {
    /// The token as somebody would copy it.
    pub fn token(&self) -> String {
        let after = self.text.split("enter this token:").nth(1).unwrap();
        after.trim_start().lines().next().unwrap().to_owned()
    }
}

impl Mailbox {
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub fn received(&self) -> Vec<Received> {
        self.mails.lock().unwrap().clone()
    }

    /// The newest mail with a subject.
    pub fn last_about(&self, subject: &str) -> Received {
        let mut mails = self.received();
        mails.retain(|mail| mail.subject == subject);
        mails
            .pop()
            .unwrap_or_else(|| panic!("no mail `{subject}` came"))
    }

    /// The newest mail; mails that are due together come in any order.
    pub fn last(&self) -> Received {
        self.received().pop().expect("no mail came")
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(MailError("451 try again later".to_owned()));
        }
        // Lets others run between claiming and marking.
        tokio::task::yield_now().await;
        self.mails.lock().unwrap().push(Received {
            id: mail.id,
            to: mail.to.as_str().to_owned(),
            subject: mail.subject,
            text: mail.text.expose_secret().to_owned(),
        });
        Ok(())
    }
}

/// What a future returns, and the SQL statements it sent.
pub async fn statements_of<F: Future>(future: F) -> (F::Output, Vec<String>) {
    let log = Log::record();
    let output = future.await;
    (output, log.take_statements())
}
