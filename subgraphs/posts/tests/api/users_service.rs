//! The social graph over HTTP: what the users service is asked, and what becomes of its answers.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use common::{
    auth::Viewer,
    clock::SystemClock,
    trace::{TraceContext, current},
};
use futures_util::future::join_all;
use posts::{
    app::ports::{SocialGraph, SocialGraphError},
    clients::UsersService,
    domain::Followees,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    social_graph::{Asked, Mood, UsersOverHttp},
    world::{Person, World, viewer},
};

pub fn somebody() -> (Person, Arc<Viewer>) {
    let person = World::person_of_today();
    let viewer = viewer(&person, SystemClock::shared());
    (person, viewer)
}

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Asked for a list without a condition.
pub fn in_full() -> Asked {
    Asked::List(None)
}

/// Asked for the version of one list.
pub fn version_of(viewer: &Viewer) -> Asked {
    Asked::Versions(vec![viewer.id])
}

pub fn assert_unavailable(result: Result<Followees, SocialGraphError>) -> String {
    match result {
        Err(error @ SocialGraphError::Unavailable(_)) => error.to_string(),
        other => panic!("expected that it is unavailable: {other:?}"),
    }
}

#[tokio::test]
async fn a_list_is_sent_once_and_then_only_confirmed_until_it_changes() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (_, ada) = somebody();
    users.follow(id(7));
    for asked in [in_full(), version_of(&ada), version_of(&ada)] {
        let followees = client.followees(&ada).await.unwrap();
        assert_eq!(followees, Followees::new(vec![id(7)]));
        assert_eq!(users.take(), [asked]);
    }
    users.follow(id(8));
    for asked in [vec![version_of(&ada), in_full()], vec![version_of(&ada)]] {
        let followees = client.followees(&ada).await.unwrap();
        assert_eq!(followees, Followees::new(vec![id(7), id(8)]));
        assert_eq!(users.take(), asked);
    }
}

#[tokio::test]
async fn the_viewers_own_token_and_the_trace_go_along() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (person, ada) = somebody();
    client.followees(&ada).await.unwrap();
    let bearer = format!("Bearer {}", person.token());
    let asked = users.take_with("authorization");
    assert_eq!(asked, [(in_full(), Some(bearer.clone()))]);

    let in_a_trace = || {
        let context = TraceContext::of(&axum::http::HeaderMap::new());
        context.scope(async {
            client.followees(&ada).await.unwrap();
            current().unwrap().traceparent()
        })
    };
    let traceparent = in_a_trace().await;
    let asked = users.take_with("traceparent");
    assert_eq!(asked, [(version_of(&ada), Some(traceparent))]);
    users.follow(id(7));
    let traceparent = Some(in_a_trace().await);
    let asked = users.take_with("traceparent");
    let both = [version_of(&ada), in_full()].map(|asked| (asked, traceparent.clone()));
    assert_eq!(asked, both);
    users.follow(id(8));
    client.followees(&ada).await.unwrap();
    let asked = users.take_with("authorization");
    assert_eq!(
        asked,
        [(version_of(&ada), None), (in_full(), Some(bearer))],
        "no token belongs to a question that is shared"
    );
}

#[tokio::test]
async fn lists_of_different_viewers_are_kept_apart() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let ((_, ada), (_, grace)) = (somebody(), somebody());
    client.followees(&ada).await.unwrap();
    client.followees(&grace).await.unwrap();
    assert_eq!(users.take(), [in_full(), in_full()]);
}

#[tokio::test]
async fn a_list_that_the_cache_does_not_hold_is_asked_for_in_full() {
    let users = UsersOverHttp::start().await;
    let client = UsersService::with_capacity(users.upstream(), 0);
    let (_, ada) = somebody();
    (0..200).for_each(|n| users.follow(id(n)));
    for _ in 0..3 {
        assert_eq!(client.followees(&ada).await.unwrap().len(), 200);
    }
    assert_eq!(users.take(), [in_full(), in_full(), in_full()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_one_viewer_at_once_are_all_answered_and_never_with_an_old_list() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (_, ada) = somebody();
    for count in 1..=20 {
        users.follow(id(count));
        let reads = join_all((0..10).map(|_| client.followees(&ada))).await;
        for followees in reads {
            assert_eq!(followees.unwrap().len() as u128, count);
        }
    }
}

#[tokio::test]
async fn a_token_that_is_refused_there_is_not_an_outage() {
    let users = UsersOverHttp::start().await;
    users.set_mood(Mood::Answering(StatusCode::UNAUTHORIZED));
    let (_, ada) = somebody();
    let refused = users.client().followees(&ada).await;
    assert!(
        matches!(refused, Err(SocialGraphError::Unauthenticated)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn answers_that_nobody_can_understand_are_an_outage() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (_, ada) = somebody();
    for mood in [
        Mood::Confused,
        Mood::Forgetful,
        Mood::Answering(StatusCode::NOT_FOUND),
        Mood::Answering(StatusCode::FOUND),
        // Nothing was asked that could be unmodified.
        Mood::Answering(StatusCode::NOT_MODIFIED),
        Mood::Answering(StatusCode::INTERNAL_SERVER_ERROR),
        Mood::Answering(StatusCode::SERVICE_UNAVAILABLE),
    ] {
        users.set_mood(mood);
        assert_unavailable(client.followees(&ada).await);
    }
    users.set_mood(Mood::Well);
    client.followees(&ada).await.unwrap();
}

#[tokio::test]
async fn a_service_that_hangs_or_is_gone_is_given_up() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (_, ada) = somebody();
    users.set_mood(Mood::Hanging);
    let patience = Duration::from_secs(20);
    let given_up = tokio::time::timeout(patience, client.followees(&ada))
        .await
        .unwrap();
    assert!(assert_unavailable(given_up).contains("in time"));

    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let upstream = common::upstream::Upstream::new("users", gone.parse().unwrap()).unwrap();
    let refused = UsersService::new(upstream).followees(&ada).await;
    assert!(assert_unavailable(refused).contains("cannot be reached"));
}

#[tokio::test]
async fn a_service_that_keeps_failing_is_left_alone_and_found_again_when_it_recovers() {
    let users = UsersOverHttp::start().await;
    let client = users.client();
    let (_, ada) = somebody();
    users.follow(id(7));
    client.followees(&ada).await.unwrap();
    users.set_mood(Mood::Answering(StatusCode::INTERNAL_SERVER_ERROR));
    for _ in 0..40 {
        assert_unavailable(client.followees(&ada).await);
    }
    users.take();
    let reason = assert_unavailable(client.followees(&ada).await);
    assert!(reason.contains("is not asked"), "{reason}");
    assert_eq!(users.take(), []);

    users.set_mood(Mood::Well);
    users.follow(id(8));
    let recovery = async {
        loop {
            if let Ok(followees) = client.followees(&ada).await {
                break followees;
            }
            tokio::task::yield_now().await;
        }
    };
    let followees = tokio::time::timeout(Duration::from_secs(20), recovery)
        .await
        .unwrap();
    assert_eq!(followees.len(), 2, "and what changed meanwhile is known");
}

#[tokio::test]
async fn who_follows_and_reads_at_once_sees_the_new_posts_and_an_outage_is_told() {
    let users = UsersOverHttp::start().await;
    let world = World::with_social_graph(|_| Arc::new(users.client())).await;
    let [ada, grace, linus] = world.people();
    world.post(&grace, "by grace").await;
    world.post(&linus, "by linus").await;
    assert_eq!(world.timeline(&ada).await, [""; 0]);
    users.follow(grace.id);
    assert_eq!(world.timeline(&ada).await, ["by grace"]);
    users.follow(linus.id);
    assert_eq!(world.timeline(&ada).await, ["by linus", "by grace"]);

    users.set_mood(Mood::Answering(StatusCode::BAD_GATEWAY));
    let answer = world
        .ask(&ada, "{ timeline { nodes { id } } }", json!({}))
        .await;
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
    assert_eq!(answer.body["data"], json!({ "timeline": { "nodes": [] } }));
    users.set_mood(Mood::Well);
    assert_eq!(world.timeline(&ada).await, ["by linus", "by grace"]);
}

#[tokio::test]
async fn a_block_takes_posts_out_of_the_very_next_timeline_though_the_list_was_known() {
    let users = UsersOverHttp::start().await;
    let world = World::with_social_graph(|_| Arc::new(users.client())).await;
    let [ada, grace, linus] = world.people();
    world.post(&grace, "by grace").await;
    world.post(&linus, "by linus").await;
    users.follow(grace.id);
    users.follow(linus.id);
    let version = || Asked::Versions(vec![ada.id]);
    for asked in [in_full(), version()] {
        assert_eq!(world.timeline(&ada).await, ["by linus", "by grace"]);
        assert_eq!(users.take(), [asked]);
    }
    users.block(grace.id);
    // Another version than the known one has the list without her sent; known itself from then on.
    for asked in [vec![version(), in_full()], vec![version()]] {
        assert_eq!(world.timeline(&ada).await, ["by linus"]);
        assert_eq!(users.take(), asked);
    }
    // What is written afterwards does not come either, nor a cursor of the page from before.
    world.post(&grace, "more by grace").await;
    assert_eq!(world.timeline(&ada).await, ["by linus"]);
    let page = world.rest.get(Some(ada.token()), "/feed?page_size=1").await;
    assert_eq!(page.ok()["has_next"], json!(false));
}
