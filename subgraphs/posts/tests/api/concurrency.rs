//! Timelines that are read while people write.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use common::{
    clock::SystemClock,
    page::{CursorKind, Window},
};
use futures_util::future::join_all;
use posts::{
    app::{App, Timeline, place},
    domain::{PostId, UserId},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    index::ENOUGH,
    world::{Person, World, viewer},
};

const ANY_LIST: CursorKind = CursorKind(b'x');

/// What is known from outside about the posts of followees.
#[derive(Default)]
struct Known {
    /// Acknowledged.
    written: Mutex<HashSet<PostId>>,
    /// Perhaps deleted, or about to be.
    doomed: Mutex<HashSet<PostId>>,
    /// Deleted, and acknowledged.
    deleted: Mutex<HashSet<PostId>>,
}

/// Writes, edits, likes and deletes posts of one author.
async fn write(app: &App, author: &Person, known: Option<&Known>, seed: u64) {
    let viewer = viewer(author, SystemClock::shared());
    let author = UserId::from(author.id);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut own = Vec::new();
    for n in 0..120 {
        let index = (!own.is_empty()).then(|| rng.random_range(0..own.len()));
        match (rng.random_range(0..10), index) {
            (0..=1, Some(index)) => {
                let id = own.swap_remove(index);
                if let Some(known) = known {
                    known.doomed.lock().unwrap().insert(id);
                }
                app.delete_post(&viewer, id).await.unwrap();
                if let Some(known) = known {
                    known.deleted.lock().unwrap().insert(id);
                }
            }
            (2, Some(index)) => drop(app.edit_post(&viewer, own[index], "edited").await.unwrap()),
            (3, Some(index)) => drop(app.like_post(author, own[index]).await.unwrap()),
            _ => {
                let post = app.create_post(author, &n.to_string()).await.unwrap();
                own.push(post.id);
                if let Some(known) = known {
                    known.written.lock().unwrap().insert(post.id);
                }
            }
        }
    }
}

/// Reads the whole timeline once and checks it against what must and what cannot be on it.
async fn read(
    app: &App,
    reader: &Person,
    authors: &HashSet<UserId>,
    known: &Known,
    page_size: i32,
) {
    let viewer = viewer(reader, SystemClock::shared());
    let deleted_before = known.deleted.lock().unwrap().clone();
    let written_before = known.written.lock().unwrap().clone();
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let window = Window::of(page_size, after.as_deref(), ANY_LIST).unwrap();
        let Timeline::Page(page) = app.timeline(&viewer, window).await.unwrap() else {
            panic!("the social graph is up")
        };
        after = page
            .items
            .last()
            .map(|post| place(post).to_cursor(ANY_LIST));
        seen.extend(page.items);
        if !page.has_next {
            break;
        }
    }
    assert!(seen.iter().all(|post| authors.contains(&post.author_id)));
    let places: Vec<_> = seen.iter().map(place).collect();
    assert!(
        places.is_sorted_by(|newer, older| newer > older),
        "in order, and nothing twice"
    );
    let seen: HashSet<_> = seen.iter().map(|post| post.id).collect();
    assert!(
        seen.is_disjoint(&deleted_before),
        "nothing that was deleted before"
    );
    let doomed = known.doomed.lock().unwrap();
    let missing: Vec<_> = written_before
        .difference(&doomed)
        .filter(|id| !seen.contains(id))
        .collect();
    assert!(
        missing.is_empty(),
        "all that was there from beginning to end: {missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_timeline_is_exact_while_people_write_edit_like_and_delete() {
    exact_while_people_write(0).await;
}

/// With memory for all posts, and for few.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_timeline_from_the_index_is_exact_while_people_write_edit_like_and_delete() {
    for max_bytes in [ENOUGH, 4_000] {
        exact_while_people_write(max_bytes).await;
    }
}

async fn exact_while_people_write(max_index_bytes: usize) {
    let world = World::new().await;
    let app = App::new(
        world.pool.clone(),
        SystemClock::shared(),
        world.social.clone(),
        world.directory.clone(),
    )
    .with_index(max_index_bytes);
    app.load_index().await.unwrap();
    let [few, some, many, writers @ ..]: [Person; 7] =
        std::array::from_fn(|_| World::person_of_today());
    let (followed, others) = writers.split_at(3);
    // Each of the readers gets its pages by another plan.
    for (reader, padding) in [(&few, 0), (&some, 150), (&many, 2_500)] {
        let silent = (0..padding).map(|n| crate::crowd::author(1 << 64 | n));
        world.social.follow(
            reader,
            followed.iter().map(|author| author.id).chain(silent),
        );
    }
    let authors: HashSet<UserId> = followed.iter().map(|author| author.id.into()).collect();
    let (known, done) = (Known::default(), AtomicBool::new(false));

    let reading = [(&few, 3), (&some, 1), (&many, 7)].map(|(reader, page_size)| {
        let (app, authors, known, done) = (&app, &authors, &known, &done);
        async move {
            let mut reads = 0;
            while !done.load(Ordering::Acquire) {
                read(app, reader, authors, known, page_size).await;
                reads += 1;
            }
            reads
        }
    });
    let writing = async {
        let of_followed = followed.iter().map(|author| (author, Some(&known)));
        let of_others = others.iter().map(|author| (author, None));
        let all = of_followed.chain(of_others).enumerate();
        join_all(all.map(|(n, (author, known))| write(&app, author, known, n as u64))).await;
        done.store(true, Ordering::Release);
    };
    let (reads, ()) = futures_util::join!(join_all(reading), writing);
    assert!(reads.iter().all(|reads| *reads > 0), "{reads:?}");
    for (reader, page_size) in [(&few, 100), (&some, 100), (&many, 100)] {
        read(&app, reader, &authors, &known, page_size).await;
    }
    let left: BTreeSet<_> = known.written.lock().unwrap().iter().copied().collect();
    assert!(left.len() > 100, "the test wrote something");
}
