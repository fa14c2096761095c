use std::time::Duration;

use common::shutdown::Shutdown;
use serde_json::json;
use tokio::task::JoinSet;
use users::app::Housekeeping;

use crate::world::{World, text};

/// The first back-off, in seconds.
const MINUTE: i64 = 60;

#[tokio::test]
async fn a_mail_that_cannot_be_sent_leaves_the_account_and_is_tried_again_later() {
    let world = World::new().await;
    world.mailbox.set_broken(true);
    let payload = world.register("ada").await;
    assert_eq!(text(&payload["user"]["username"]), "ada");
    let outbox = world.outbox();
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    let error: String = world.value("SELECT last_error FROM users.outbox").await;
    assert_eq!(error, "451 try again later");

    world.mailbox.set_broken(false);
    world.clock.advance_seconds(MINUTE - 1);
    assert_eq!(
        outbox.deliver_due().await.unwrap(),
        0,
        "not before its time"
    );
    world.clock.advance_seconds(1);
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    assert_eq!(world.mailbox.last().to, "ada@example.com");
    world.clock.advance_seconds(1_000_000);
    assert_eq!(outbox.deliver_due().await.unwrap(), 0, "sent is sent");
}

#[tokio::test]
async fn attempts_come_ever_more_rarely_for_more_than_a_day_and_then_end() {
    let world = World::new().await;
    world.mailbox.set_broken(true);
    world.register("ada").await;
    let outbox = world.outbox();
    assert_eq!(outbox.deliver_due().await.unwrap(), 1);
    for minutes in [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360] {
        let left = "SELECT count(*) FROM users.outbox WHERE given_up_at IS NULL";
        assert_eq!(world.value::<i64>(left).await, 1, "{minutes}");
        world.clock.advance_seconds(minutes * MINUTE - 1);
        assert_eq!(outbox.deliver_due().await.unwrap(), 0, "{minutes}");
        world.clock.advance_seconds(1);
        assert_eq!(outbox.deliver_due().await.unwrap(), 1, "{minutes}");
    }
    let attempts: i32 = world
        .value("SELECT attempts FROM users.outbox WHERE given_up_at IS NOT NULL")
        .await;
    assert_eq!(attempts, 12);
    world.clock.advance_seconds(1_000_000);
    assert_eq!(outbox.deliver_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_mail_claimed_by_a_worker_that_died_is_sent_by_another() {
    let world = World::new().await;
    world.register("ada").await;
    // What a worker leaves behind that was killed after it had claimed.
    world
        .execute("UPDATE users.outbox SET attempts = 1, next_attempt_at = next_attempt_at + interval '1 minute'")
        .await;
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 0);
    world.clock.advance_seconds(MINUTE);
    assert_eq!(world.outbox().deliver_due().await.unwrap(), 1);
    assert_eq!(world.mailbox.received().len(), 1);
}

#[tokio::test]
async fn a_mail_sent_twice_has_one_id_and_two_tokens_that_are_both_good() {
    let world = World::new().await;
    world.register("ada").await;
    world.deliver().await;
    // What a worker leaves behind that was killed between sending and marking.
    world
        .execute("UPDATE users.outbox SET sent_at = NULL")
        .await;
    world.clock.advance_seconds(MINUTE);
    world.deliver().await;
    let mails = world.mailbox.received();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].id, mails[1].id);
    assert_ne!(mails[0].token(), mails[1].token());
    world
        .app
        .verify_email(&mails[0].token().into())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_workers_send_each_mail_once() {
    let world = World::new().await;
    for number in 0..30 {
        world.register(&format!("user_{number}")).await;
    }
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let outbox = world.outbox();
        workers.spawn(async move { while outbox.deliver_due().await.unwrap() > 0 {} });
    }
    workers.join_all().await;
    let mut addresses: Vec<String> = world
        .mailbox
        .received()
        .into_iter()
        .map(|mail| mail.to)
        .collect();
    addresses.sort_unstable();
    let sent = addresses.len();
    addresses.dedup();
    assert_eq!((sent, addresses.len()), (30, 30));
}

#[tokio::test]
async fn what_another_worker_is_claiming_is_passed_over() {
    let world = World::new().await;
    for name in ["ada", "grace", "linus"] {
        world.register(name).await;
    }
    // A worker in the middle of its claim.
    let mut other = world.admin.begin().await.unwrap();
    let claim = "SELECT FROM users.outbox ORDER BY id LIMIT 2 FOR UPDATE";
    sqlx::Executor::execute(&mut *other, claim).await.unwrap();
    let outbox = world.outbox();
    let delivered = tokio::time::timeout(Duration::from_mins(1), outbox.deliver_due()).await;
    assert_eq!(delivered.expect("nobody waits for the other").unwrap(), 1);
    assert_eq!(world.mailbox.last().to, "linus@example.com");
    other.rollback().await.unwrap();
    world.deliver().await;
    assert_eq!(world.mailbox.received().len(), 3);
}

#[tokio::test]
async fn asking_for_mails_sends_five_an_hour_to_an_address() {
    let world = World::new().await;
    world.person("ada").await;
    world.deliver().await;
    let before = world.mailbox.received().len();
    for _ in 0..8 {
        // Asking again while one is waiting is asking once.
        world
            .app
            .request_password_reset("ada@example.com")
            .await
            .unwrap();
        world
            .app
            .request_password_reset("Ada@example.com")
            .await
            .unwrap();
        world.deliver().await;
    }
    assert_eq!(world.mailbox.received().len() - before, 5);
    world.clock.advance_seconds(60 * MINUTE);
    world
        .app
        .request_password_reset("ada@example.com")
        .await
        .unwrap();
    world.deliver().await;
    assert_eq!(world.mailbox.received().len() - before, 6);
}

#[tokio::test]
async fn nothing_in_the_outbox_opens_an_account() {
    let world = World::new().await;
    world.register("ada").await;
    world
        .app
        .request_password_reset("ada@example.com")
        .await
        .unwrap();
    world.deliver().await;
    let tables = "SELECT string_agg(t, ' ') FROM (SELECT outbox::text FROM users.outbox
                  UNION ALL SELECT one_time_tokens::text FROM users.one_time_tokens) AS rows (t)";
    let stored: String = world.value(tables).await;
    for mail in world.mailbox.received() {
        assert!(!stored.contains(&mail.token()));
    }
}

#[tokio::test]
async fn housekeeping_deletes_old_mails_that_were_sent_and_keeps_those_that_wait() {
    let world = World::new().await;
    world.register("ada").await;
    world.deliver().await;
    world.mailbox.set_broken(true);
    world.register("grace").await;
    let clean = async || {
        let housekeeping = Housekeeping::new(world.app.clone());
        housekeeping.clean(&Shutdown::new()).await.unwrap()
    };
    world.clock.advance_seconds(7 * 24 * 60 * MINUTE);
    assert_eq!(clean().await, 0);
    world.clock.advance_seconds(24 * 60 * MINUTE + 1);
    assert_eq!(clean().await, 2, "the mail to ada and its token");
    let left: String = world
        .value("SELECT string_agg(email, ' ') FROM users.outbox")
        .await;
    assert_eq!(left, "grace@example.com");
}

#[tokio::test]
async fn a_running_worker_sends_at_once_and_stops_when_told_to() {
    let world = World::new().await;
    let shutdown = Shutdown::new();
    let outbox = world.outbox().poll_every(Duration::from_hours(1));
    let worker = tokio::spawn(outbox.run(shutdown.clone()));
    // The worker finds nothing and waits; only being told makes it look within the hour.
    tokio::task::yield_now().await;
    world.register("ada").await;
    let came = async {
        while world.mailbox.received().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), came)
        .await
        .expect("a mail");
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!(world.register("grace").await["userErrors"], json!([]));
    assert_eq!(
        world.mailbox.received().len(),
        1,
        "a stopped worker sends nothing"
    );
}
