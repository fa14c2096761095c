use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{PASSWORD, World, refusal, text};

fn input(email: &str, username: &str) -> Value {
    json!({ "email": email, "username": username, "password": PASSWORD })
}

#[tokio::test]
async fn a_new_account_is_returned_to_its_owner() {
    let world = World::new().await;
    let mut wanted = input("Ada@Example.com", "Ada_L");
    wanted["displayName"] = json!("  Ada Lovelace ");
    let payload = world.register_with(wanted).await;
    assert_eq!(payload["userErrors"], json!([]));
    let user = &payload["user"];
    assert_eq!(
        uuid::Uuid::try_parse(text(&user["id"]))
            .unwrap()
            .get_version_num(),
        7
    );
    assert_eq!(
        (
            text(&user["username"]),
            text(&user["email"]),
            text(&user["displayName"])
        ),
        ("Ada_L", "Ada@Example.com", "Ada Lovelace")
    );
    assert_eq!(text(&user["createdAt"]), "2026-01-01T00:00:00.000000Z");
    assert_eq!(
        (&user["followerCount"], &user["followeeCount"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    let payload = world
        .register_with(json!({
            "email": "nobody", "username": "no spaces", "password": "short", "displayName": "x".repeat(101),
        }))
        .await;
    assert_eq!(payload["user"], Value::Null);
    let errors = payload["userErrors"].as_array().unwrap();
    let fields: Vec<&str> = errors.iter().map(|error| text(&error["field"])).collect();
    assert_eq!(fields, ["email", "username", "password", "displayName"]);
    assert!(
        errors
            .iter()
            .all(|error| error["code"] == "VALIDATION_FAILED")
    );
    assert_eq!(
        text(&errors[2]["message"]),
        "The password must have 8 to 128 characters."
    );
    assert_eq!(
        world.value::<i64>("SELECT count(*) FROM users.users").await,
        0
    );
}

#[tokio::test]
async fn an_address_is_registered_once_whatever_its_case() {
    let world = World::new().await;
    world.register("ada").await;
    let payload = world.register_with(input("ADA@example.COM", "other")).await;
    assert_eq!(refusal(&payload), "EMAIL_ALREADY_EXISTS");
    assert_eq!(payload["userErrors"][0]["field"], "email");
}

#[tokio::test]
async fn a_username_is_registered_once_whatever_its_case() {
    let world = World::new().await;
    world.register("ada").await;
    let payload = world.register_with(input("other@example.com", "ADA")).await;
    assert_eq!(refusal(&payload), "USERNAME_ALREADY_EXISTS");
    assert_eq!(payload["userErrors"][0]["field"], "username");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_who_register_one_address_at_once_one_gets_the_account() {
    let world = World::new().await;
    let mut requests = JoinSet::new();
    for number in 0..200 {
        let graph = world.graph.clone();
        requests.spawn(async move {
            let query = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
            let variables = json!({ "input": input("ada@example.com", &format!("ada_{number}")) });
            graph.ask(None, query, variables).await.data()["register"].take()
        });
    }
    let payloads = requests.join_all().await;
    let (accounts, refused): (Vec<_>, Vec<_>) = payloads
        .iter()
        .partition(|payload| payload["user"].is_object());
    assert_eq!((accounts.len(), refused.len()), (1, 199));
    assert!(
        refused
            .iter()
            .all(|payload| refusal(payload) == "EMAIL_ALREADY_EXISTS")
    );
    assert_eq!(
        world.value::<i64>("SELECT count(*) FROM users.users").await,
        1
    );
    assert_eq!(
        world
            .value::<i64>("SELECT count(*) FROM users.outbox")
            .await,
        1
    );
}

#[tokio::test]
async fn account_and_mail_are_made_together_or_not_at_all() {
    let world = World::new().await;
    world
        .execute("REVOKE INSERT ON users.outbox FROM users_svc")
        .await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
    let variables = json!({ "input": input("ada@example.com", "ada") });
    let answer = world.graph.ask(None, query, variables).await;
    assert_eq!(answer.codes(), ["INTERNAL"]);
    assert_eq!(answer.body["data"], json!({ "register": null }));
    assert!(
        !answer.body.to_string().contains("outbox"),
        "no internals: {}",
        answer.body
    );
    assert_eq!(
        world.value::<i64>("SELECT count(*) FROM users.users").await,
        0
    );
}

#[tokio::test]
async fn only_the_hash_of_the_password_is_stored() {
    let world = World::new().await;
    world.register("ada").await;
    let hash: String = world.value("SELECT password_hash FROM users.users").await;
    assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
    let rows: String = world.value("SELECT users::text FROM users.users").await;
    assert!(!rows.contains(PASSWORD));
}
