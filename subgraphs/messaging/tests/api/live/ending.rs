//! How streams end.

use common::relay::Request;
use messaging::app::MAX_STREAMS_PER_USER;

use super::{Process, talking};

#[tokio::test]
async fn a_stream_ends_with_the_token() {
    let (world, process, talk) = talking(Process::start).await;
    let mut relay = process.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    world.clock.advance_seconds(901);
    let mut late = talk.grace.clone();
    late.renew(&*world.clock);
    let mut ada = talk.ada.clone();
    ada.renew(&*world.clock);
    // It looks at the clock when something happens; in a running system, also when the time has come.
    let message = world.say(&ada, &talk.conversation, "too late").await;
    assert_eq!(relay.code().await, "UNAUTHENTICATED");
    relay
        .open(2, &talk.grace, "messageReceived", &[], None)
        .await;
    assert_eq!(relay.code().await, "UNAUTHENTICATED");
    relay
        .open(3, &late, "messageReceived", &[], Some("0"))
        .await;
    relay.reply().await;
    assert_eq!(relay.events(1).await, [message]);
}

#[tokio::test]
async fn one_person_has_a_bounded_number_of_streams() {
    let (_world, process, talk) = talking(Process::start).await;
    let mut relay = process.relay().await;
    let most = u64::try_from(MAX_STREAMS_PER_USER).unwrap();
    for id in 1..=most {
        relay.opened(id, &talk.grace, "messageReceived", &[]).await;
    }
    relay
        .open(
            0,
            &talk.grace,
            "typing",
            &[("conversationId", &talk.conversation)],
            None,
        )
        .await;
    assert_eq!(relay.code().await, "RATE_LIMITED");
    relay
        .opened(most + 1, &talk.ada, "messageReceived", &[])
        .await;
    relay.say(Request::Close { id: 1 }).await;
    // Closing takes a moment: the task of the stream is told to stop.
    for id in most + 2.. {
        relay
            .open(id, &talk.grace, "messageReceived", &[], None)
            .await;
        if matches!(relay.reply().await, common::relay::Reply::Opened { .. }) {
            break;
        }
    }
}

#[tokio::test]
async fn a_process_that_stops_ends_its_connections() {
    let (_world, process, talk) = talking(Process::start).await;
    let mut relay = process.relay().await;
    relay.opened(1, &talk.grace, "messageReceived", &[]).await;
    process.stop().await;
    relay.ended().await;
}

#[tokio::test]
async fn a_connection_that_says_nonsense_is_closed() {
    use futures_util::SinkExt;
    let (_world, process, _talk) = talking(Process::start).await;
    let mut relay = process.relay().await;
    let nonsense = tokio_tungstenite::tungstenite::Message::text("{\"open\": 1}");
    relay.0.send(nonsense).await.unwrap();
    relay.ended().await;
}
