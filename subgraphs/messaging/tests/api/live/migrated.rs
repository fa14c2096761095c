//! Messages from before there were inboxes.

use sqlx::Executor;

use crate::world::World;

const MIGRATION: &str = include_str!("../../../../../migrations/messaging/0003_inbox.sql");
const TABLES: [&str; 2] = ["messaging.inboxes", "messaging.inbox_entries"];

#[tokio::test]
async fn the_migration_gives_them_the_places_that_they_would_have() {
    let world = World::new().await;
    let [ada, grace, linus] = ["ada", "grace", "linus"].map(|name| world.person(name));
    let one = world.conversation(&ada, &grace).await;
    let other = world.conversation(&ada, &linus).await;
    for (person, conversation) in [
        (&ada, &one),
        (&linus, &other),
        (&grace, &one),
        (&ada, &other),
    ] {
        world.clock.advance_micros(1_000);
        world.say(person, conversation, "Hello").await;
    }
    let placed = testkit::dump(&world.admin, &TABLES, &[]).await;
    assert_eq!(placed[1].1.len(), 8, "each message at two people");
    let delete = "DELETE FROM messaging.inbox_entries; DELETE FROM messaging.inboxes";
    world.admin.execute(delete).await.unwrap();
    let (_, rest) = MIGRATION.split_once("LOCK TABLE").unwrap();
    let (moving, _) = rest.split_once("CREATE FUNCTION").unwrap();
    let moving = format!("LOCK TABLE {moving}");
    world
        .admin
        .execute(sqlx::AssertSqlSafe(format!("BEGIN; {moving}; COMMIT")))
        .await
        .unwrap();
    assert_eq!(testkit::dump(&world.admin, &TABLES, &[]).await, placed);
}
