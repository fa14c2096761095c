//! The caller's picture, and pictures as they are shown.

use axum::{
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, Multipart, Request, State, multipart::MultipartError,
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    error::{BAD_REQUEST, Class, Error, ErrorEnvelope, NOT_FOUND, PAYLOAD_TOO_LARGE, Violation},
    respond::json,
    rest::{BodyErrors, Faults, Id, NotSignedIn, SignedIn},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

/// The most bytes a request may have: a picture, and the form around it.
const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;

/// What a picture may do in a browser that is led to it: nothing but be seen.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// The body limit of the route that takes pictures.
pub(super) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MAX_BODY_BYTES)
}

/// A JPEG or PNG of 2 MiB at most.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes the body")]
struct Picture(Vec<u8>);

/// A form with a picture as its only part.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it describes the body")]
struct PictureForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Where the picture is now.
#[derive(Serialize, ToSchema)]
struct Avatar {
    /// An address of its own for each upload: what is there never changes.
    #[schema(
        format = "uri",
        example = "https://rookery.example.com/api/users/avatars/0a-0b.jpg"
    )]
    avatar_url: String,
}

/// The bytes of a picture, from a body or from the only part of a form.
pub(super) struct Upload(Bytes);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Violation;

    async fn from_request(request: Request, state: &S) -> Result<Self, Violation> {
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| {
                kind.as_bytes()
                    .to_ascii_lowercase()
                    .starts_with(b"multipart/")
            });
        if !is_form {
            let body = Bytes::from_request(request, state).await;
            return body
                .map(Self)
                .map_err(|rejection| unread(rejection.status()));
        }
        let form = Multipart::from_request(request, state).await;
        let mut form = form.map_err(|rejection| unread(rejection.status()))?;
        let broken = |error: MultipartError| unread(error.status());
        let refuse = |code, problem: &str| {
            let message = format!("{problem}; send the picture as its only one.");
            Err(Violation::invalid_field("file", code, message))
        };
        let Some(part) = form.next_field().await.map_err(broken)? else {
            return refuse("REQUIRED", "The form has no part");
        };
        let picture = part.bytes().await.map_err(broken)?;
        if form.next_field().await.map_err(broken)?.is_some() {
            return refuse("UNKNOWN_FIELD", "The form has more than one part");
        }
        Ok(Self(picture))
    }
}

fn unread(status: StatusCode) -> Violation {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let message = format!("The body may have {MAX_BODY_BYTES} bytes at most.");
        return Violation::new(Class::TooLarge, PAYLOAD_TOO_LARGE, message);
    }
    let message = "The body ended early, or is no form as its content type says.";
    Violation::new(Class::BadRequest, BAD_REQUEST, message)
}

/// Gives the caller a picture
///
/// A JPEG or PNG, by its content and not by its content type, as the body itself or as the only part of a form. It is
/// turned upright, fitted into 512 × 512 pixels and written anew: nothing else that was in the file is kept.
#[utoipa::path(
    put, path = "/users/me/avatar", tag = "users", operation_id = "putAvatar", security(("bearer" = [])),
    request_body(content(
        (Picture = "image/jpeg"),
        (Picture = "image/png"),
        (PictureForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The picture is there.", body = Avatar),
        (status = 422, description = "`AVATAR_TOO_LARGE`: more than 2 MiB, or too many pixels. `AVATAR_UNSUPPORTED_TYPE`: neither \
                                      JPEG nor PNG, or broken. `VALIDATION_FAILED`: a form without one part.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn put(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Upload(picture): Upload,
) -> Result<Response, Error> {
    let user = app.set_avatar(viewer.id.into(), picture).await;
    let user = user.map_err(|error| Error::from(error).renaming("avatar", "file"))?;
    let avatar_url = user.avatar_url.unwrap_or_default();
    Ok(json(StatusCode::OK, &Avatar { avatar_url }))
}

/// Takes the caller's picture away
///
/// Also one that was set by its address. Without one nothing changes.
#[utoipa::path(
    delete, path = "/users/me/avatar", tag = "users", operation_id = "deleteAvatar", security(("bearer" = [])),
    responses(
        (status = 204, description = "The caller has no picture."),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
) -> Result<Response, Error> {
    app.remove_avatar(viewer.id.into()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A picture
///
/// Its address is in `avatar_url` of whoever it shows, and may be kept for ever.
#[utoipa::path(
    get, path = "/users/avatars/{name}", tag = "users", operation_id = "readAvatar", security(()),
    params(("name" = String, Path, description = "The last part of an `avatar_url`.")),
    responses(
        (status = 200, description = "The picture.", content((Picture = "image/jpeg"), (Picture = "image/png")), headers(
            ("Cache-Control" = String, description = "A year, for everybody: the content of an address never changes."),
            ("ETag" = String, description = "For `If-None-Match`."),
        )),
        (status = 304, description = "The caller has it already."),
        (status = 404, description = "`NOT_FOUND`.", body = ErrorEnvelope),
        Faults,
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    headers: HeaderMap,
    Id(name): Id,
) -> Result<Response, Error> {
    let picture = app.avatar(&name).await?.ok_or_else(|| {
        let message = "There is no picture at this address; it may have been replaced.";
        Violation::new(Class::NotFound, NOT_FOUND, message)
    })?;
    // A name has one content for ever, so it is its own tag.
    let tag = format!("\"{name}\"");
    let is_known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*");
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = [(header::CONTENT_TYPE, picture.media_type)];
        (content_type, picture.data).into_response()
    };
    let answer = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    // Pages of other origins may show it: that is what it is for.
    answer.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    Ok(response)
}
