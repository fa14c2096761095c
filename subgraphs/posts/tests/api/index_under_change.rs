//! The index in memory while posts come and go, seen and unseen.

use std::collections::VecDeque;

use common::{Timestamp, page::Keyset};
use posts::domain::{Post, ReadPoint};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sqlx::{Executor, PgPool, Postgres, Transaction, query, query_as};
use testkit::Log;
use uuid::Uuid;

use crate::{
    crowd::author,
    index::{ENOUGH, page},
    world::{Person, World},
};

/// Posts of 60 authors, of whom one reader follows some, and transactions that have not ended.
struct Story {
    world: World,
    reader: Person,
    rng: StdRng,
    posts: Vec<Uuid>,
    open: Vec<Transaction<'static, Postgres>>,
    next: u128,
}

const WRITERS: u128 = 60;

impl Story {
    async fn new(seed: u64, max_bytes: usize) -> Self {
        let world = World::with_index(max_bytes).await;
        let reader = world.person();
        let mut rng = StdRng::seed_from_u64(seed);
        let followed = (0..WRITERS).filter(|_| rng.random_bool(0.4));
        world
            .social
            .follow(&reader, followed.map(author).collect::<Vec<_>>());
        world.app.load_index().await.unwrap();
        Self {
            world,
            reader,
            rng,
            posts: Vec::new(),
            open: Vec::new(),
            next: 0,
        }
    }

    /// A post at one of few times, mostly recent ones: many tie.
    fn post(&mut self) -> (Uuid, Uuid, Timestamp) {
        self.next += 1;
        let id = Uuid::from_u128(self.rng.random::<u128>() << 32 | self.next);
        let below = self.rng.random_range(1..=1_000);
        let late = 1_000 - self.rng.random_range(0..below);
        let at = Timestamp::from_micros(1_700_000_000_000_000 + late).unwrap();
        (id, author(self.rng.random_range(0..WRITERS)), at)
    }

    async fn something_happens(&mut self) {
        let admin = self.world.admin.clone();
        match self.rng.random_range(0..100) {
            0..40 => {
                let post = self.post();
                insert(&admin, post).await;
                self.posts.push(post.0);
            }
            40..50 => self.delete(&admin).await,
            50..60 => {
                let id = self.posts.choose(&mut self.rng).copied();
                query!("UPDATE posts.posts SET text = 'edited', edited_at = now(), like_count = like_count + 1 WHERE id = $1", id)
                    .execute(&admin)
                    .await
                    .unwrap();
            }
            60..75 if self.open.len() < 4 => {
                let mut transaction = admin.begin().await.unwrap();
                for _ in 0..self.rng.random_range(1..3) {
                    let post = self.post();
                    insert(&mut *transaction, post).await;
                    self.posts.push(post.0);
                }
                self.open.push(transaction);
            }
            60..90 if !self.open.is_empty() => {
                let transaction = self
                    .open
                    .swap_remove(self.rng.random_range(0..self.open.len()));
                if self.rng.random_bool(0.7) {
                    transaction.commit().await.unwrap();
                } else {
                    transaction.rollback().await.unwrap();
                }
            }
            _ => {
                let whom = author(self.rng.random_range(0..WRITERS));
                self.world.social.follow(&self.reader, [whom]);
            }
        }
    }

    async fn delete(&mut self, admin: &PgPool) {
        if !self.posts.is_empty() {
            let index = self.rng.random_range(0..self.posts.len());
            let id = self.posts.swap_remove(index);
            query!("DELETE FROM posts.posts WHERE id = $1", id)
                .execute(admin)
                .await
                .unwrap();
        }
    }

    /// A page at a random place, in full.
    async fn check(&mut self) {
        let size = [1, 3, 20][self.rng.random_range(0..3)];
        let (_, _, at) = self.post();
        let place = Keyset {
            at,
            id: Uuid::from_u128(self.rng.random()),
        };
        let after = self.rng.random_bool(0.4).then_some(place);
        let cursor = after.map(|place| place.to_cursor(common::page::CursorKind(b'x')));
        let shown = page(&self.world, &self.reader, size, cursor.as_deref()).await;
        let followees: Vec<_> = self.world.social.of(&self.reader).into_iter().collect();
        let expected = by_definition(&self.world.admin, &followees, after, size.into()).await;
        assert_eq!(shown, expected);
    }
}

async fn insert<'a>(
    executor: impl Executor<'a, Database = Postgres>,
    (id, author, at): (Uuid, Uuid, Timestamp),
) {
    query!(
        "INSERT INTO posts.posts (id, author_id, text, created_at) VALUES ($1, $2, 'x', $3)",
        id,
        author,
        at
    )
    .execute(executor)
    .await
    .unwrap();
}

async fn by_definition(
    pool: &PgPool,
    authors: &[Uuid],
    after: Option<Keyset>,
    limit: i64,
) -> Vec<Post> {
    query_as!(
        Post,
        "SELECT id, author_id, text, like_count, created_at, edited_at FROM posts.posts
         WHERE author_id = ANY ($1) AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4",
        authors,
        after.map(|place| place.at) as _,
        after.map(|place| place.id) as _,
        limit,
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn pages_are_right_whatever_has_happened_and_has_not_ended() {
    let log = Log::record();
    for seed in 0..6 {
        let mut story = Story::new(seed, ENOUGH).await;
        for _ in 0..150 {
            story.something_happens().await;
            if story.rng.random_bool(0.5) {
                story.check().await;
            }
        }
    }
    let plans = log.take_values("plan");
    assert!(plans.iter().all(|plan| plan == "index"), "{plans:?}");
}

/// With memory for about 200 posts.
#[tokio::test]
async fn pages_are_right_while_the_index_lets_go_of_old_posts() {
    let log = Log::record();
    for seed in 20..24 {
        let mut story = Story::new(seed, 15_000).await;
        for _ in 0..700 {
            story.something_happens().await;
            if story.rng.random_bool(0.3) {
                story.check().await;
            }
        }
        assert!(story.world.measured("timeline_index_bytes") <= 15_000);
    }
    let plans = log.take_values("plan");
    assert!(
        plans.iter().any(|plan| plan == "index_then_merge"),
        "{plans:?}"
    );
    assert!(
        plans.iter().all(|plan| plan.starts_with("index")),
        "{plans:?}"
    );
}

#[tokio::test]
async fn a_page_takes_one_statement_also_when_followees_have_written_meanwhile() {
    let world = World::with_index(ENOUGH).await;
    let [ada, bob, eve] = world.people();
    world.social.follow(&ada, [bob.id]);
    for n in 0..30 {
        world.post(&bob, &format!("old {n}")).await;
    }
    world.app.load_index().await.unwrap();
    let log = Log::record();
    for n in 0..3 {
        world.post(&bob, &format!("new {n}")).await;
        world.post(&eve, "of nobody's interest").await;
        log.take_statements();
        let timeline = world.timeline(&ada).await;
        assert_eq!((timeline.len(), &*timeline[0]), (20, &*format!("new {n}")));
        assert_eq!(log.take_statements().len(), 1);
    }
    assert_eq!(world.measured("timeline_index_retries_total"), 0);
    let gone = world.post(&bob, "gone").await;
    assert_eq!(world.timeline(&ada).await[0], "gone");
    world.delete(&bob, &gone).await;
    assert_eq!(world.timeline(&ada).await[0], "new 2");
    assert_eq!(world.measured("timeline_index_retries_total"), 1);
}

/// As somebody does who restores a row by hand.
#[tokio::test]
async fn a_post_that_was_deleted_and_inserted_again_stays() {
    let world = World::with_index(ENOUGH).await;
    let [ada, bob] = world.people();
    world.social.follow(&ada, [bob.id]);
    world.post(&bob, "x").await;
    world.app.load_index().await.unwrap();
    let mut transaction = world.admin.begin().await.unwrap();
    transaction
        .execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM posts.posts")
        .await
        .unwrap();
    transaction
        .execute("DELETE FROM posts.posts")
        .await
        .unwrap();
    transaction
        .execute("INSERT INTO posts.posts SELECT * FROM kept")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.timeline(&ada).await, ["x"]);
    }
    assert_eq!(world.measured("timeline_index_ready"), 1);
}

/// A page by number begins further down when somebody writes.
#[tokio::test]
async fn pages_by_number_are_right_when_followees_have_written_meanwhile() {
    let world = World::with_index(ENOUGH).await;
    let [ada, bob] = world.people();
    world.social.follow(&ada, [bob.id]);
    for n in 0..9 {
        world.post(&bob, &n.to_string()).await;
    }
    world.app.load_index().await.unwrap();
    world.post(&bob, "9").await;
    let answer = world
        .rest
        .get(Some(ada.token()), "/feed?page=2&page_size=3")
        .await
        .ok();
    let texts: Vec<_> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|post| &post["text"])
        .collect();
    assert_eq!(texts, ["6", "5", "4"]);
}

#[tokio::test]
async fn changes_are_deleted_when_no_index_can_ask_for_them_any_more() {
    let world = World::new().await;
    let bob = world.person();
    let rows = "SELECT count(*) FROM posts.changes";
    world.post(&bob, "old").await;
    let mut open = world.admin.begin().await.unwrap();
    insert(
        &mut *open,
        (
            Uuid::from_u128(1),
            bob.id,
            Timestamp::from_micros(0).unwrap(),
        ),
    )
    .await;
    let mut read_points = VecDeque::new();
    world.app.delete_changes(&mut read_points).await.unwrap();
    assert_eq!(
        (read_points.len(), world.count(rows).await),
        (1, 1),
        "it is too young"
    );
    let noted: &mut ReadPoint = read_points.front_mut().unwrap();
    noted.at = noted.at.plus_seconds(-31 * 60);
    world.post(&bob, "young").await;
    open.commit().await.unwrap();
    assert_eq!(world.app.delete_changes(&mut read_points).await.unwrap(), 1);
    // That of the transaction that had not ended then is still there, and the young one.
    assert_eq!((read_points.len(), world.count(rows).await), (1, 2));
}

/// A dump that is restored on another server brings changes along by transactions that are yet to come there.
#[tokio::test]
async fn changes_of_another_server_are_deleted() {
    let world = World::new().await;
    world
        .admin
        .execute("INSERT INTO posts.changes VALUES (1::bigint << 60, false, gen_random_uuid(), gen_random_uuid(), now())")
        .await
        .unwrap();
    let deleted = world
        .app
        .delete_changes(&mut VecDeque::new())
        .await
        .unwrap();
    assert_eq!(deleted, 1);
}
