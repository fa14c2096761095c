//! The cookie that keeps a refresh token where no script of a page can read it.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite, time::Duration};
use secrecy::{ExposeSecret, SecretString};

const NAME: &str = "refresh_token";
/// The public path of the routes that need it; it is sent nowhere else.
const PATH: &str = "/api/auth";

/// The refresh token that a browser sent along.
pub(super) fn read(headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get_all(header::COOKIE)
        .iter()
        // Other cookies of the site may hold anything.
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .flat_map(|cookies| {
            let cookies = Cookie::split_parse(cookies.into_owned());
            cookies.filter_map(Result::ok).collect::<Vec<_>>()
        })
        .find(|cookie| cookie.name() == NAME && !cookie.value().is_empty())
        .map(|cookie| cookie.value().into())
}

/// The `Set-Cookie` that keeps a refresh token for as long as it is good, in seconds.
pub(super) fn keep(token: &SecretString, seconds: i64) -> Option<HeaderValue> {
    set(token.expose_secret(), Duration::seconds(seconds))
}

/// The `Set-Cookie` that makes a browser forget it.
pub(super) fn forget() -> Option<HeaderValue> {
    set("", Duration::ZERO)
}

fn set(token: &str, max_age: Duration) -> Option<HeaderValue> {
    let cookie = Cookie::build((NAME, token))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path(PATH)
        .max_age(max_age);
    let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_token_is_out_of_the_reach_of_scripts_and_other_sites() {
        let value = keep(&"t0ken".into(), 60).unwrap();
        let attributes: Vec<_> = value.to_str().unwrap().split("; ").collect();
        assert_eq!(attributes[0], "refresh_token=t0ken");
        for attribute in [
            "HttpOnly",
            "Secure",
            "SameSite=Strict",
            "Path=/api/auth",
            "Max-Age=60",
        ] {
            assert!(
                attributes.contains(&attribute),
                "{attribute}: {attributes:?}"
            );
        }
        assert!(value.is_sensitive());
    }

    #[test]
    fn it_is_found_among_other_cookies() {
        let found = |cookies: &'static [&'static str]| {
            let headers = cookies
                .iter()
                .map(|cookie| (header::COOKIE, HeaderValue::try_from(*cookie).unwrap()));
            read(&headers.collect()).map(|token| token.expose_secret().to_owned())
        };
        assert_eq!(
            found(&["a=1; refresh_token=t0ken; b=2"]),
            Some("t0ken".to_owned())
        );
        assert_eq!(
            found(&["a=1", "refresh_token=t0ken"]),
            Some("t0ken".to_owned())
        );
        assert_eq!(found(&["refresh_token=", "xrefresh_token=t0ken"]), None);
        assert_eq!(
            found(&["name=Zoë; refresh_token=t0ken"]),
            Some("t0ken".to_owned())
        );
        assert_eq!(found(&[]), None);
    }
}
