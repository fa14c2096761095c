//! Maps a REST path to its service.

use common::server::MAX_BODY_BYTES;
use contexts::Context;
use http::{Method, Uri};
use url::Url;

use crate::subgraphs::Subgraphs;

const API: &str = "/api";
/// The same API with an explicit version.
const VERSION: &str = "/v1";

/// The public keys at their well-known path (RFC 8615), the same path as at the service.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";

/// A picture of 2 MiB, the limit of the service, with multipart overhead.
const MAX_AVATAR_BYTES: u64 = 3 * 1024 * 1024;

/// The first path segment below the prefix, and its service. Other paths, such as `/internal`, cannot be reached.
const ROOTS: [(&str, Context); 6] = [
    ("auth", Context::Users),
    ("users", Context::Users),
    ("posts", Context::Posts),
    ("feed", Context::Posts),
    ("conversations", Context::Messaging),
    ("messages", Context::Messaging),
];

/// Where a request is forwarded to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Name of the service, for the log.
    pub(super) service: &'static str,
    pub(super) url: Url,
    /// Prefix that was removed from the path.
    pub(super) prefix: Option<&'static str>,
    /// Limit on the request body in bytes.
    pub(super) max_body: u64,
}

/// The target of a request; `None` if its path belongs to no service.
pub(super) fn target(subgraphs: &Subgraphs, method: &Method, uri: &Uri) -> Option<Target> {
    let path = uri.path();
    let (service, prefix, path) = if path == JWKS {
        (Context::Users, None, path)
    } else {
        let (prefix, path) = without_prefix(path)?;
        (service(path)?, Some(prefix), path)
    };
    Some(Target {
        service: service.name(),
        url: url(subgraphs.url(service)?, path, uri.query())?,
        prefix,
        max_body: max_body(method, path),
    })
}

/// Splits `/api/users` into `/api` and `/users`.
fn without_prefix(path: &str) -> Option<(&'static str, &str)> {
    let below = path.strip_prefix(API)?;
    match below.strip_prefix(VERSION) {
        Some(below) if below.starts_with('/') => Some(("/api/v1", below)),
        _ => Some((API, below)),
    }
}

/// The service of a path such as `/users/me`, if every segment is unambiguous.
fn service(path: &str) -> Option<Context> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let root = segments.next()?;
    let (_, service) = ROOTS.into_iter().find(|(name, _)| *name == root)?;
    segments.all(is_plain).then_some(service)
}

/// Whether a segment stays one path segment however often it is decoded. Paths of the API contain neither empty segments nor
/// the refused characters.
fn is_plain(segment: &str) -> bool {
    let Some(text) = decoded(segment) else {
        return false;
    };
    // Some servers read `..;x` as `..`.
    let name = text.split(';').next().unwrap_or_default();
    !matches!(name, "" | "." | "..")
        && !text
            .chars()
            .any(|char| char.is_control() || matches!(char, '/' | '\\' | '%'))
}

/// Percent-decodes a segment (RFC 3986, 2.1); `None` if it is malformed.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The URL at a service, if its path equals the requested one byte for byte.
fn url(base: &Url, path: &str, query: Option<&str>) -> Option<Url> {
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    let mut url = base.clone();
    url.set_path(&path);
    // Percent-encodes characters that a URL must not contain, such as quotes; the decoded query is the same.
    url.set_query(query);
    (url.path() == path).then_some(url)
}

fn max_body(method: &Method, path: &str) -> u64 {
    if *method == Method::PUT && path == "/users/me/avatar" {
        MAX_AVATAR_BYTES
    } else {
        MAX_BODY_BYTES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(base: &str) -> impl Fn(&str) -> Option<String> {
        let url: Url = base.parse().unwrap();
        let subgraphs = Subgraphs::new(|context| {
            let mut url = url.clone();
            url.set_port(Some(context.port() - 4000)).unwrap();
            url
        });
        move |uri| {
            let target = target(&subgraphs, &Method::GET, &uri.parse().unwrap())?;
            Some(target.url.to_string())
        }
    }

    #[test]
    fn first_segment_decides_the_service() {
        let target = targets("http://host");
        for (uri, url) in [
            ("/api/auth/login", "http://host:1/auth/login"),
            ("/api/users", "http://host:1/users"),
            (
                "/api/users/me?x=1&x=%20+",
                "http://host:1/users/me?x=1&x=%20+",
            ),
            ("/api/posts/7", "http://host:2/posts/7"),
            ("/api/feed?", "http://host:2/feed?"),
            (
                "/api/conversations/7/read",
                "http://host:3/conversations/7/read",
            ),
            (
                "/api/v1/messages/mentions",
                "http://host:3/messages/mentions",
            ),
            (
                "/.well-known/jwks.json",
                "http://host:1/.well-known/jwks.json",
            ),
            ("/api/users/J%C3%BCrgen", "http://host:1/users/J%C3%BCrgen"),
            ("/api/users/a...b;c", "http://host:1/users/a...b;c"),
        ] {
            assert_eq!(target(uri).as_deref(), Some(url), "{uri}");
        }
    }

    #[test]
    fn service_url_may_have_a_path() {
        let target = targets("http://host/social/");
        let url = target("/api/users/me");
        assert_eq!(url.as_deref(), Some("http://host:1/social/users/me"));
    }

    #[test]
    fn other_paths_have_no_target() {
        let target = targets("http://host");
        for uri in [
            "/",
            "/api",
            "/api/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/users",
            "/api/v1/v1/users",
            "/api/v1users",
            "/apiusers",
            "/API/users",
            "/api/Users",
            "/api/usersx",
            "/api/user",
            "/api/internal/followee-ids",
            "/api/graphql",
            "/api/health",
            "/api/metrics",
            "/api/openapi.json",
            "/users/me",
            "/internal/followee-ids",
            "/.well-known/jwks.json/",
            "/.well-known/other",
            "/api/.well-known/jwks.json",
        ] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }

    #[test]
    fn refuses_path_traversal() {
        let target = targets("http://host");
        for path in [
            "/api/users/../internal/x",
            "/api/users/./x",
            "/api/users/..",
            "/api/users/.",
            "/api/users/%2e%2e/internal/x",
            "/api/users/%2E./internal/x",
            "/api/users/.%2e/internal/x",
            "/api/users/%2e/x",
            "/api/users/..;/internal/x",
            "/api/users/%2e%2e;a=b/internal/x",
            "/api/users/%252e%252e/internal/x",
            "/api/users/..%2finternal/x",
            "/api/users/..%5Cinternal/x",
            "/api/users/%2Finternal/x",
            "/api/users/%5cinternal/x",
            "/api/users//internal/x",
            "/api/users/",
            "/api//users/me",
            "//api/users/me",
            "/api/%75sers/me",
            "/api/%2e%2e/internal/x",
            "/api/../internal/x",
            "/api/users/../../internal/x",
            "/api/v1/../internal/x",
            "/api/v1/users/../../internal/x",
            "/api/users/%00",
            "/api/users/%0d%0ax",
            "/api/users/%ff",
            "/api/users/%c0%ae%c0%ae/internal",
            "/api/users/%zz",
            "/api/users/%2",
            "/api/users/%",
        ] {
            assert_eq!(target(path), None, "{path}");
        }
    }

    #[test]
    fn avatars_have_a_larger_limit() {
        let mib = 1024 * 1024;
        assert_eq!(max_body(&Method::PUT, "/users/me/avatar"), 3 * mib);
        assert_eq!(max_body(&Method::POST, "/users/me/avatar"), mib);
        assert_eq!(max_body(&Method::PUT, "/users/me"), mib);
    }
}
