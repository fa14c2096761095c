//! Pictures through the REST API: what may be sent, and how they are served.

use std::io::Cursor;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use image::{DynamicImage, ImageFormat};
use serde_json::json;
use testkit::Reply;

use crate::world::{Person, World, text};

/// A picture of 3 × 2 pixels.
fn png() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(3, 2)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    file.into_inner()
}

async fn put(world: &World, person: &Person, content_type: &str, body: Vec<u8>) -> Reply {
    let request = Request::put("/users/me/avatar")
        .header(header::AUTHORIZATION, format!("Bearer {}", person.token))
        .header(header::CONTENT_TYPE, content_type);
    world
        .rest
        .send(request.body(Body::from(body)).unwrap())
        .await
}

/// A form with one part.
fn form(part: &[u8]) -> Vec<u8> {
    let head = "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"me.png\"\r\ncontent-type: image/png\r\n\r\n";
    [head.as_bytes(), part, b"\r\n--edge--\r\n"].concat()
}

fn two_parts() -> Vec<u8> {
    let mut form = form(&png());
    form.truncate(form.len() - b"--\r\n".len());
    let second = b"\r\ncontent-disposition: form-data; name=\"x\"\r\n\r\n42\r\n--edge--\r\n";
    [form, second.to_vec()].concat()
}

const FORM: &str = "multipart/form-data; boundary=edge";

/// The path at the service of a public address.
fn path_of(avatar_url: &str) -> &str {
    avatar_url.split_once("/api").expect("a public address").1
}

#[tokio::test]
async fn a_picture_is_sent_as_it_is_or_in_a_form_and_served_for_ever_to_everybody() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (content_type, body) in [
        ("image/png", png()),
        ("application/octet-stream", png()),
        ("text/plain", png()),
        (FORM, form(&png())),
    ] {
        let avatar = put(&world, &ada, content_type, body).await.ok();
        let url = text(&avatar["avatar_url"]).to_owned();
        let me = world.rest.get(Some(&ada.token), "/users/me").await.ok();
        assert_eq!(me["avatar_url"], json!(url), "{content_type}");

        let shown = world.rest.get(None, path_of(&url)).await;
        assert_eq!(shown.status, StatusCode::OK);
        let is_picture = image::load_from_memory(&shown.bytes).is_ok();
        assert!(is_picture, "{content_type}");
        for (name, value) in [
            ("cache-control", "public, max-age=31536000, immutable"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(shown.headers[name], value);
        }
        let tag = shown.headers[header::ETAG].clone();
        let again = Request::get(path_of(&url)).header(header::IF_NONE_MATCH, &tag);
        let again = world.rest.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (again.status, &again.headers[header::ETAG]),
            (StatusCode::NOT_MODIFIED, &tag)
        );
    }
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mib = 1024 * 1024;
    let mut large = png();
    large.resize(2 * mib + 1, 0);
    for (content_type, body, refusal) in [
        (
            "image/png",
            b"GIF89a".to_vec(),
            (422, "AVATAR_UNSUPPORTED_TYPE"),
        ),
        ("image/png", Vec::new(), (422, "AVATAR_UNSUPPORTED_TYPE")),
        ("image/png", large.clone(), (422, "AVATAR_TOO_LARGE")),
        (FORM, form(&large), (422, "AVATAR_TOO_LARGE")),
        (FORM, form(b"x"), (422, "AVATAR_UNSUPPORTED_TYPE")),
        (FORM, b"--edge--\r\n".to_vec(), (422, "VALIDATION_FAILED")),
        (FORM, two_parts(), (422, "VALIDATION_FAILED")),
        (FORM, b"no form".to_vec(), (400, "BAD_REQUEST")),
        ("multipart/form-data", form(&png()), (400, "BAD_REQUEST")),
        (
            "image/png",
            vec![0; 3 * mib + 1],
            (413, "PAYLOAD_TOO_LARGE"),
        ),
        (FORM, form(&vec![0; 3 * mib]), (413, "PAYLOAD_TOO_LARGE")),
    ] {
        let size = body.len();
        let reply = put(&world, &ada, content_type, body).await;
        assert_eq!(reply.refusal(), refusal, "{size} bytes of {content_type}");
    }
    let me = world.rest.get(Some(&ada.token), "/users/me").await.ok();
    assert_eq!(me["avatar_url"], json!(null));
    let nobody = Request::put("/users/me/avatar")
        .body(Body::from(png()))
        .unwrap();
    assert_eq!(
        world.rest.send(nobody).await.refusal(),
        (401, "UNAUTHENTICATED")
    );
}

#[tokio::test]
async fn a_picture_that_is_taken_away_is_gone() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let avatar = put(&world, &ada, "image/png", png()).await.ok();
    let path = path_of(text(&avatar["avatar_url"])).to_owned();
    for _ in 0..2 {
        let reply = world
            .rest
            .call(Some(&ada.token), Method::DELETE, "/users/me/avatar")
            .await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
    }
    let me = world.rest.get(Some(&ada.token), "/users/me").await.ok();
    assert_eq!(me["avatar_url"], json!(null));
    for path in [
        path.as_str(),
        "/users/avatars/x.png",
        "/users/avatars/..%2f..%2fetc%2fpasswd",
    ] {
        assert_eq!(
            world.rest.get(None, path).await.refusal(),
            (404, "NOT_FOUND"),
            "{path}"
        );
    }
}
