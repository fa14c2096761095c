use serde_json::{Value, json};

use crate::world::{World, text};

async fn update(world: &World, token: Option<&str>, input: Value) -> Value {
    let query = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
        user { displayName bio avatarUrl } userErrors { code field } } }";
    let answer = world
        .graph
        .ask(token, query, json!({ "input": input }))
        .await;
    answer.data()["updateProfile"].take()
}

async fn search(world: &World, prefix: &str, first: i32) -> Vec<String> {
    let query = "query($prefix: String!, $first: Int!) { searchUsers(prefix: $prefix, first: $first) { username } }";
    let data = world
        .ask(None, query, json!({ "prefix": prefix, "first": first }))
        .await;
    let found = data["searchUsers"].as_array().unwrap().iter();
    found
        .map(|user| text(&user["username"]).to_owned())
        .collect()
}

#[tokio::test]
async fn a_field_left_out_stays_and_null_clears_it() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let token = Some(&*ada.token);
    let all = json!({ "displayName": "Ada", "bio": "First\nof all", "avatarUrl": "https://example.com/ada.png" });
    assert_eq!(update(&world, token, all.clone()).await["user"], all);
    assert_eq!(update(&world, token, json!({})).await["user"], all);
    let payload = update(
        &world,
        token,
        json!({ "bio": null, "displayName": "Countess" }),
    )
    .await;
    let expected = json!({ "displayName": "Countess", "bio": null, "avatarUrl": "https://example.com/ada.png" });
    assert_eq!(payload["user"], expected);
    let payload = update(&world, token, json!({ "displayName": "  " })).await;
    assert_eq!(
        payload["user"]["displayName"],
        Value::Null,
        "blank text clears"
    );
}

#[tokio::test]
async fn a_profile_with_wrong_fields_names_them_all_and_changes_nothing() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let wrong = json!({ "displayName": "x".repeat(101), "bio": "nul\0", "avatarUrl": "javascript:alert(1)" });
    let payload = update(&world, Some(&ada.token), wrong).await;
    let fields: Vec<&str> = payload["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| text(&error["field"]))
        .collect();
    assert_eq!(fields, ["displayName", "bio", "avatarUrl"]);
    let payload = update(
        &world,
        Some(&ada.token),
        json!({ "bio": "ok", "avatarUrl": "no url" }),
    )
    .await;
    assert_eq!(payload["user"], Value::Null);
    let stored: Option<String> = world.value("SELECT bio FROM users.users").await;
    assert_eq!(stored, None);
}

#[tokio::test]
async fn changing_a_profile_needs_a_token_of_an_account_that_exists() {
    let world = World::new().await;
    let query =
        "mutation { updateProfile(input: {bio: \"hi\"}) { user { id } userErrors { code } } }";
    let stranger = testkit::tokens().token_at(uuid::Uuid::from_u128(1), &*world.clock);
    for token in [None, Some(stranger.as_str())] {
        let answer = world.graph.ask(token, query, json!({})).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
        assert_eq!(answer.body["data"], json!({ "updateProfile": null }));
    }
}

#[tokio::test]
async fn the_viewer_is_null_without_a_token_and_refused_with_a_bad_one() {
    let world = World::new().await;
    let query = "{ viewer { id } }";
    assert_eq!(
        world.ask(None, query, json!({})).await,
        json!({ "viewer": null })
    );
    let stranger = testkit::tokens().token_at(uuid::Uuid::from_u128(1), &*world.clock);
    assert_eq!(
        world.ask(Some(&stranger), query, json!({})).await,
        json!({ "viewer": null })
    );
    let refused = world.graph.ask(Some("forged"), query, json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.codes()),
        (401, vec!["UNAUTHENTICATED"])
    );
}

#[tokio::test]
async fn an_email_address_is_shown_to_nobody_else() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let grace = world.person("grace").await;
    let query =
        "query($id: ID!) { user(id: $id) { email } userByUsername(username: \"ada\") { email }
        searchUsers(prefix: \"ada\") { email }
        _entities(representations: [{__typename: \"User\", id: $id}]) { ... on User { email } } }";
    let own = Some(ada.token.as_str());
    for (token, email) in [
        (own, json!("ada@example.com")),
        (Some(&*grace.token), Value::Null),
        (None, Value::Null),
    ] {
        let data = world.ask(token, query, json!({ "id": ada.id })).await;
        let one = json!({ "email": email });
        let expected =
            json!({ "user": one, "userByUsername": one, "searchUsers": [one], "_entities": [one] });
        assert_eq!(data, expected);
    }
}

#[tokio::test]
async fn users_are_found_by_id_and_by_handle_in_any_case() {
    let world = World::new().await;
    let ada = world.person("Ada_L").await;
    let query = "query($id: ID!, $name: String!) { user(id: $id) { username } userByUsername(username: $name) { id } }";
    let data = world
        .ask(None, query, json!({ "id": ada.id, "name": "aDA_l" }))
        .await;
    assert_eq!(
        data,
        json!({ "user": { "username": "Ada_L" }, "userByUsername": { "id": ada.id } })
    );
    for (id, name) in [
        ("01890000-0000-7000-8000-000000000000", "adaxl"),
        ("no uuid", ""),
        ("", "ada l; --"),
        ("\0", "Ada_L\0"),
    ] {
        let data = world
            .ask(None, query, json!({ "id": id, "name": name }))
            .await;
        assert_eq!(
            data,
            json!({ "user": null, "userByUsername": null }),
            "{id} {name}"
        );
    }
}

#[tokio::test]
async fn handles_complete_in_alphabetical_order_whatever_the_case() {
    let world = World::new().await;
    for name in ["adam", "ADA", "Ada_L", "adb", "grace"] {
        world.register(name).await;
    }
    assert_eq!(search(&world, "aDa", 10).await, ["ADA", "Ada_L", "adam"]);
    assert_eq!(search(&world, "aDa", 2).await, ["ADA", "Ada_L"]);
    assert_eq!(search(&world, "x", 10).await, [] as [&str; 0]);
}

#[tokio::test]
async fn no_character_of_a_prefix_is_a_wildcard() {
    let world = World::new().await;
    for name in ["ada", "a_a", "abc"] {
        world.register(name).await;
    }
    assert_eq!(search(&world, "a_", 10).await, ["a_a"]);
    for nobody in ["%", "a%", "\\", "a\\", "", "é", "a b", "\0"] {
        assert_eq!(
            search(&world, nobody, 10).await,
            [] as [&str; 0],
            "{nobody:?}"
        );
    }
}

#[tokio::test]
async fn a_search_has_from_1_to_100_results() {
    let world = World::new().await;
    for first in [0, -1, 101, i32::MIN, i32::MAX] {
        let query = "query($first: Int!) { searchUsers(prefix: \"a\", first: $first) { id } }";
        let answer = world
            .graph
            .ask(None, query, json!({ "first": first }))
            .await;
        assert_eq!(
            answer.codes(),
            ["VALIDATION_FAILED"],
            "{first}: {}",
            answer.body
        );
        assert!(text(&answer.body["errors"][0]["message"]).contains("from 1 to 100"));
    }
}
