//! A service with a database of its own, a social graph in memory, and the things people do.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use common::{
    auth::{Identity, Viewer},
    clock::{Clock, SharedClock, SystemClock},
};
use futures_util::FutureExt;
use posts::{
    app::{
        App,
        ports::{DirectoryError, SocialGraph, SocialGraphError, UserDirectory},
    },
    domain::{Author, Followees, UserId},
};
use prometheus::TextEncoder;
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, Row};
use testkit::{Answer, Authority, Context, Graph, ManualClock, Rest, TestDatabase, tokens};
use uuid::Uuid;

pub struct World {
    pub app: App,
    pub graph: Graph,
    pub rest: Rest,
    pub social: Arc<FakeSocialGraph>,
    pub directory: Arc<FakeDirectory>,
    pub clock: Arc<ManualClock>,
    /// The superuser's view, for looking behind the service.
    pub admin: PgPool,
    pub pool: PgPool,
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
}

impl World {
    pub async fn new() -> Self {
        Self::with_social_graph(|fake| fake).await
    }

    /// With another social graph than the fake one.
    pub async fn with_social_graph<S: SocialGraph>(
        choose: impl FnOnce(Arc<FakeSocialGraph>) -> Arc<S>,
    ) -> Self {
        Self::build(choose, 0).await
    }

    /// With an index of posts that may take so many bytes. It is not read yet, and nothing but reading timelines keeps it.
    pub async fn with_index(max_bytes: usize) -> Self {
        Self::build(|fake| fake, max_bytes).await
    }

    async fn build<S: SocialGraph>(
        choose: impl FnOnce(Arc<FakeSocialGraph>) -> Arc<S>,
        max_index_bytes: usize,
    ) -> Self {
        let database = testkit::database().await;
        let (pool, admin) = (database.pool(Context::Posts), database.admin_pool());
        let clock = ManualClock::shared();
        let social = Arc::new(FakeSocialGraph::default());
        let shared: SharedClock = clock.clone();
        let directory = Arc::new(FakeDirectory::default());
        let app = App::new(
            pool.clone(),
            shared.clone(),
            choose(social.clone()),
            directory.clone(),
        )
        .with_index(max_index_bytes);
        let routes = posts::routes(app.clone(), tokens().verifier(shared));
        Self {
            app,
            rest: Rest::new(routes.clone(), &posts::rest::openapi()),
            graph: Graph::new(routes),
            social,
            directory,
            clock,
            admin,
            pool,
            _database: database,
        }
    }

    pub fn person(&self) -> Person {
        let id = self.clock.new_id();
        let token = tokens().token_at(id, &*self.clock);
        Person { id, token }
    }

    /// Somebody who may take away what others wrote.
    pub fn moderator(&self) -> Person {
        let id = self.clock.new_id();
        let mut claims = Authority::claims(id, &*self.clock);
        claims.roles = vec!["user".to_owned(), "moderator".to_owned()];
        claims.scope = claims.roles.join(" ");
        let token = tokens().sign(&claims);
        Person { id, token }
    }

    pub fn people<const N: usize>(&self) -> [Person; N] {
        std::array::from_fn(|_| self.person())
    }

    /// Somebody with a token that is good by the system's clock, and not by the one of this world.
    pub fn person_of_today() -> Person {
        let id = SystemClock.new_id();
        let token = tokens().token(id);
        Person { id, token }
    }

    /// The person as the application sees it.
    pub fn viewer(&self, person: &Person) -> Arc<Viewer> {
        viewer(person, self.clock.clone())
    }

    pub async fn ask(&self, person: &Person, query: &str, variables: Value) -> Answer {
        self.graph.ask(Some(&person.token), query, variables).await
    }

    /// The data of an operation that succeeds.
    pub async fn get(&self, person: &Person, query: &str, variables: Value) -> Value {
        self.ask(person, query, variables).await.data()
    }

    /// Any of the mutations that take an input and answer with a payload.
    pub async fn mutate(
        &self,
        person: &Person,
        mutation: &str,
        input: Value,
        selection: &str,
    ) -> Answer {
        let mut type_name = mutation.to_owned();
        type_name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{
                {selection} userErrors {{ code field message }}
            }} }}"
        );
        self.ask(person, &query, json!({ "input": input })).await
    }

    /// The id of a new post. Time goes on by a millisecond with each.
    pub async fn post(&self, author: &Person, words: &str) -> String {
        self.clock.advance_micros(1_000);
        let input = json!({ "text": words });
        let answer = self
            .mutate(author, "createPost", input, "post { id }")
            .await;
        text(&answer.data(), "/createPost/post/id")
    }

    pub async fn delete(&self, author: &Person, post: &str) {
        let input = json!({ "postId": post });
        let answer = self
            .mutate(author, "deletePost", input, "deletedPostId")
            .await;
        assert_eq!(answer.data()["deletePost"]["deletedPostId"], json!(post));
    }

    /// The count that the service answers to `likePost` or `unlikePost`.
    pub async fn like(&self, person: &Person, mutation: &str, post: &str) -> i64 {
        let input = json!({ "postId": post });
        let answer = self
            .mutate(person, mutation, input, "post { likeCount }")
            .await;
        answer.data()[mutation]["post"]["likeCount"]
            .as_i64()
            .unwrap()
    }

    /// The texts on the first page of somebody's timeline.
    pub async fn timeline(&self, person: &Person) -> Vec<String> {
        let data = self
            .get(person, "{ timeline { nodes { text } } }", json!({}))
            .await;
        let nodes = data["timeline"]["nodes"].as_array().unwrap();
        nodes.iter().map(|post| text(post, "/text")).collect()
    }

    /// What the service counts, a whole number, by name and labels as Prometheus writes them.
    pub fn measured(&self, name: &str) -> usize {
        let text = TextEncoder::new()
            .encode_to_string(&self.app.metrics().gather())
            .unwrap();
        let of_name = |line: &'_ str| {
            line.strip_prefix(name)?
                .strip_prefix(' ')
                .map(str::to_owned)
        };
        let value = text.lines().find_map(of_name);
        value
            .unwrap_or_else(|| panic!("no {name} in {text}"))
            .parse()
            .unwrap()
    }

    /// One number from behind the service.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.admin.fetch_one(sql).await.unwrap().get(0)
    }
}

/// Somebody with this token, as the application sees them.
pub fn viewer(person: &Person, clock: SharedClock) -> Arc<Viewer> {
    let authorization = format!("Bearer {}", person.token);
    let verifier = tokens().verifier(clock);
    match verifier
        .check_authorization(&authorization)
        .now_or_never()
        .unwrap()
    {
        Ok(Identity::Viewer(viewer)) => viewer,
        other => panic!("no viewer: {other:?}"),
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
            let field = error["field"].as_str().map(str::to_owned);
            (text(error, "/code"), field)
        })
        .collect()
}

/// What [`user_errors`] returns for one error.
pub fn refused(code: &str, field: &str) -> Vec<(String, Option<String>)> {
    vec![(code.to_owned(), Some(field.to_owned()))]
}

/// A directory in memory: everybody is called by their id, but for those who are gone.
#[derive(Default)]
pub struct FakeDirectory {
    down: AtomicBool,
    gone: Mutex<HashSet<Uuid>>,
    calls: AtomicUsize,
}

impl FakeDirectory {
    pub fn fail(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub fn remove(&self, person: &Person) {
        self.gone.lock().unwrap().insert(person.id);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What somebody is called.
    pub fn username(id: Uuid) -> String {
        format!("user_{}", &id.simple().to_string()[24..])
    }
}

#[async_trait]
impl UserDirectory for FakeDirectory {
    async fn people(
        &self,
        _viewer: Option<&Viewer>,
        ids: &[UserId],
    ) -> Result<Vec<Author>, DirectoryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(DirectoryError::new("it is down"));
        }
        assert!(ids.len() <= 100, "the users service takes 100 ids at most");
        let gone = self.gone.lock().unwrap();
        let known = ids.iter().filter(|id| !gone.contains(&id.as_uuid()));
        Ok(known
            .map(|id| Author {
                id: *id,
                username: Self::username(id.as_uuid()),
                display_name: None,
                avatar_url: None,
            })
            .collect())
    }
}

/// A social graph in memory.
#[derive(Default)]
pub struct FakeSocialGraph {
    followees: Mutex<HashMap<Uuid, HashSet<Uuid>>>,
    failure: Mutex<Option<fn() -> SocialGraphError>>,
}

impl FakeSocialGraph {
    pub fn follow(&self, follower: &Person, followees: impl IntoIterator<Item = Uuid>) {
        let mut all = self.followees.lock().unwrap();
        all.entry(follower.id).or_default().extend(followees);
    }

    pub fn unfollow(&self, follower: &Person, author: &Person) {
        let mut all = self.followees.lock().unwrap();
        all.entry(follower.id).or_default().remove(&author.id);
    }

    pub fn of(&self, follower: &Person) -> HashSet<Uuid> {
        let all = self.followees.lock().unwrap();
        all.get(&follower.id).cloned().unwrap_or_default()
    }

    /// What it answers from now on, instead of what it knows.
    pub fn fail(&self, failure: Option<fn() -> SocialGraphError>) {
        *self.failure.lock().unwrap() = failure;
    }
}

#[async_trait]
impl SocialGraph for FakeSocialGraph {
    async fn followees(&self, viewer: &Viewer) -> Result<Followees, SocialGraphError> {
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        let all = self.followees.lock().unwrap();
        let of_viewer = all.get(&viewer.id).into_iter().flatten();
        Ok(Followees::new(of_viewer.copied().collect()))
    }
}
