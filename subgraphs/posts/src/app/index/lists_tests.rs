use std::collections::BTreeSet;

use common::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::domain::{Change, ReadPoint, Snapshot};

type Post = (Position, UserId);

fn author(number: u128) -> UserId {
    Uuid::from_u128(number).into()
}

/// A place at one of 50 times, so that many tie.
fn position(rng: &mut StdRng) -> Position {
    let at = Timestamp::from_micros(rng.random_range(0..50)).unwrap();
    Position::new(at, Uuid::from_u128(rng.random_range(0..1_000)))
}

fn change(kind: ChangeKind, (position, author): Post) -> Change {
    Change {
        kind,
        author,
        position,
    }
}

fn changes(list: &[Change]) -> Changes {
    let time = Timestamp::from_micros(0).unwrap();
    let read_point = ReadPoint {
        server_started_at: time,
        at: time,
        snapshot: Snapshot {
            next: 0,
            running: Vec::new(),
        },
    };
    Changes {
        list: list.to_vec(),
        written: Vec::new(),
        since: read_point.clone(),
        until: read_point,
        is_complete: true,
    }
}

/// The same by looking at all posts.
fn by_definition(
    all: &BTreeSet<Post>,
    authors: &[Uuid],
    after: Option<Position>,
    reach: usize,
) -> Vec<Post> {
    let is_theirs = |post: &&Post| authors.contains(&post.1.as_uuid());
    let is_after = |post: &&Post| after.is_none_or(|after| post.0 < after);
    let found = all.iter().rev().filter(is_theirs).filter(is_after);
    found.take(reach).copied().collect()
}

fn some_authors(rng: &mut StdRng) -> Vec<Uuid> {
    let mut authors: Vec<_> = (0..40).map(Uuid::from_u128).collect();
    authors.retain(|_| rng.random_bool(0.5));
    authors
}

#[test]
fn newest_matches_the_definition_under_random_changes() {
    let mut rng = StdRng::seed_from_u64(1);
    let (mut lists, mut all) = (Lists::new(1 << 20), BTreeSet::new());
    for _ in 0..4_000 {
        let position_of_post = position(&mut rng);
        // No two authors have the same post.
        let post = (
            position_of_post,
            author(position_of_post.post_id().as_uuid().as_u128() % 30),
        );
        let kind = if rng.random_bool(0.6) {
            all.insert(post);
            ChangeKind::Written
        } else {
            all.remove(&post);
            ChangeKind::Deleted
        };
        lists.apply(&changes(&[change(kind, post)])).unwrap();
        let after = rng.random_bool(0.7).then(|| position(&mut rng));
        let (authors, reach) = (some_authors(&mut rng), rng.random_range(1..30));
        let newest = lists.newest(&authors, after, reach);
        assert_eq!(
            newest.positions,
            by_definition(&all, &authors, after, reach)
        );
        assert!(newest.uncertain.is_empty());
    }
    assert_eq!(lists.posts(), all.len());
}

#[test]
fn written_and_deleted_post_is_gone_in_any_order() {
    let mut lists = Lists::new(1 << 20);
    let post = (position(&mut StdRng::seed_from_u64(1)), author(1));
    let [written, deleted] =
        [ChangeKind::Written, ChangeKind::Deleted].map(|kind| change(kind, post));
    for list in [[written, deleted], [deleted, written]] {
        lists.apply(&changes(&list)).unwrap();
        assert_eq!((lists.posts(), lists.authors()), (0, 0));
    }
    lists.apply(&changes(&[written, written])).unwrap();
    assert_eq!((lists.posts(), lists.authors()), (1, 1));
}

/// The result is exact except for authors that it reports as uncertain.
#[test]
fn limited_memory_reports_uncertain_authors() {
    let mut rng = StdRng::seed_from_u64(2);
    for max_bytes in [8_000, 12_000, 20_000] {
        let (mut lists, mut all) = (Lists::new(max_bytes), BTreeSet::new());
        let (mut certain, mut uncertain) = (0, 0);
        for number in 0..3_000 {
            let at = Timestamp::from_micros(number + rng.random_range(0..200)).unwrap();
            let of = author(rng.random_range(0..30) * rng.random_range(0..30) / 30);
            let post = (Position::new(at, Uuid::from_u128(rng.random())), of);
            all.insert(post);
            lists
                .apply(&changes(&[change(ChangeKind::Written, post)]))
                .unwrap();
            assert!(lists.bytes() <= max_bytes);
            if rng.random_bool(0.1) {
                let newest = *all
                    .iter()
                    .rev()
                    .nth(rng.random_range(0..all.len()))
                    .unwrap();
                all.remove(&newest);
                lists
                    .apply(&changes(&[change(ChangeKind::Deleted, newest)]))
                    .unwrap();
            }
            let back = number - rng.random_range(0..1_000).min(number);
            let after = rng
                .random_bool(0.5)
                .then(|| Position::new(Timestamp::from_micros(back).unwrap(), Uuid::nil()));
            let (authors, reach) = (some_authors(&mut rng), rng.random_range(1..30));
            let found = lists.newest(&authors, after, reach);
            let expected = by_definition(&all, &authors, after, reach);
            if found.uncertain.is_empty() {
                certain += 1;
                assert_eq!(found.positions, expected);
            } else {
                uncertain += 1;
                let names = |post: &Post| {
                    found.uncertain.contains(&post.1) || found.positions.contains(post)
                };
                assert!(expected.iter().all(names));
            }
        }
        assert!(certain > 100 && uncertain > 100, "{certain}, {uncertain}");
        assert!(lists.posts() < all.len());
    }
}

#[test]
fn lists_report_about_24_bytes_per_post() {
    let mut lists = Lists::new(usize::MAX);
    let mut rng = StdRng::seed_from_u64(3);
    for number in 0..1_000 {
        let mut positions: Vec<_> = (0..1_000).map(|_| position(&mut rng)).collect();
        positions.sort_unstable_by_key(|position| Reverse(*position));
        lists.insert_author(author(number), &positions).unwrap();
    }
    assert_eq!(lists.posts(), 1_000_000);
    let bytes = lists.bytes();
    assert!((24_000_000..24_200_000).contains(&bytes), "{bytes}");
}

#[test]
fn too_many_authors_for_the_memory_are_refused() {
    let mut lists = Lists::new(10_000);
    let mut rng = StdRng::seed_from_u64(4);
    let refused = (0..1_000).find_map(|number| {
        lists
            .insert_author(author(number), &[position(&mut rng)])
            .err()
    });
    let error = refused.unwrap().to_string();
    assert!(error.contains("10000 bytes cannot hold"), "{error}");
}
