//! A service with a database of its own, a social graph in memory, and the things people do.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use common::{
    auth::Viewer,
    clock::{Clock, SharedClock, SystemClock},
};
use posts::{
    app::{
        App,
        ports::{DirectoryError, SocialGraph, SocialGraphError, UserDirectory},
    },
    domain::{Followees, UserId, UserSummary},
};
use prometheus::TextEncoder;
use serde_json::json;
use testkit::{Authority, Context, TestService, tokens};
use uuid::Uuid;

pub use testkit::{Person, refused, text, user_errors};

pub struct World {
    pub app: App,
    pub social: Arc<FakeSocialGraph>,
    pub directory: Arc<FakeDirectory>,
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
        let social = Arc::new(FakeSocialGraph::default());
        let directory = Arc::new(FakeDirectory::default());
        let (mut app, document) = (None, posts::rest::openapi());
        let service = TestService::new(Context::Posts, &document, |pool, clock| {
            let graph = choose(social.clone());
            let new = App::new(pool, clock.clone(), graph, directory.clone());
            let new = app.insert(new.with_index(max_index_bytes));
            posts::routes(new.clone(), tokens().verifier(clock))
        });
        let service = service.await;
        Self {
            app: app.unwrap(),
            social,
            directory,
            service,
        }
    }

    pub fn person(&self) -> Person {
        self.new_person()
    }

    /// A user who may delete the posts of others.
    pub fn moderator(&self) -> Person {
        let mut person = self.new_person();
        let mut claims = Authority::claims(person.id, &*self.clock);
        claims.roles = vec!["user".to_owned(), "moderator".to_owned()];
        claims.scope = claims.roles.join(" ");
        person.token = tokens().sign(&claims);
        person
    }

    pub fn people<const N: usize>(&self) -> [Person; N] {
        std::array::from_fn(|_| self.person())
    }

    /// A user whose token is valid by the system's clock, and not by the one of this world.
    pub fn person_of_today() -> Person {
        Person::new(SystemClock.new_id(), &SystemClock)
    }

    /// The person as the application sees it.
    pub fn viewer(&self, person: &Person) -> Arc<Viewer> {
        viewer(person, self.clock.clone())
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
}

/// The owner of a token, as the application sees them.
pub fn viewer(person: &Person, clock: SharedClock) -> Arc<Viewer> {
    tokens().viewer(person.token(), clock)
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
    ) -> Result<Vec<UserSummary>, DirectoryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(DirectoryError::new("it is down"));
        }
        assert!(ids.len() <= 100, "the users service takes 100 ids at most");
        let gone = self.gone.lock().unwrap();
        let known = ids.iter().filter(|id| !gone.contains(&id.as_uuid()));
        Ok(known
            .map(|id| UserSummary {
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
