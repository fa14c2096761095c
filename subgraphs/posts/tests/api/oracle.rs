//! The timeline against its definition, on random graphs.

use std::collections::BTreeSet;

use common::page::{CursorKind, Window};
use posts::app::{Timeline, place};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::query;
use testkit::Log;
use uuid::Uuid;

use crate::{
    crowd::{author, insert, timeline_by_definition},
    world::{Person, World},
};

const ANY_LIST: CursorKind = CursorKind(b'x');

/// The ids on all pages of a timeline, page by page.
pub async fn walk(world: &World, viewer: &Person, page_size: usize) -> Vec<Uuid> {
    let viewer = world.viewer(viewer);
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let first = i32::try_from(page_size).unwrap();
        let window = Window::of(first, after.as_deref(), ANY_LIST).unwrap();
        let Timeline::Page(page) = world.app.timeline(&viewer, window).await.unwrap() else {
            panic!("the social graph is up")
        };
        assert!(
            page.items.len() == page_size || !page.has_next,
            "only the last page is short"
        );
        assert!(page.items.len() <= page_size);
        seen.extend(page.items.iter().map(|post| post.id.as_uuid()));
        if !page.has_next {
            return seen;
        }
        after = page
            .items
            .last()
            .map(|post| place(post).to_cursor(ANY_LIST));
    }
}

/// Somebody who follows `followees` people, of whom some write; with ties in time, and some posts deleted again.
pub async fn somebody(
    world: &World,
    rng: &mut StdRng,
    seed: u64,
    followees: usize,
    posts: usize,
) -> Person {
    let ada = world.person();
    let writers: u128 = rng.random_range(1..=60);
    // Among writers and others, of whom there are more or many more.
    let silent = (followees * [2, 30][rng.random_range(0..2)]).max(10) as u128;
    let mut followed = BTreeSet::new();
    while followed.len() < followees {
        followed.insert(author(rng.random_range(0..writers + silent)));
    }
    world.social.follow(&ada, followed);
    // From all posts at one moment to hardly two.
    let moments = [1, 20, 1_000_000][rng.random_range(0..3)];
    let (authors, times): (Vec<_>, Vec<_>) = (0..posts)
        .map(|_| {
            let skewed = rng.random_range(0..writers) * rng.random_range(0..writers) / writers;
            (author(skewed), rng.random_range(0..moments))
        })
        .unzip();
    let mut ids = insert(&world.admin, &authors, &times, seed).await;
    ids.retain(|_| rng.random_bool(0.1));
    query!("DELETE FROM posts.posts WHERE id = ANY ($1)", &ids)
        .execute(&world.admin)
        .await
        .unwrap();
    ada
}

pub async fn expected(world: &World, viewer: &Person) -> Vec<Uuid> {
    let followees: Vec<_> = world.social.of(viewer).into_iter().collect();
    timeline_by_definition(&world.admin, &followees).await
}

#[tokio::test]
async fn all_pages_of_all_sizes_are_those_of_the_definition() {
    let log = Log::record();
    for seed in 0..12 {
        let mut rng = StdRng::seed_from_u64(seed);
        let followees = [0, 1, 3, 20, 100, 2_500][usize::try_from(seed % 6).unwrap()];
        let posts = rng.random_range(0..80);
        let world = World::new().await;
        let ada = somebody(&world, &mut rng, seed, followees, posts).await;
        let expected = expected(&world, &ada).await;
        for page_size in 1..=100 {
            let seen = walk(&world, &ada, page_size).await;
            assert_eq!(seen, expected, "seed {seed}, page size {page_size}");
        }
    }
    let plans: BTreeSet<_> = log.take_values("plan").into_iter().collect();
    assert!(
        plans.contains("none") && plans.contains("merge"),
        "{plans:?}"
    );
}

#[tokio::test]
async fn long_timelines_are_those_of_the_definition_whatever_plan_finds_them() {
    let log = Log::record();
    for seed in 100..112 {
        let mut rng = StdRng::seed_from_u64(seed);
        let followees = [12, 90, 400, 1_999, 2_001, 6_000][usize::try_from(seed % 6).unwrap()];
        let posts = rng.random_range(800..1_600);
        let world = World::new().await;
        let ada = somebody(&world, &mut rng, seed, followees, posts).await;
        let expected = expected(&world, &ada).await;
        for page_size in [7, 20, rng.random_range(30..100), 100] {
            let seen = walk(&world, &ada, page_size).await;
            assert_eq!(seen, expected, "seed {seed}, page size {page_size}");
        }
    }
    let plans: BTreeSet<_> = log.take_values("plan").into_iter().collect();
    let all = [
        "merge",
        "walk_in_database",
        "walk_in_database_then_merge",
        "walk_in_service",
        "walk_in_service_then_merge",
    ];
    assert_eq!(plans, all.map(str::to_owned).into());
}
