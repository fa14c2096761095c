//! A service with a database of its own, a directory of people, and the things people do.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
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
        ports::{Contact, DirectoryError, UserDirectory},
    },
    domain::{Handle, UserId, UserSummary},
};
use serde_json::{Value, json};
use testkit::{Answer, Context, TestService, tokens};
use uuid::Uuid;

pub use testkit::{Person, refused, text, user_errors};

pub struct World {
    pub directory: Arc<FakeDirectory>,
    // Never polled.
    _beside: Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>,
    // Last: its database is dropped after the connections to it.
    pub service: TestService,
}

impl Deref for World {
    type Target = TestService;

    fn deref(&self) -> &TestService {
        &self.service
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
        let directory = Arc::new(FakeDirectory::default());
        let document = messaging::rest::openapi();
        let mut beside: Option<Pin<Box<dyn Future<Output = ()> + Send>>> = None;
        let service = TestService::new(Context::Messaging, &document, |pool, clock| {
            let shared: SharedClock = clock;
            // What runs beside requests does not: tests count statements.
            let (bus, stopping) = (PostgresBus::new(pool.clone()), Shutdown::new());
            let (live, running) = Live::new(&pool, &shared, Arc::new(bus), stopping);
            beside = Some(Box::pin(running));
            let app = App::new(pool, shared.clone(), choose(directory.clone()), live);
            messaging::routes(app, tokens().verifier(shared))
        });
        Self {
            service: service.await,
            directory,
            _beside: Mutex::new(beside.unwrap()),
        }
    }

    /// A user with this username in the directory.
    pub fn person(&self, username: &str) -> Person {
        let person = self.stranger();
        self.directory.add(person.id, username);
        person
    }

    /// A user with a valid token who is not in the directory.
    pub fn stranger(&self) -> Person {
        self.new_person()
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
    ) -> Result<Vec<UserSummary>, DirectoryError> {
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
        let known = users.iter().map(|(id, username)| UserSummary {
            id: UserId::from(*id),
            username: username.clone(),
            display_name: None,
            avatar_url: None,
        });
        Ok(known
            .filter(|user| ids.contains(&user.id) || handles.contains(&Handle::of(&user.username)))
            .collect())
    }
    async fn look_up_contact(
        &self,
        viewer: &Viewer,
        contact: UserId,
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Contact, DirectoryError> {
        let ids = [UserId::from(viewer.id), contact];
        let known = self.look_up(viewer, &ids, handles, patience).await?;
        let blocks = self.blocks.lock().unwrap();
        let pairs = [
            (viewer.id, contact.as_uuid()),
            (contact.as_uuid(), viewer.id),
        ];
        Ok(Contact {
            blocked: pairs.iter().any(|pair| blocks.contains(pair)),
            known,
        })
    }
}
