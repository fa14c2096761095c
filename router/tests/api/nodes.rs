//! `node`: anything by its id, as its viewer sees it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Answer, COMMITTED, Entity, Router, Socket, entities, id, token};

const FIELDS: &str = "__typename id ... on User { username } ... on Post { text } ... on Conversation { unreadCount } \
                      ... on Message { text } ... on Mention { createdAt }";

fn query(id: &str) -> String {
    format!("{{ node(id: \"{id}\") {{ {FIELDS} }} }}")
}

/// What the router answers for each kind of thing.
fn expected(entity: Entity) -> Value {
    let (id, name) = (entity.id(), format!("{entity:?}"));
    match entity {
        Entity::User => json!({ "__typename": name, "id": id, "username": "ada" }),
        Entity::Post | Entity::Message => json!({ "__typename": name, "id": id, "text": "hello" }),
        Entity::Conversation => json!({ "__typename": name, "id": id, "unreadCount": 3 }),
        Entity::Mention => {
            json!({ "__typename": name, "id": id, "createdAt": "2026-01-31T12:00:00.000000Z" })
        }
    }
}

fn owner() -> String {
    token(id(Entity::User as u64))
}

fn is_nothing(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, json!({ "data": { "node": null } }));
}

fn is_unknown(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["data"], json!({ "node": null }));
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"], "{}", answer.body);
    let error = &answer.body["errors"][0];
    assert_eq!(error["path"], json!(["node"]));
    assert_eq!(
        error["extensions"]["traceId"].as_str(),
        answer.header("x-trace-id")
    );
    let text = answer.body["errors"].to_string();
    for inside in ["nodes", "users", "127.0.0.1", "kinds", "user0"] {
        assert!(!text.contains(inside), "{text}");
    }
}

#[tokio::test]
async fn everything_is_found_by_its_id() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    for entity in Entity::ALL {
        let answer = router.ask_as(&owner(), &query(&entity.id())).await;
        assert_eq!(
            answer.body,
            json!({ "data": { "node": expected(entity) } }),
            "{entity:?}"
        );
    }
}

#[tokio::test]
async fn what_the_viewer_may_not_see_is_not_there() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    let stranger = token(id(9));
    for entity in [Entity::Conversation, Entity::Message, Entity::Mention] {
        is_nothing(&router.ask_as(&stranger, &query(&entity.id())).await);
        is_nothing(&router.ask(&query(&entity.id())).await);
    }
    for nothing in [id(77).to_string(), "no id".to_owned(), String::new()] {
        is_nothing(&router.ask_as(&stranger, &query(&nothing)).await);
        is_nothing(&router.ask(&query(&nothing)).await);
    }
    // What everybody may see, everybody finds.
    for entity in [Entity::User, Entity::Post] {
        let answer = router.ask(&query(&entity.id())).await;
        assert_eq!(answer.body["data"]["node"], expected(entity));
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_before_anybody_is_asked() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    let answer = router
        .ask_as("not.a.token", &query(&Entity::Post.id()))
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn a_service_that_is_down_hides_what_it_has_and_nothing_else() {
    let mut graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    graph.users.stop().await;
    let post = router.ask(&query(&Entity::Post.id())).await;
    assert_eq!(
        post.body,
        json!({ "data": { "node": expected(Entity::Post) } })
    );
    // Whether these are there, nobody can tell.
    is_unknown(&router.ask(&query(&Entity::User.id())).await);
    is_unknown(&router.ask(&query(&id(77).to_string())).await);
    is_nothing(&router.ask(&query("no id")).await);
    graph.users.restart().await;
    let user = router.ask(&query(&Entity::User.id())).await;
    assert_eq!(user.body["data"]["node"], expected(Entity::User));
    is_nothing(&router.ask(&query(&id(77).to_string())).await);
}

#[tokio::test]
async fn a_service_that_hangs_or_talks_nonsense_is_no_no() {
    let graph = entities().await;
    let settings = [COMMITTED, ("SUBGRAPH_TIMEOUT_SECONDS", "1")];
    let router = Router::start_with(&graph, &settings).await;
    graph
        .users
        .answer_instead(StatusCode::OK, "application/json", "{}");
    is_unknown(&router.ask(&query(&id(77).to_string())).await);
    graph.users.answer_as_usual();
    graph.users.before(|| async {
        let never = Semaphore::new(0);
        drop(never.acquire().await);
    });
    is_unknown(&router.ask(&query(&id(77).to_string())).await);
    let post = router.ask(&query(&Entity::Post.id())).await;
    assert_eq!(post.body["data"]["node"], expected(Entity::Post));
}

#[tokio::test]
async fn many_ids_are_asked_about_together() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    let fields: Vec<String> = (0..50)
        .map(|number| {
            let id = match Entity::ALL.get(number) {
                Some(entity) => entity.id(),
                None => id(1_000 + number as u64).to_string(),
            };
            format!("n{number}: node(id: \"{id}\") {{ __typename }} ")
        })
        .collect();
    let answer = router
        .ask_as(&owner(), &format!("{{ {} }}", fields.concat()))
        .await;
    assert_eq!(answer.codes(), Vec::<&str>::new());
    for (number, entity) in Entity::ALL.into_iter().enumerate() {
        let found = &answer.body["data"][format!("n{number}")]["__typename"];
        assert_eq!(*found, format!("{entity:?}"));
    }
    assert_eq!(answer.body["data"]["n49"], Value::Null);
    // Ten ids in a question, which goes to every service.
    assert_eq!(graph.requests(), 5 * 3);
}

#[tokio::test]
async fn within_the_tightest_limits_one_id_can_be_asked_about() {
    let graph = entities().await;
    let settings = [
        COMMITTED,
        ("GRAPHQL_MAX_ALIASES", "5"),
        ("GRAPHQL_MAX_TOKENS", "100"),
        ("GRAPHQL_MAX_FIELDS", "10"),
        ("GRAPHQL_MAX_DEPTH", "2"),
    ];
    let router = Router::start_with(&graph, &settings).await;
    let (user, post) = (Entity::User.id(), Entity::Post.id());
    let both = format!("{{ a: node(id: \"{user}\") {{ id }} b: node(id: \"{post}\") {{ id }} }}");
    let answer = router.ask(&both).await;
    let expected = json!({ "data": { "a": { "id": user }, "b": { "id": post } } });
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn it_is_counted_once() {
    let graph = entities().await;
    let settings = [
        COMMITTED,
        ("RATE_LIMIT_ANONYMOUS", "2"),
        ("RATE_LIMIT_USER", "2"),
    ];
    let router = Router::start_with(&graph, &settings).await;
    for _ in 0..2 {
        let answer = router.ask_as(&owner(), &query(&Entity::Message.id())).await;
        assert_eq!(answer.body["data"]["node"], expected(Entity::Message));
    }
    let third = router.ask_as(&owner(), &query(&Entity::Message.id())).await;
    assert_eq!(third.codes(), ["RATE_LIMITED"]);
}

#[tokio::test]
async fn services_are_asked_by_the_client_and_in_its_trace() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let token = owner();
    let request = router
        .post(&query(&Entity::Conversation.id()))
        .bearer_auth(&token)
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .header("user-agent", "a client");
    let answer = router.send(request).await;
    assert_eq!(answer.body["data"]["node"], expected(Entity::Conversation));
    let seen = graph.messaging.seen();
    assert_eq!(seen.len(), 2, "what it is, and what is in it");
    for seen in seen.iter().chain(&graph.users.seen()) {
        assert!(seen.header("traceparent").unwrap().contains(trace));
        assert_eq!(
            seen.header("authorization"),
            Some(format!("Bearer {token}").as_str())
        );
        assert_eq!(seen.header("user-agent"), Some("a client"));
        assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
        assert_eq!(seen.header("x-rookery-loopback"), None);
    }
}

#[tokio::test]
async fn it_is_there_over_a_websocket_as_well() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    let mut socket = Socket::of(&router, &owner()).await;
    // More at once than the router asks itself for at once.
    for number in 0..64 {
        let query = query(&Entity::Message.id());
        socket.subscribe(&format!("o{number}"), &query).await;
    }
    let mut answers = 0;
    while answers < 64 {
        let message = socket.next().await;
        if message["type"] == "next" {
            let node = &message["payload"]["data"]["node"];
            assert_eq!(*node, expected(Entity::Message), "{message}");
            answers += 1;
        }
    }
}

#[tokio::test]
async fn nobody_else_can_ask_the_subgraph() {
    let graph = entities().await;
    let router = Router::start_with(&graph, &[COMMITTED]).await;
    for path in [
        "/internal/nodes",
        "/nodes",
        "/api/nodes",
        "/graphql/nodes",
        "/nodes/graphql",
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = router.send(router.request(method, path)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    for query in [
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
    ] {
        let answer = router.ask(query).await;
        assert_eq!(answer.codes(), ["FieldsOnCorrectType"], "{query}");
    }
    assert_eq!(graph.requests(), 0);
}
