//! The users service as the user directory, against a server that stands in for it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse, routing::post,
};
use common::{auth::Viewer, clock::SystemClock, upstream::Upstream};
use messaging::{
    app::ports::{DirectoryError, UserDirectory},
    clients::UsersService,
    domain::{Handle, UserId, UserSummary},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use testkit::tokens;
use tokio::{net::TcpListener, sync::mpsc};
use uuid::Uuid;

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(2);
/// Well above the patience that callers have, well below what a call may take by default.
const BOUND: Duration = Duration::from_millis(1_500);

/// What the stand-in was asked: path-independent, the `Authorization` header and the body.
type Asked = mpsc::UnboundedSender<(String, Value)>;

async fn serve(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

fn service_at(address: SocketAddr) -> UsersService {
    let base = format!("http://{address}").parse().unwrap();
    UsersService::new(Upstream::new("users", base).unwrap())
}

/// A users service that answers the same whatever it is asked.
async fn answering(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> UsersService {
    let routes = Router::new().route(
        "/internal/users/lookup",
        post(move || {
            let answer = answer.clone();
            async move { answer }
        }),
    );
    service_at(serve(routes).await)
}

/// A users service that takes questions and never answers.
async fn hanging() -> UsersService {
    let routes = Router::new().route("/internal/users/lookup", post(std::future::pending::<()>));
    service_at(serve(routes).await)
}

/// The address of nobody: bound once and given up.
async fn refusing() -> UsersService {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    service_at(listener.local_addr().unwrap())
}

fn viewer() -> Arc<Viewer> {
    let token = tokens().token(Uuid::from_u128(1));
    tokens().viewer(&token, SystemClock::shared())
}

async fn ask(
    service: &UsersService,
    patience: Duration,
) -> Result<Vec<UserSummary>, DirectoryError> {
    ask_as(&viewer(), service, patience).await
}

async fn ask_as(
    viewer: &Viewer,
    service: &UsersService,
    patience: Duration,
) -> Result<Vec<UserSummary>, DirectoryError> {
    let handles = [Handle::of("Grace"), Handle::of("nobody")];
    service
        .look_up(
            viewer,
            &[UserId::from(Uuid::from_u128(7))],
            &handles,
            patience,
        )
        .await
}

#[tokio::test]
async fn it_is_asked_for_ids_and_handles_with_the_token_of_the_viewer() {
    let (asked, mut questions) = mpsc::unbounded_channel();
    let answer = json!({ "items": [
        { "id": Uuid::from_u128(7), "username": "linus", "display_name": null, "avatar_url": null },
        { "id": Uuid::from_u128(8), "username": "Grace", "display_name": "G", "avatar_url": "x", "new": 1 },
    ] });
    let routes = Router::new()
        .route(
            "/internal/users/lookup",
            post(
                move |State(asked): State<Asked>, headers: HeaderMap, body: Bytes| async move {
                    let authorization = headers["authorization"].to_str().unwrap().to_owned();
                    let question = serde_json::from_slice(&body).unwrap();
                    asked.send((authorization, question)).unwrap();
                    answer.to_string()
                },
            ),
        )
        .with_state(asked);
    let service = service_at(serve(routes).await);
    let viewer = viewer();
    let known = ask_as(&viewer, &service, PATIENCE).await.unwrap();
    let expected =
        [(7, "linus", None), (8, "Grace", Some("G"))].map(|(id, name, shown)| UserSummary {
            id: UserId::from(Uuid::from_u128(id)),
            username: name.to_owned(),
            display_name: shown.map(str::to_owned),
            avatar_url: shown.map(|_| "x".to_owned()),
        });
    assert_eq!(known, expected, "unknown ones are left out");
    let (authorization, question) = questions.recv().await.unwrap();
    assert_eq!(authorization, viewer.authorization().expose_secret());
    assert_eq!(
        question,
        json!({ "ids": [Uuid::from_u128(7)], "usernames": ["grace", "nobody"] })
    );
}

#[tokio::test]
async fn a_contact_and_the_handles_of_a_message_are_one_question() {
    let (asked, mut questions) = mpsc::unbounded_channel();
    let answer = json!({ "contact_blocked": true, "items": [
        { "id": Uuid::from_u128(7), "username": "linus", "display_name": null, "avatar_url": null },
    ] });
    let routes = Router::new()
        .route(
            "/internal/users/lookup",
            post(move |State(asked): State<Asked>, body: Bytes| async move {
                let question = serde_json::from_slice(&body).unwrap();
                asked.send((String::new(), question)).unwrap();
                answer.to_string()
            }),
        )
        .with_state(asked);
    let service = service_at(serve(routes).await);
    let contact = UserId::from(Uuid::from_u128(7));
    let handles = [Handle::of("Grace")];
    let viewer = viewer();
    let asked = service.look_up_contact(&viewer, contact, &handles, PATIENCE);
    let heard = asked.await.unwrap();
    assert!(heard.blocked);
    assert_eq!(heard.known[0].id, contact);
    let (_, question) = questions.recv().await.unwrap();
    assert_eq!(
        question,
        json!({ "ids": [Uuid::from_u128(1), contact.as_uuid()], "usernames": ["grace"], "contact_id": contact.as_uuid() })
    );
    assert!(questions.try_recv().is_err(), "one question");
}

#[tokio::test]
async fn an_answer_that_does_not_say_whether_a_contact_is_blocked_is_no_answer() {
    let service = answering(r#"{"items":[]}"#).await;
    let contact = UserId::from(Uuid::from_u128(7));
    let viewer = viewer();
    let heard = service
        .look_up_contact(&viewer, contact, &[], PATIENCE)
        .await;
    assert!(
        matches!(heard, Err(DirectoryError::Unexpected(_))),
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_there_is_not_an_outage() {
    let service = answering(axum::http::StatusCode::UNAUTHORIZED).await;
    let answer = ask(&service, PATIENCE).await;
    assert!(
        matches!(answer, Err(DirectoryError::Unauthenticated)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn nobody_known_is_an_answer() {
    let service = answering(r#"{"items":[]}"#).await;
    assert_eq!(ask(&service, PATIENCE).await.unwrap(), []);
}

#[tokio::test]
async fn a_service_that_fails_hangs_or_is_gone_is_unavailable() {
    let failing = answering(axum::http::StatusCode::INTERNAL_SERVER_ERROR).await;
    for (case, service) in [
        ("500", failing),
        ("hang", hanging().await),
        ("refused", refusing().await),
    ] {
        let answer = tokio::time::timeout(BOUND, ask(&service, Duration::from_millis(200)))
            .await
            .expect("it is given no longer than it was to be given");
        assert!(
            matches!(answer, Err(DirectoryError::Unavailable(_))),
            "{case}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_no_answer() {
    for service in [
        answering("not JSON").await,
        answering(r#"{"items":[{"id":"x","username":"ada"}]}"#).await,
        answering(axum::http::StatusCode::UNPROCESSABLE_ENTITY).await,
    ] {
        let answer = ask(&service, PATIENCE).await;
        assert!(
            matches!(answer, Err(DirectoryError::Unexpected(_))),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_users_service_that_hangs_holds_up_no_message_for_long() {
    let service = Arc::new(hanging().await);
    let world = World::with_directory(|_| service).await;
    let (ada, grace) = (world.stranger(), world.stranger());
    // There is nobody to ask whether they exist, so the conversation is there from before.
    sqlx::Executor::execute(
        &world.admin,
        sqlx::AssertSqlSafe(format!(
            "WITH c AS (INSERT INTO messaging.conversations (id, low_user_id, high_user_id, created_at, updated_at)
                 VALUES ('{0}', '{0}', '{1}', '2026-01-01', '2026-01-01'))
             INSERT INTO messaging.participants (conversation_id, user_id, updated_at)
                 VALUES ('{0}', '{0}', '2026-01-01'), ('{0}', '{1}', '2026-01-01')",
            ada.id, grace.id
        )),
    )
    .await
    .unwrap();
    let id = ada.id.to_string();
    // It costs half a second, and the mentions.
    for text in ["hello", "hello @grace"] {
        let sent = tokio::time::timeout(BOUND, world.say(&ada, &id, text)).await;
        assert!(sent.is_ok(), "the message waits for the users service");
    }
    assert_eq!(world.unread(&grace, &id).await, 2);
}
