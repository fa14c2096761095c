//! The stores that `AVATAR_STORE_URL` can name, told so by the environment.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use common::clock::SystemClock;
use tokio::net::TcpListener;
use users::{
    Config,
    app::ports::AvatarStore,
    domain::{AvatarName, PictureFormat, UserId},
};
use uuid::Uuid;

use crate::config::env;

fn store(changes: &[(&str, &str)]) -> Arc<dyn AvatarStore> {
    let config = Config::from_env(&env(changes), SystemClock::shared());
    config.unwrap().avatars
}

fn name(id: u128) -> AvatarName {
    let owner = UserId::from(Uuid::from_u128(1));
    AvatarName::new(owner, Uuid::from_u128(id), PictureFormat::Png)
}

async fn assert_keeps_pictures(store: &dyn AvatarStore) {
    let (first, second) = (name(1), name(2));
    assert_eq!(store.get(&first).await.unwrap(), None);
    store.put(&first, "first".into()).await.unwrap();
    store.put(&second, "second".into()).await.unwrap();
    store.delete(&first).await.unwrap();
    store.delete(&first).await.unwrap();
    assert_eq!(store.get(&first).await.unwrap(), None);
    assert_eq!(store.get(&second).await.unwrap().unwrap(), "second");
}

#[tokio::test]
async fn a_folder_keeps_one_file_a_picture() {
    let parent = tempfile::tempdir().unwrap();
    for (name_of_folder, scheme) in [("one", "file:"), ("other", "file://")] {
        let folder = parent.path().join(name_of_folder);
        let url = format!("{scheme}{}", folder.display());
        assert_keeps_pictures(&*store(&[("AVATAR_STORE_URL", &url)])).await;
        let files: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files, [name(2).to_string()]);
        assert_eq!(fs::read(folder.join(&files[0])).unwrap(), b"second");
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_is_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("gone");
    let store = store(&[("AVATAR_STORE_URL", &format!("file:{}", folder.display()))]);
    fs::remove_dir_all(&folder).unwrap();
    // A file in its place, so that it cannot be made again.
    fs::write(&folder, "").unwrap();
    assert!(store.put(&name(1), "first".into()).await.is_err());
    assert!(store.get(&name(1)).await.is_err());
}

/// As much of S3 as is asked for, by whoever signs as `AKID`.
#[derive(Clone, Default)]
struct Bucket(Arc<Mutex<BTreeMap<String, Bytes>>>);

async fn s3(State(Bucket(objects)): State<Bucket>, uri: Uri, request: Request) -> Response {
    let signed = request.headers().get(header::AUTHORIZATION).cloned();
    let signed = signed.is_some_and(|value| {
        let value = value.to_str().unwrap();
        value.starts_with("AWS4-HMAC-SHA256 Credential=AKID/") && value.contains("/eu-test-1/s3/")
    });
    if !signed {
        return StatusCode::FORBIDDEN.into_response();
    }
    let (method, path) = (request.method().clone(), uri.path().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 4096)
        .await
        .unwrap();
    let mut objects = objects.lock().unwrap();
    match method {
        Method::PUT => {
            objects.insert(path, body);
            [(header::ETAG, "\"1\"")].into_response()
        }
        Method::GET => match objects.get(&path) {
            Some(object) => (
                [
                    (header::ETAG, "\"1\""),
                    (header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT"),
                ],
                object.clone(),
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        // DeleteObjects.
        Method::POST if uri.query() == Some("delete") => {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let mut parts = body.split(['<', '>']);
            let key = parts.find(|part| *part == "Key").and(parts.next());
            let key = key.unwrap();
            objects.remove(&format!("{path}/{key}"));
            format!("<DeleteResult><Deleted><Key>{key}</Key></Deleted></DeleteResult>")
                .into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn serve(routes: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    endpoint
}

fn bucket<'a>(endpoint: &'a str, key: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("AVATAR_STORE_URL", "s3://pictures/of/people"),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_REGION", "eu-test-1"),
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
    ]
}

#[tokio::test]
async fn a_bucket_keeps_pictures_under_its_prefix() {
    let objects = Bucket::default();
    let endpoint = serve(Router::new().fallback(s3).with_state(objects.clone())).await;
    assert_keeps_pictures(&*store(&bucket(&endpoint, "AKID"))).await;
    let paths: Vec<_> = objects.0.lock().unwrap().keys().cloned().collect();
    assert_eq!(paths, [format!("/pictures/of/people/{}", name(2))]);
}

#[tokio::test]
async fn a_bucket_that_refuses_or_is_not_there_is_an_error_that_shows_no_secret() {
    let refusing = serve(Router::new().fallback(s3).with_state(Bucket::default())).await;
    let failing = serve(Router::new().fallback(StatusCode::INTERNAL_SERVER_ERROR)).await;
    let nowhere = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for endpoint in [refusing, failing, nowhere] {
        let store = store(&bucket(&endpoint, "OTHER"));
        for error in [
            store.put(&name(1), "first".into()).await.unwrap_err(),
            store.get(&name(1)).await.unwrap_err(),
            store.delete(&name(1)).await.unwrap_err(),
        ] {
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
