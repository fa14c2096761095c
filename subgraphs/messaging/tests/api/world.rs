//! A service with a database of its own, a directory of people, and the things people do.

use std::{
    collections::{HashMap, HashSet},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{
    auth::Viewer,
    clock::{Clock, SharedClock},
    shutdown::Shutdown,
};
use messaging::{
    app::{
        App,
        live::{Live, PostgresBus},
        ports::{Contact, DirectoryError, KnownUser, UserDirectory},
    },
    domain::{Handle, UserId},
};
use migrations::Context;
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, Row};
use testkit::{Answer, Graph, ManualClock, Rest, TestDatabase, tokens};
use uuid::Uuid;

pub struct World {
    pub graph: Graph,
    pub rest: Rest,
    pub directory: Arc<FakeDirectory>,
    pub clock: Arc<ManualClock>,
    /// The superuser's view, for looking behind the service.
    pub admin: PgPool,
    pub pool: PgPool,
    // Never polled.
    _beside: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>,
    // Last: it is dropped after the connections to it.
    _database: TestDatabase,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    token: String,
}

impl Person {
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Gets a new token, as of now.
    pub fn renew(&mut self, world: &World) {
        self.token = tokens().token_at(self.id, &*world.clock);
    }

    /// Has a token that nobody signed.
    pub fn forge(&mut self) {
        self.token.push('x');
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with_directory(|fake| fake).await
    }

    /// With another directory than the fake one.
    pub async fn with_directory<D: UserDirectory>(
        choose: impl FnOnce(Arc<FakeDirectory>) -> Arc<D>,
    ) -> Self {
        let database = testkit::database().await;
        let (pool, admin) = (database.pool(Context::Messaging), database.admin_pool());
        let clock = ManualClock::shared();
        let directory = Arc::new(FakeDirectory::default());
        let shared: SharedClock = clock.clone();
        // What runs beside requests does not: tests count statements.
        let (bus, stopping) = (PostgresBus::new(pool.clone()), Shutdown::new());
        let (live, running) = Live::new(&pool, &shared, Arc::new(bus), stopping);
        let users = choose(directory.clone());
        let app = App::new(pool.clone(), shared.clone(), users, live);
        let routes = messaging::routes(app, tokens().verifier(shared));
        Self {
            rest: Rest::new(routes.clone(), &messaging::rest::openapi()),
            graph: Graph::new(routes),
            directory,
            clock,
            admin,
            pool,
            _beside: Mutex::new(Box::pin(running)),
            _database: database,
        }
    }

    /// Somebody whom the directory knows by this username.
    pub fn person(&self, username: &str) -> Person {
        let person = self.stranger();
        self.directory.add(person.id, username);
        person
    }

    /// Somebody with a good token whom the directory does not know.
    pub fn stranger(&self) -> Person {
        let id = self.clock.new_id();
        Person {
            id,
            token: tokens().token_at(id, &*self.clock),
        }
    }

    pub async fn ask(&self, person: &Person, query: &str, variables: Value) -> Answer {
        self.graph.ask(Some(&person.token), query, variables).await
    }

    /// The data of an operation that succeeds.
    pub async fn get(&self, person: &Person, query: &str, variables: Value) -> Value {
        self.ask(person, query, variables).await.data()
    }

    pub async fn start(&self, person: &Person, recipient: &str) -> Answer {
        let query = "mutation($input: StartConversationInput!) {
            startConversation(input: $input) { conversation { id } userErrors { code field message } }
        }";
        self.ask(
            person,
            query,
            json!({ "input": { "recipientId": recipient } }),
        )
        .await
    }

    /// The id of the conversation of two people.
    pub async fn conversation(&self, one: &Person, other: &Person) -> String {
        let data = self.start(one, &other.id.to_string()).await.data();
        text(&data, "/startConversation/conversation/id")
    }

    pub async fn send(&self, person: &Person, input: Value) -> Answer {
        let query = "mutation($input: SendMessageInput!) {
            sendMessage(input: $input) { message { id text createdAt } userErrors { code field message } }
        }";
        self.ask(person, query, json!({ "input": input })).await
    }

    /// The id of a message that is sent to a conversation.
    pub async fn say(&self, person: &Person, conversation: &str, message: &str) -> String {
        let input = json!({ "conversationId": conversation, "text": message });
        let data = self.send(person, input).await.data();
        text(&data, "/sendMessage/message/id")
    }

    pub async fn mark_read(&self, person: &Person, conversation: &str, message: &str) -> Answer {
        let query = "mutation($input: MarkConversationReadInput!) {
            markConversationRead(input: $input) { conversation { unreadCount } userErrors { code field message } }
        }";
        let input = json!({ "conversationId": conversation, "messageId": message });
        self.ask(person, query, json!({ "input": input })).await
    }

    pub async fn unread(&self, person: &Person, conversation: &str) -> i64 {
        let query = "query($id: ID!) { conversation(id: $id) { unreadCount } }";
        let data = self.get(person, query, json!({ "id": conversation })).await;
        data["conversation"]["unreadCount"].as_i64().unwrap()
    }

    pub fn clock_id(&self) -> Uuid {
        self.clock.new_id()
    }

    /// One number from behind the service.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.admin.fetch_one(sql).await.unwrap().get(0)
    }
}

/// The text at a JSON pointer.
pub fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no text at {pointer} of {value}"))
        .to_owned()
}

/// Code and field of each of a payload's user errors.
pub fn user_errors(answer: Answer, mutation: &str) -> Vec<(String, Option<String>)> {
    let data = answer.data();
    let errors = data[mutation]["userErrors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            assert!(!text(error, "/message").is_empty());
            (
                text(error, "/code"),
                error["field"].as_str().map(str::to_owned),
            )
        })
        .collect()
}

/// What [`user_errors`] returns for one error.
pub fn refused(code: &str, field: &str) -> Vec<(String, Option<String>)> {
    vec![(code.to_owned(), Some(field.to_owned()))]
}

/// A user directory in memory.
#[derive(Default)]
pub struct FakeDirectory {
    users: Mutex<HashMap<Uuid, String>>,
    /// Who blocks whom.
    blocks: Mutex<HashSet<(Uuid, Uuid)>>,
    pub down: AtomicBool,
    refusing: AtomicBool,
    pub calls: AtomicUsize,
    pub asked_handles: AtomicUsize,
}

impl FakeDirectory {
    fn add(&self, id: Uuid, username: &str) {
        self.users.lock().unwrap().insert(id, username.to_owned());
    }

    pub fn fail(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Whether it accepts nobody's token.
    pub fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::SeqCst);
    }

    pub fn block(&self, who: &Person, whom: &Person) {
        self.blocks.lock().unwrap().insert((who.id, whom.id));
    }

    pub fn unblock(&self, who: &Person, whom: &Person) {
        self.blocks.lock().unwrap().remove(&(who.id, whom.id));
    }
}

#[async_trait]
impl UserDirectory for FakeDirectory {
    async fn look_up(
        &self,
        _viewer: &Viewer,
        ids: &[UserId],
        handles: &[Handle],
        _patience: Duration,
    ) -> Result<Vec<KnownUser>, DirectoryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked_handles
            .fetch_add(handles.len(), Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(DirectoryError::Unavailable("it is down".into()));
        }
        if self.refusing.load(Ordering::SeqCst) {
            return Err(DirectoryError::Unauthenticated);
        }
        let users = self.users.lock().unwrap();
        let known = users.iter().map(|(id, username)| KnownUser {
            id: UserId(*id),
            username: username.clone(),
            display_name: None,
            avatar_url: None,
        });
        Ok(known
            .filter(|user| ids.contains(&user.id) || handles.contains(&user.handle()))
            .collect())
    }
    async fn look_up_contact(
        &self,
        viewer: &Viewer,
        contact: UserId,
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Contact, DirectoryError> {
        let ids = [UserId(viewer.id), contact];
        let known = self.look_up(viewer, &ids, handles, patience).await?;
        let blocks = self.blocks.lock().unwrap();
        let pairs = [(viewer.id, contact.0), (contact.0, viewer.id)];
        Ok(Contact {
            blocked: pairs.iter().any(|pair| blocks.contains(pair)),
            known,
        })
    }
}
