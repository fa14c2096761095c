//! The versions of lists, which readers ask the users service for together.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::http::StatusCode;
use common::auth::Viewer;
use futures_util::{future::join_all, poll};
use posts::{
    app::ports::{SocialGraph, SocialGraphError},
    clients::UsersService,
    domain::Followees,
};
use tokio::task::JoinSet;

use crate::{
    social_graph::{Asked, Mood, UsersOverHttp},
    users_service::{assert_unavailable, id, in_full, somebody, version_of},
};

/// Somebody whose list the client knows.
async fn reader(client: &UsersService) -> Arc<Viewer> {
    let (_, viewer) = somebody();
    client.followees(&viewer).await.unwrap();
    viewer
}

async fn readers(client: &UsersService, count: usize) -> Vec<Arc<Viewer>> {
    let mut readers = Vec::new();
    for _ in 0..count {
        readers.push(reader(client).await);
    }
    readers
}

#[tokio::test]
async fn all_who_read_while_a_call_is_under_way_share_the_next_one() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    users.follow(id(7));
    let readers = readers(&client, 50).await;
    users.take();
    users.let_go(0);
    let mut reads: Vec<_> = readers.iter().map(|ada| client.followees(ada)).collect();
    let mut rest = reads.split_off(1);
    assert!(poll!(&mut reads[0]).is_pending());
    users.wait_for_calls(1).await;
    for read in &mut rest {
        assert!(poll!(read).is_pending());
    }
    users.let_go(usize::MAX);
    reads.append(&mut rest);
    for followees in join_all(reads).await {
        assert_eq!(followees.unwrap(), Followees::new(vec![id(7)]));
    }
    let asked = users.take();
    let [first, Asked::Versions(shared)] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(*first, version_of(&readers[0]));
    let others: HashSet<_> = readers[1..].iter().map(|ada| ada.id).collect();
    assert_eq!(
        (shared.len(), shared.iter().copied().collect()),
        (49, others)
    );
}

#[tokio::test]
async fn a_change_while_a_call_is_under_way_is_seen_by_who_reads_after_it() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    users.follow(id(7));
    let ada = reader(&client).await;
    users.take();
    users.let_go(0);
    let mut before = client.followees(&ada);
    assert!(poll!(&mut before).is_pending());
    users.wait_for_calls(1).await;
    users.follow(id(8));
    let mut after = client.followees(&ada);
    assert!(poll!(&mut after).is_pending());
    users.let_go(usize::MAX);
    assert_eq!(before.await.unwrap().len(), 1, "as it was when it was read");
    assert_eq!(after.await.unwrap().len(), 2);
    let asked = [version_of(&ada), version_of(&ada), in_full()];
    assert_eq!(users.take(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_follows_and_then_reads_sees_it_however_many_do() {
    let users = Arc::new(UsersOverHttp::start().await);
    let client = Arc::new(users.client());
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let (users, client) = (users.clone(), client.clone());
        tasks.spawn(async move {
            let ada = reader(&client).await;
            for step in 0..25 {
                let followee = id(task * 1_000 + step);
                users.follow(followee);
                let followees = client.followees(&ada).await.unwrap();
                assert!(followees.contains(followee.into()));
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn a_service_that_tells_no_versions_confirms_lists_one_by_one() {
    let users = UsersOverHttp::old().await;
    let client = users.client();
    let (_, ada) = somebody();
    let unless = |version: &str| Asked::List(Some(version.to_owned()));
    users.follow(id(7));
    for asked in [in_full(), unless("\"1\""), unless("\"1\"")] {
        let followees = client.followees(&ada).await.unwrap();
        assert_eq!(followees, Followees::new(vec![id(7)]));
        assert_eq!(users.take(), [asked]);
    }
    users.follow(id(8));
    for asked in [unless("\"1\""), unless("\"2\"")] {
        let followees = client.followees(&ada).await.unwrap();
        assert_eq!(followees, Followees::new(vec![id(7), id(8)]));
        assert_eq!(users.take(), [asked]);
    }
}

#[tokio::test]
async fn who_is_gone_or_whose_token_is_refused_is_told_so_though_the_list_was_known() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let ada = reader(&client).await;
    for mood in [Mood::Deserted, Mood::Answering(StatusCode::UNAUTHORIZED)] {
        users.set_mood(mood);
        let refused = client.followees(&ada).await;
        assert!(
            matches!(refused, Err(SocialGraphError::Unauthenticated)),
            "{mood:?} {refused:?}"
        );
    }
    users.set_mood(Mood::Well);
    client.followees(&ada).await.unwrap();
}

#[tokio::test]
async fn nonsense_about_a_known_list_is_an_outage() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let ada = reader(&client).await;
    for mood in [
        Mood::Confused,
        Mood::Forgetful,
        Mood::Answering(StatusCode::NOT_FOUND),
        Mood::Answering(StatusCode::FOUND),
        Mood::Answering(StatusCode::INTERNAL_SERVER_ERROR),
        Mood::Answering(StatusCode::SERVICE_UNAVAILABLE),
    ] {
        users.set_mood(mood);
        let reason = assert_unavailable(client.followees(&ada).await);
        if mood == Mood::Forgetful {
            assert!(reason.contains("0 versions of 1 lists"), "{reason}");
        }
    }
    users.set_mood(Mood::Well);
    client.followees(&ada).await.unwrap();
}

#[tokio::test]
async fn all_who_wait_for_a_service_that_hangs_give_up_at_their_deadline() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    // So many that some of them wait for their turn behind calls that are not answered.
    let readers = readers(&client, 40).await;
    users.set_mood(Mood::Hanging);
    let start = tokio::time::Instant::now();
    let mut reads = Vec::new();
    for (number, ada) in readers.iter().enumerate() {
        let mut read = client.followees(ada);
        assert!(poll!(&mut read).is_pending());
        reads.push(read);
        if number < 8 {
            users.wait_for_calls(number + 1).await;
        }
    }
    for given_up in join_all(reads).await {
        assert!(assert_unavailable(given_up).contains("in time"));
    }
    let waited = start.elapsed();
    assert!(waited < Duration::from_secs(3), "{waited:?}");
}
