//! Which service a path belongs to.

use common::server::MAX_BODY_BYTES;
use http::{Method, Uri};
use url::Url;

use crate::config::Subgraphs;

const API: &str = "/api";
/// The same API under the name of its version.
const VERSION: &str = "/v1";

/// The public keys, where everybody looks for them (RFC 8615). This one path is the same at the service.
pub(crate) const JWKS: &str = "/.well-known/jwks.json";

/// A picture of 2 MiB, the most that the service takes, in the wrapping of a form.
const MAX_AVATAR_BYTES: u64 = 3 * 1024 * 1024;

#[derive(Clone, Copy)]
enum Service {
    Users,
    Posts,
    Messaging,
}

/// The first segment below the prefix, and whose it is. What is not here cannot be reached, `/internal` least of all.
const ROOTS: [(&str, Service); 6] = [
    ("auth", Service::Users),
    ("users", Service::Users),
    ("posts", Service::Posts),
    ("feed", Service::Posts),
    ("conversations", Service::Messaging),
    ("messages", Service::Messaging),
];

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The name of the service, for the log.
    pub(super) service: &'static str,
    pub(super) url: Url,
    /// What was taken off the front of the path.
    pub(super) prefix: Option<&'static str>,
    /// The most that its body may have.
    pub(super) max_body: u64,
}

/// The target of a request, or nothing if no service has anything at this path.
pub(super) fn target(subgraphs: &Subgraphs, method: &Method, uri: &Uri) -> Option<Target> {
    let path = uri.path();
    let (service, prefix, path) = if path == JWKS {
        (Service::Users, None, path)
    } else {
        let (prefix, path) = without_prefix(path)?;
        (service(path)?, Some(prefix), path)
    };
    let (service, base) = service.of(subgraphs);
    Some(Target {
        service,
        url: url(base, path, uri.query())?,
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

/// The service of a path such as `/users/me`, if every segment of it is what it looks like.
fn service(path: &str) -> Option<Service> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let root = segments.next()?;
    let (_, service) = ROOTS.into_iter().find(|(name, _)| *name == root)?;
    segments.all(is_plain).then_some(service)
}

/// Whether no reader of a segment, however often it decodes it, can make more of it than one segment further down. The
/// paths of the API have neither empty segments nor any of these characters.
fn is_plain(segment: &str) -> bool {
    let Some(text) = decoded(segment) else {
        return false;
    };
    // `..;x` is `..` to some.
    let name = text.split(';').next().unwrap_or_default();
    !matches!(name, "" | "." | "..")
        && !text
            .chars()
            .any(|char| char.is_control() || matches!(char, '/' | '\\' | '%'))
}

/// The text behind the percent-encoding of a segment (RFC 3986, 2.1), if there is one.
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

/// The URL at a service, if its path says byte for byte what was asked for.
fn url(base: &Url, path: &str, query: Option<&str>) -> Option<Url> {
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    let mut url = base.clone();
    url.set_path(&path);
    // What a URL must not contain, such as quotes, is percent-encoded here; to whoever decodes it, it is the same query.
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

impl Service {
    fn of(self, subgraphs: &Subgraphs) -> (&'static str, &Url) {
        match self {
            Self::Users => ("users", &subgraphs.users),
            Self::Posts => ("posts", &subgraphs.posts),
            Self::Messaging => ("messaging", &subgraphs.messaging),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(base: &str) -> impl Fn(&str) -> Option<String> {
        let url: Url = base.parse().unwrap();
        let [users, posts, messaging] = [1, 2, 3].map(|port| {
            let mut url = url.clone();
            url.set_port(Some(port)).unwrap();
            url
        });
        let subgraphs = Subgraphs {
            users,
            posts,
            messaging,
        };
        move |uri| {
            let target = target(&subgraphs, &Method::GET, &uri.parse().unwrap())?;
            Some(target.url.to_string())
        }
    }

    #[test]
    fn a_path_belongs_to_the_service_of_its_first_segment() {
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
    fn a_service_may_itself_be_below_a_path() {
        let target = targets("http://host/social/");
        let url = target("/api/users/me");
        assert_eq!(url.as_deref(), Some("http://host:1/social/users/me"));
    }

    #[test]
    fn nothing_else_is_anywhere() {
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
    fn no_path_leads_out_of_its_service() {
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
    fn only_the_avatar_may_be_larger() {
        let mib = 1024 * 1024;
        assert_eq!(max_body(&Method::PUT, "/users/me/avatar"), 3 * mib);
        assert_eq!(max_body(&Method::POST, "/users/me/avatar"), mib);
        assert_eq!(max_body(&Method::PUT, "/users/me"), mib);
    }
}
