use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use testkit::Answer;
use users::domain::UserId;
use uuid::Uuid;

use crate::world::{Person, World, text};

async fn followee_ids(world: &World, who: &Person, known: Option<&str>) -> Answer {
    let mut request = Request::get("/internal/followee-ids")
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token));
    if let Some(known) = known {
        request = request.header(header::IF_NONE_MATCH, known);
    }
    world.graph.send(request.body(Body::empty()).unwrap()).await
}

async fn lookup(world: &World, who: &Person, body: impl Into<Body>) -> Answer {
    let request = Request::post("/internal/users/lookup")
        .header(header::AUTHORIZATION, format!("Bearer {}", who.token))
        .header(header::CONTENT_TYPE, "application/json");
    world.graph.send(request.body(body.into()).unwrap()).await
}

pub async fn follow(world: &World, who: &Person, whom: &Person) {
    world
        .app
        .follow(UserId::from(who.id), &whom.id.to_string())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_viewers_followees_come_with_their_version() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada").await,
        world.person("grace").await,
        world.person("linus").await,
    );
    let answer = followee_ids(&world, &ada, None).await;
    assert_eq!(answer.body, json!({ "version": 0, "followee_ids": [] }));
    follow(&world, &ada, &grace).await;
    follow(&world, &ada, &linus).await;
    follow(&world, &grace, &ada).await;
    let answer = followee_ids(&world, &ada, None).await;
    assert_eq!(answer.headers[header::ETAG], "\"2\"");
    assert_eq!(answer.body["version"], 2);
    let mut ids: Vec<&str> = answer.body["followee_ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [grace.id.to_string(), linus.id.to_string()]);
}

#[tokio::test]
async fn who_knows_the_present_version_gets_304_until_it_changes() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    follow(&world, &ada, &grace).await;
    for current in ["\"1\"", "W/\"1\"", "\"7\", \"1\""] {
        let answer = followee_ids(&world, &ada, Some(current)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body),
            (304, Value::Null),
            "{current}"
        );
    }
    for other in ["\"0\"", "1", "\"x\"", "*", ""] {
        assert_eq!(
            followee_ids(&world, &ada, Some(other))
                .await
                .status
                .as_u16(),
            200,
            "{other}"
        );
    }
    world
        .app
        .unfollow(UserId::from(ada.id), &grace.id.to_string())
        .await
        .unwrap();
    let answer = followee_ids(&world, &ada, Some("\"1\"")).await;
    assert_eq!(answer.body, json!({ "version": 2, "followee_ids": [] }));
}

#[tokio::test]
async fn a_lookup_finds_ids_and_handles_and_leaves_out_the_rest() {
    let world = World::new().await;
    let (ada, grace) = (world.person("Ada").await, world.person("grace").await);
    let question = json!({
        "ids": [ada.id, Uuid::from_u128(1), ada.id], "usernames": ["GRACE", "ada", "nobody", "no handle", "%"],
    });
    let mut items = found(lookup(&world, &grace, question.to_string()).await)["items"].take();
    items
        .as_array_mut()
        .unwrap()
        .sort_by_key(|item| text(&item["username"]).to_lowercase());
    let item = |person: &Person, username: &str| json!({ "id": person.id, "username": username, "display_name": null, "avatar_url": null });
    assert_eq!(items, json!([item(&ada, "Ada"), item(&grace, "grace")]));
    assert_eq!(
        found(lookup(&world, &ada, "{}").await),
        json!({ "items": [] })
    );
}

#[tokio::test]
async fn a_lookup_says_whether_a_block_keeps_the_viewer_from_a_contact_and_not_whose() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    let question = |contact: &Person| {
        json!({ "ids": [contact.id], "usernames": ["linus"], "contact_id": contact.id }).to_string()
    };
    for blocked in [false, true, false] {
        if blocked {
            let whom = grace.id.to_string();
            world.app.block(ada.id.into(), &whom).await.unwrap();
        } else {
            let whom = grace.id.to_string();
            world.app.unblock(ada.id.into(), &whom).await.unwrap();
        }
        for (who, whom) in [(&ada, &grace), (&grace, &ada)] {
            let body = found(lookup(&world, who, question(whom)).await);
            assert_eq!(body["contact_blocked"], json!(blocked));
            assert_eq!(body["items"][0]["id"], json!(whom.id));
        }
    }
    let nobody = json!({ "contact_id": Uuid::from_u128(1) });
    let body = found(lookup(&world, &ada, nobody.to_string()).await);
    assert_eq!(body, json!({ "items": [], "contact_blocked": false }));
    let request = Request::post("/internal/users/lookup")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(question(&grace)));
    let answer = world.graph.send(request.unwrap()).await;
    assert_eq!(answer.status.as_u16(), 401, "it is the viewer's own affair");
}

#[tokio::test]
async fn followees_change_their_version_with_a_block_in_either_direction() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada").await, world.person("grace").await);
    follow(&world, &ada, &grace).await;
    follow(&world, &grace, &ada).await;
    let whom = grace.id.to_string();
    world.app.block(ada.id.into(), &whom).await.unwrap();
    for who in [&ada, &grace] {
        let answer = followee_ids(&world, who, Some("\"1\"")).await;
        assert_eq!(answer.body, json!({ "version": 2, "followee_ids": [] }));
    }
}

#[tokio::test]
async fn a_lookup_of_too_many_or_of_nonsense_says_what_is_wrong() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let many: Vec<Uuid> = (0..101).map(Uuid::from_u128).collect();
    let names: Vec<String> = (0..101).map(|number| format!("user_{number}")).collect();
    let answer = lookup(
        &world,
        &ada,
        json!({ "ids": many, "usernames": names }).to_string(),
    )
    .await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_eq!(answer.body["error"]["code"], "VALIDATION_FAILED");
    let fields: Vec<&Value> = answer.body["error"]["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| &detail["field"])
        .collect();
    assert_eq!(fields, ["ids", "usernames"]);
    let hundred = json!({ "ids": many[..100], "usernames": names[..100] });
    assert_eq!(
        lookup(&world, &ada, hundred.to_string())
            .await
            .status
            .as_u16(),
        200
    );
    for (nonsense, status, code) in [
        ("", 400, "BAD_REQUEST"),
        ("7", 422, "VALIDATION_FAILED"),
        ("{\"ids\": [\"x\"]}", 422, "VALIDATION_FAILED"),
        ("{\"id\": []}", 422, "VALIDATION_FAILED"),
        ("{\"usernames\": null}", 422, "VALIDATION_FAILED"),
    ] {
        let answer = lookup(&world, &ada, nonsense.to_owned()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["error"]["code"]),
            (status, &json!(code)),
            "{nonsense}"
        );
    }
    let answer = lookup(&world, &ada, vec![b' '; 1024 * 1024 + 1]).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["error"]["code"]),
        (413, &json!("PAYLOAD_TOO_LARGE"))
    );
}

#[tokio::test]
async fn other_contexts_need_a_good_token_too() {
    let world = World::new().await;
    world.person("ada").await;
    let stranger = Person {
        id: Uuid::from_u128(1),
        token: testkit::tokens().token_at(Uuid::from_u128(1), &*world.clock),
    };
    let answer = followee_ids(&world, &stranger, None).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["error"]["code"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    for authorization in [None, Some("Bearer forged"), Some("Basic YTpi")] {
        for (method, path) in [
            ("GET", "/internal/followee-ids"),
            ("POST", "/internal/users/lookup"),
        ] {
            if authorization.is_none() && path.ends_with("lookup") {
                // It tells what `GET /users` tells anybody.
                continue;
            }
            let mut request = Request::builder().method(method).uri(path);
            if let Some(value) = authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            let answer = world.graph.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status.as_u16(), 401, "{path} {authorization:?}");
            assert_eq!(answer.body["error"]["code"], "UNAUTHENTICATED");
            assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        }
    }
}

/// The body of a 200.
fn found(answer: Answer) -> Value {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer.body
}

/// What the router does not lead to tells whoever gets to this port no more than the router tells anybody.
#[tokio::test]
async fn without_a_token_entities_and_lookups_say_what_everybody_may_know() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let entities = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User {
        username email viewerIsFollowing viewerIsBlocking } } }";
    let representations = json!({ "r": [{ "__typename": "User", "id": ada.id }] });
    let data = world.ask(None, entities, representations).await;
    let public = json!({ "username": "ada", "email": null, "viewerIsFollowing": false, "viewerIsBlocking": false });
    assert_eq!(data["_entities"], json!([public]));
    let asked = json!({ "ids": [ada.id] });
    let found = world
        .rest
        .post(None, "/internal/users/lookup", &asked)
        .await
        .ok();
    let mut fields: Vec<_> = found["items"][0].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["avatar_url", "display_name", "id", "username"]);
    let followees = world.rest.get(None, "/internal/followee-ids").await;
    assert_eq!(followees.refusal(), (401, "UNAUTHENTICATED"));
    for private in ["{ sessions { id } }", "{ blockedUsers { nodes { id } } }"] {
        let answer = world.graph.ask(None, private, json!({})).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{private}");
    }
}
