//! The schema as the router composes it and as tools show it.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn the_service_tells_the_schema_that_the_code_gives_without_a_database() {
    let world = World::new().await;
    let answer = world
        .graph
        .ask(None, "{ _service { sdl } }", json!({}))
        .await;
    assert_eq!(
        answer.data()["_service"]["sdl"].as_str().unwrap(),
        messaging::graphql::sdl()
    );
}

#[test]
fn conversations_messages_and_mentions_are_entities_and_users_are_somebody_elses() {
    let sdl = messaging::graphql::sdl();
    for line in [
        "type Conversation @key(fields: \"id\") {",
        "type Message @key(fields: \"id\") {",
        "type User @key(fields: \"id\") {",
        "\tisOnline: Boolean\n",
        "\tparticipants: [User]!",
        "\tsender: User\n",
        "\tmentions: [User]!",
        "\tmessages(\n",
        "type Mention @key(fields: \"id\") {",
        "type UserError @shareable {",
        "\t): StartConversationPayload\n",
        "\t): SendMessagePayload\n",
        "\t): MarkConversationReadPayload\n",
    ] {
        assert!(sdl.contains(line), "{line} is not in\n{sdl}");
    }
    let subscription = sdl.split_once("type Subscription {").unwrap().1;
    for line in ["\t): Message!\n", "\t): Mention!\n", "\t): User!\n"] {
        assert!(
            subscription.contains(line),
            "{line} is not in\n{subscription}"
        );
    }
}

#[test]
fn the_reference_to_a_user_has_no_description_of_its_own() {
    let sdl = messaging::graphql::sdl();
    let (before, of_user) = sdl.split_once("type User @key").unwrap();
    assert!(!before.trim_end().ends_with("\"\"\""));
    let of_id = of_user.split_once("id: ID!").unwrap().0;
    assert!(!of_id.contains("\"\"\""), "{of_id}");
}

const INTROSPECTION: &str = "{ __schema { types {
    name description kind
    fields { name description args { name description } }
    inputFields { name description }
} } }";

#[tokio::test]
async fn everything_of_ours_is_described() {
    let world = World::new().await;
    let data = world.graph.ask(None, INTROSPECTION, json!({})).await.data();
    let mut missing = Vec::new();
    let described = |item: &Value| item["description"].as_str().is_some_and(|d| !d.is_empty());
    let list = |item: &Value| item.as_array().cloned().unwrap_or_default();
    for ty in list(&data["__schema"]["types"]) {
        let name = ty["name"].as_str().unwrap().to_owned();
        // Of the federation, of the language, of another context, of async-graphql.
        let foreign = name.starts_with('_') || name == "User" || ty["kind"] == "SCALAR";
        let generated = name.ends_with("Connection")
            || matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
        if foreign {
            continue;
        }
        if !generated && !described(&ty) {
            missing.push(name.clone());
        }
        for field in list(&ty["fields"])
            .into_iter()
            .chain(list(&ty["inputFields"]))
        {
            let field_name = field["name"].as_str().unwrap().to_owned();
            if field_name.starts_with('_') {
                continue;
            }
            if !described(&field) {
                missing.push(format!("{name}.{field_name}"));
            }
            for argument in list(&field["args"]) {
                if !described(&argument) {
                    missing.push(format!("{name}.{field_name}({})", argument["name"]));
                }
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}
