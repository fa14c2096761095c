//! How PostgreSQL carries out what the service asks of it, among many rows and with the plan that a prepared statement
//! keeps.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, Row};
use testkit::Log;

use crate::world::{Person, World};

/// One person with 20,000 conversations among 40,000, three messages in each and a mention in one of them.
const CROWD: &str = "
    SET session_replication_role = replica;
    CREATE FUNCTION pg_temp.id(kind text, n integer) RETURNS uuid LANGUAGE sql IMMUTABLE
        RETURN (kind || '0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
    INSERT INTO messaging.conversations
        (id, low_user_id, high_user_id, last_seq, last_message_id, created_at, updated_at)
    SELECT pg_temp.id('c', n), CASE WHEN n % 2 = 0 THEN '$ADA' ELSE pg_temp.id('d', n) END, pg_temp.id('e', n),
           3, pg_temp.id('a', 4 * n + 3), '2026-01-01', '2026-01-01'::timestamptz + n * interval '1 second'
    FROM generate_series(1, 40000) n;
    INSERT INTO messaging.participants (conversation_id, user_id, unread_count, updated_at)
    SELECT id, user_id, 3, updated_at FROM messaging.conversations, unnest(ARRAY[low_user_id, high_user_id]) user_id;
    INSERT INTO messaging.messages (id, conversation_id, seq, sender_id, text, created_at)
    SELECT pg_temp.id('a', 4 * n + seq), pg_temp.id('c', n), seq, pg_temp.id('e', n), 'hello', '2026-01-01'
    FROM generate_series(1, 40000) n, generate_series(1, 3) seq;
    INSERT INTO messaging.mentions (id, message_id, conversation_id, user_id, created_at)
    SELECT pg_temp.id('b', n), pg_temp.id('a', 4 * n + 1), pg_temp.id('c', n),
           CASE WHEN n % 2 = 0 THEN '$ADA' ELSE pg_temp.id('d', n) END, '2026-01-01'
    FROM generate_series(1, 40000) n;
    SET session_replication_role = origin;
    ANALYZE messaging.conversations, messaging.participants, messaging.messages, messaging.mentions;
";

async fn crowded() -> (World, Person) {
    let world = World::new().await;
    let ada = world.person("ada");
    let sql = CROWD.replace("$ADA", &ada.id.to_string());
    world.admin.execute(AssertSqlSafe(sql)).await.unwrap();
    (world, ada)
}

/// The generic plan of a statement: what PostgreSQL uses for it again and again, whatever its parameters.
async fn plan(world: &World, statement: &str) -> Value {
    let parameters = (1..20)
        .take_while(|n| statement.contains(&format!("${n}")))
        .count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let mut connection = world.admin.acquire().await.unwrap();
    connection
        .execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    connection
        .execute(AssertSqlSafe(format!("PREPARE asked AS {statement}")))
        .await
        .unwrap();
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE asked({nulls})");
    let row = connection.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    connection.execute("DEALLOCATE asked").await.unwrap();
    row.get(0)
}

/// Kind and index of every node of a plan.
fn nodes(plan: &Value, found: &mut Vec<(String, String)>) {
    match plan {
        Value::Array(plans) => plans.iter().for_each(|plan| nodes(plan, found)),
        Value::Object(fields) => {
            if let Some(kind) = fields.get("Node Type").and_then(Value::as_str) {
                let index = fields.get("Index Name").and_then(Value::as_str);
                found.push((kind.to_owned(), index.unwrap_or_default().to_owned()));
            }
            fields.values().for_each(|plan| nodes(plan, found));
        }
        _ => {}
    }
}

async fn plan_nodes(world: &World, statement: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    nodes(&plan(world, statement).await, &mut found);
    found
}

#[tokio::test]
async fn lists_are_walks_of_their_index_without_sorting() {
    let (world, ada) = crowded().await;
    for (query, index) in [
        (
            "{ conversations { nodes { id } } }",
            "participants_inbox_idx",
        ),
        ("{ mentions { nodes { id } } }", "mentions_user_idx"),
    ] {
        let log = Log::record();
        world.get(&ada, query, json!({})).await;
        let statements = log.take_statements();
        let [statement] = statements.as_slice() else {
            panic!("one statement expected: {statements:#?}")
        };
        let nodes = plan_nodes(&world, statement).await;
        assert!(
            nodes.iter().any(|(_, used)| used == index),
            "{index}: {nodes:?}"
        );
        assert!(
            !nodes.iter().any(|(kind, _)| kind.contains("Sort")),
            "{nodes:?}"
        );
    }
}

#[tokio::test]
async fn nothing_a_page_needs_reads_a_whole_table() {
    let (world, ada) = crowded().await;
    let query = "{ conversations(first: 50) { nodes {
        latestMessage { id conversation { id } } messages(first: 2) { nodes { id } pageInfo { endCursor } }
    } } mentions { nodes { message { id } } } }";
    let log = Log::record();
    world.get(&ada, query, json!({})).await;
    let statements = log.take_statements();
    assert!(statements.len() >= 5, "{statements:#?}");
    for statement in statements {
        let nodes = plan_nodes(&world, &statement).await;
        assert!(
            !nodes.iter().any(|(kind, _)| kind == "Seq Scan"),
            "{statement}: {nodes:?}"
        );
    }
}

#[tokio::test]
async fn nothing_that_sending_and_reading_need_reads_a_whole_table() {
    let (world, ada) = crowded().await;
    let grace = world.person("grace");
    let log = Log::record();
    let input = json!({ "recipientId": grace.id, "text": "hi @grace", "idempotencyKey": "k" });
    world.send(&ada, input.clone()).await.data();
    let id = world.conversation(&ada, &grace).await;
    let message = world.say(&ada, &id, "hi").await;
    world.mark_read(&grace, &id, &message).await.data();
    let statements = log.take_statements();
    let planned: Vec<_> = statements
        .iter()
        .filter(|sql| sql.starts_with("SELECT") || sql.starts_with("UPDATE"))
        .collect();
    assert!(planned.len() >= 10, "{statements:#?}");
    let mut retry_found_by_key = false;
    for statement in planned {
        let nodes = plan_nodes(&world, statement).await;
        assert!(
            !nodes.iter().any(|(kind, _)| kind == "Seq Scan"),
            "{statement}: {nodes:?}"
        );
        retry_found_by_key |= nodes
            .iter()
            .any(|(_, index)| index == "messages_idempotency_key");
    }
    assert!(retry_found_by_key);
}
