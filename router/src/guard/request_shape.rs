//! CSRF protection: the method, content type and headers that a GraphQL request must have.
//!
//! A web page of any origin can make a browser send a *simple* request (Fetch, "CORS-safelisted") without a preflight. Such
//! requests are refused here. A `POST` must have a JSON content type, which is not simple. A `GET`, which only runs
//! queries, needs a header that a simple request cannot have if the browser marks it as cross-site.

use hive_router::ntex::http::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderName},
};

use crate::request::ClientError;

/// Headers that a browser does not send to another origin without a preflight.
const PREFLIGHTED: [HeaderName; 5] = [
    header::AUTHORIZATION,
    HeaderName::from_static("graphql-require-preflight"),
    // Sent by Apollo's clients for the same purpose.
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("x-apollo-operation-name"),
    HeaderName::from_static("x-requested-with"),
];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(super) fn check(method: &Method, headers: &HeaderMap) -> Result<(), ClientError> {
    match *method {
        Method::POST if is_json(headers) => Ok(()),
        Method::POST => Err(ClientError::new(
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
            "The content type must be application/json.",
        )),
        Method::GET
            if !is_cross_site(headers)
                || PREFLIGHTED.iter().any(|name| headers.contains_key(name)) =>
        {
            Ok(())
        }
        Method::GET => Err(ClientError::new(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "A query from another site needs a header that makes browsers ask first, such as graphql-require-preflight: 1.",
        )),
        _ => Err(ClientError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "BAD_REQUEST",
            "The graph takes POST, and GET for queries.",
        )
        .with_header(header::ALLOW, "GET, POST")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = content_type
        .to_str()
        .ok()
        .and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether a browser marks the request as cross-site (Fetch Metadata, 2.4). Other clients send no such header and add no
/// ambient credentials.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::header::HeaderValue;

    use super::*;

    fn check(method: &Method, headers: &[(HeaderName, &'static str)]) -> Result<(), StatusCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_static(value));
        }
        super::check(method, &map).map_err(|refusal| refusal.status)
    }

    #[test]
    fn accepts_json_bodies_only() {
        for json in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(
                check(&Method::POST, &[(header::CONTENT_TYPE, json)]),
                Ok(()),
                "{json}"
            );
        }
        for simple in [
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            let refused = check(&Method::POST, &[(header::CONTENT_TYPE, simple)]);
            assert_eq!(refused, Err(StatusCode::BAD_REQUEST), "{simple}");
        }
        assert_eq!(check(&Method::POST, &[]), Err(StatusCode::BAD_REQUEST));
        let two = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CONTENT_TYPE, "text/plain"),
        ];
        assert_eq!(check(&Method::POST, &two), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn cross_site_get_needs_a_preflighted_header() {
        assert_eq!(check(&Method::GET, &[]), Ok(()));
        assert_eq!(
            check(&Method::GET, &[(SEC_FETCH_SITE, "same-origin")]),
            Ok(())
        );
        assert_eq!(check(&Method::GET, &[(SEC_FETCH_SITE, "none")]), Ok(()));
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(
                check(&Method::GET, &[(SEC_FETCH_SITE, site)]),
                Err(StatusCode::FORBIDDEN),
                "{site}"
            );
            let asked = [
                (SEC_FETCH_SITE, site),
                (HeaderName::from_static("graphql-require-preflight"), "1"),
            ];
            assert_eq!(check(&Method::GET, &asked), Ok(()), "{site}");
        }
    }

    #[test]
    fn refuses_other_methods_with_405() {
        for method in [
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::HEAD,
            Method::OPTIONS,
            Method::TRACE,
        ] {
            assert_eq!(
                check(&method, &[]),
                Err(StatusCode::METHOD_NOT_ALLOWED),
                "{method}"
            );
        }
    }
}
