//! The plans of the statements that are sent most, prepared for any parameters, on tables large enough to matter.

use common::page::Window;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use users::{
    app::{BLOCKS, FolloweeIds},
    domain::UserId,
};
use uuid::Uuid;

use crate::world::{World, origin, statements_of};

/// 20,000 people; the first is followed by all, and follows all, blocks more than half of them and is blocked by a tenth.
/// Created in bulk, behind the service's back.
async fn populated() -> (World, UserId) {
    let world = World::new().await;
    world
        .execute(
            "INSERT INTO users.users (id, email, username, password_hash, created_at)
             SELECT ('01890000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n || '@example.com',
                    'user' || n, '', now()
             FROM generate_series(0, 19999) AS n;
             INSERT INTO users.follows
             SELECT fan.id, first.id, now() - random() * interval '1 day'
             FROM users.users AS fan, users.users AS first WHERE first.username = 'user0' AND fan.username <> 'user0'
             UNION ALL
             SELECT first.id, fan.id, now() - random() * interval '1 day'
             FROM users.users AS fan, users.users AS first WHERE first.username = 'user0' AND fan.username <> 'user0';
             INSERT INTO users.blocks
             SELECT first.id, other.id, now() - random() * interval '1 day'
             FROM users.users AS other, users.users AS first
             WHERE first.username = 'user0' AND other.username LIKE 'user1%'
             UNION ALL
             SELECT other.id, first.id, now() FROM users.users AS other, users.users AS first
             WHERE first.username = 'user0' AND other.username LIKE 'user2%';
             ANALYZE users.users, users.follows, users.blocks",
        )
        .await;
    let first = Uuid::try_parse("01890000-0000-7000-8000-000000000000").unwrap();
    (world, UserId::from(first))
}

/// The plan of a statement that is prepared for any parameters, and run with these.
async fn plan(world: &World, statement: &str, arguments: &str) -> String {
    let mut conn = PgConnection::connect(&world.database.admin_url())
        .await
        .unwrap();
    conn.execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    conn.execute(AssertSqlSafe(format!("PREPARE sent AS {statement}")))
        .await
        .unwrap();
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE sent ({arguments})");
    let rows = conn.fetch_all(AssertSqlSafe(explain)).await.unwrap();
    rows.iter()
        .map(|row| row.get::<String, _>(0) + "\n")
        .collect()
}

fn only(statements: Vec<String>) -> String {
    let [statement] = <[String; 1]>::try_from(statements).expect("one statement");
    statement
}

#[tokio::test]
async fn completing_a_handle_reads_a_range_of_the_index_in_order() {
    let (world, first) = populated().await;
    let (found, statements) = statements_of(world.app.search(None, "user1", 10)).await;
    assert_eq!(found.unwrap().len(), 10);
    let arguments = format!("'user1', 'user1{{', '{first}', 10");
    let plan = plan(&world, &only(statements), &arguments).await;
    assert!(
        plan.contains("Index Scan using users_username_key"),
        "{plan}"
    );
    assert!(
        plan.contains("Index Cond: ((lower(username) >= $1) AND (lower(username) < $2))"),
        "{plan}"
    );
    assert!(
        !plan.contains("Sort") && !plan.contains("Seq Scan"),
        "{plan}"
    );
    // One probe a candidate and direction, however many blocks the viewer has.
    for probe in [
        "Index Cond: ((blocked_id = users.id) AND (blocker_id = $3))",
        "Index Cond: ((blocked_id = $3) AND (blocker_id = users.id))",
    ] {
        assert!(plan.contains(probe), "{probe}: {plan}");
    }
    assert!(!plan.contains("Join"), "{plan}");
}

#[tokio::test]
async fn a_page_of_blocks_reads_its_rows_and_no_more() {
    let (world, first) = populated().await;
    let window = Window::of(20, None, BLOCKS).unwrap();
    let (page, statements) = statements_of(world.app.blocked(first, window)).await;
    assert_eq!(page.unwrap().items.len(), 20);
    let statement = only(statements);
    for (at, id) in [
        ("NULL", "NULL"),
        ("now()", "'01890000-0000-7000-8000-000000000009'"),
    ] {
        let plan = plan(
            &world,
            &statement,
            &format!("ARRAY['{first}'::uuid], {at}, {id}, 21, 0"),
        )
        .await;
        assert!(plan.contains("using blocks_list_idx"), "{plan}");
        assert!(
            plan.contains("AND (ROW(created_at, "),
            "the cursor is part of the index condition: {plan}"
        );
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}

#[tokio::test]
async fn whether_a_block_keeps_two_apart_is_two_probes_of_the_key() {
    let (world, first) = populated().await;
    let other = UserId::from(Uuid::from_u128(1));
    let (_, statements) = statements_of(world.app.are_apart(first, other)).await;
    let plan = plan(&world, &only(statements), &format!("'{first}', '{other}'")).await;
    assert_eq!(
        plan.matches("Index Only Scan using blocks_").count(),
        2,
        "{plan}"
    );
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_page_of_a_list_reads_its_rows_and_no_more() {
    let (world, first) = populated().await;
    for (field, index) in [
        ("followers", "follows_followers_idx"),
        ("followees", "follows_followees_idx"),
    ] {
        let query =
            format!("query($id: ID!) {{ user(id: $id) {{ {field} {{ nodes {{ id }} }} }} }}");
        let asked = world.ask(None, &query, json!({ "id": first.to_string() }));
        let (data, statements) = statements_of(asked).await;
        assert_eq!(data["user"][field]["nodes"].as_array().unwrap().len(), 20);
        for (at, id) in [
            ("NULL", "NULL"),
            ("now()", "'01890000-0000-7000-8000-000000000009'"),
        ] {
            let plan = plan(
                &world,
                &statements[1],
                &format!("ARRAY['{first}'::uuid], {at}, {id}, 21, 0"),
            )
            .await;
            assert!(plan.contains(&format!("using {index}")), "{plan}");
            assert!(
                plan.contains("AND (ROW(created_at, "),
                "the cursor is part of the index condition: {plan}"
            );
            assert!(!plan.contains("Seq Scan"), "{plan}");
        }
    }
}

#[tokio::test]
async fn an_unchanged_list_of_followees_costs_one_look_up_by_primary_key() {
    let (world, first) = populated().await;
    let (answer, statements) = statements_of(world.app.followee_ids(first, &[0])).await;
    assert_eq!(answer.unwrap(), FolloweeIds::Unchanged);
    let plan = plan(&world, &only(statements), &format!("'{first}'")).await;
    assert_eq!(
        plan,
        "Index Scan using users_pkey on users\n  Index Cond: (id = $1)\n"
    );
}

#[tokio::test]
async fn signing_in_finds_the_account_by_index() {
    let (world, _) = populated().await;
    let origin = origin();
    let login = world
        .app
        .log_in("nobody@example.com", "password".into(), &origin);
    let (_, mut statements) = statements_of(login).await;
    statements.retain(|statement| statement.contains("users.users"));
    let plan = plan(&world, &only(statements), "'nobody@example.com'").await;
    assert!(plan.contains("Index Scan using users_email_key"), "{plan}");
}

#[tokio::test]
async fn the_versions_of_many_lists_are_look_ups_by_primary_key() {
    let (world, first) = populated().await;
    let (versions, statements) = statements_of(world.app.followees_versions(&[first])).await;
    assert_eq!(versions.unwrap(), [Some(0)]);
    let plan = plan(
        &world,
        &only(statements),
        &format!("ARRAY['{first}'::uuid]"),
    )
    .await;
    assert!(plan.contains("using users_pkey"), "{plan}");
    assert!(plan.contains("Index Cond: (id = ANY ($1))"), "{plan}");
}
