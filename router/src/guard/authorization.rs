//! Verifies the access token of a request. A valid token identifies its subject, a request without a token is anonymous,
//! and everything else is refused, because the engine would treat an invalid token as no token.

use common::{
    auth::{Identity, Verifier},
    error::{Error, Fault},
};
use hive_router::ntex::http::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;

use super::internal_token::{INTERNAL_TOKEN_HEADER, InternalTokens};
use crate::request::ClientError;

/// Verifies the `Authorization` header.
pub(super) async fn identify(verifier: &Verifier, headers: &HeaderMap) -> Result<Identity, Error> {
    verifier.identify(&authorization(headers)).await
}

/// Normalizes a valid `Authorization` header, removes any other, and adds the internal token for the engine.
pub(super) fn normalize_headers(
    identity: Result<Identity, Error>,
    internal_tokens: &InternalTokens,
    headers: &mut HeaderMap,
) -> Result<Identity, ClientError> {
    headers.remove(INTERNAL_TOKEN_HEADER);
    headers.remove(header::AUTHORIZATION);
    let identity = identity.map_err(refuse)?;
    if let Some(viewer) = identity.viewer() {
        let internal = internal_tokens.issue(viewer);
        let internal = internal.map_err(|fault| refuse(fault.into()))?;
        let token = HeaderValue::from_str(viewer.authorization().expose_secret())
            .map_err(|error| refuse(Fault::internal(error).into()))?;
        headers.insert(HeaderName::from_static(INTERNAL_TOKEN_HEADER), internal);
        headers.insert(header::AUTHORIZATION, token);
    }
    Ok(identity)
}

fn refuse(error: Error) -> ClientError {
    if let Error::Fault(fault) = &error {
        tracing::error!(error = %fault, "a token cannot be verified");
    }
    error.into()
}

/// Converts the `Authorization` headers to the verifier's type. An empty header counts as none, because some clients build
/// the header before they have a token.
fn authorization(headers: &HeaderMap) -> http::HeaderMap {
    let values: Vec<&HeaderValue> = headers.get_all(header::AUTHORIZATION).collect();
    let is_empty = |value: &HeaderValue| value.as_bytes().trim_ascii().is_empty();
    if let [only] = values.as_slice()
        && is_empty(only)
    {
        return http::HeaderMap::new();
    }
    values
        .into_iter()
        // A value that cannot be converted is not a token either.
        .map(|value| {
            http::HeaderValue::from_bytes(value.as_bytes().trim_ascii())
                .unwrap_or_else(|_error| http::HeaderValue::from_static(""))
        })
        .map(|value| (http::header::AUTHORIZATION, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use common::{
        auth::{Claims, Issuer, KeyPair, PublicKeys, Signer},
        clock::{Clock, SystemClock},
        config::Env,
    };

    use hive_router::ntex::http::StatusCode;

    use super::*;

    static SIGNED: LazyLock<(Verifier, String)> = LazyLock::new(|| {
        let (keys, clock) = (KeyPair::generate().unwrap(), SystemClock);
        let issuer = Issuer::from_env(&Env::default());
        let signer = Signer::new(&keys.private_pem, issuer.clone()).unwrap();
        let (now, id) = (clock.now().as_seconds(), clock.new_id());
        let claims = Claims {
            iss: issuer.issuer.clone(),
            aud: issuer.audience.clone(),
            sub: id,
            iat: now,
            exp: now + 900,
            nbf: None,
            jti: clock.new_id(),
            user_id: id,
            sid: None,
            email: "ada@example.com".to_owned(),
            roles: vec![],
            scope: String::new(),
        };
        let keys = PublicKeys::from_pem(&keys.public_pem).unwrap();
        let verifier = Verifier::new(keys, &issuer, SystemClock::shared());
        (verifier, signer.sign(&claims).unwrap())
    });

    async fn verified(values: &[&str]) -> (Result<bool, StatusCode>, Option<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let identity = identify(&SIGNED.0, &headers).await;
        let outcome = normalize_headers(identity, &InternalTokens::new(), &mut headers)
            .map(|identity| identity.viewer().is_some())
            .map_err(|refusal| refusal.status);
        let left = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap().to_owned());
        (outcome, left)
    }

    #[tokio::test]
    async fn normalizes_the_scheme_of_a_valid_token() {
        let token = &SIGNED.1;
        for spelling in [
            format!("Bearer {token}"),
            format!("bearer   {token}"),
            format!(" BEARER {token} "),
        ] {
            let (outcome, left) = verified(&[&spelling]).await;
            assert_eq!(
                (outcome, left),
                (Ok(true), Some(format!("Bearer {token}"))),
                "{spelling}"
            );
        }
    }

    #[tokio::test]
    async fn request_without_a_token_is_anonymous() {
        assert_eq!(verified(&[]).await, (Ok(false), None));
        assert_eq!(
            verified(&[""]).await,
            (Ok(false), None),
            "an empty header holds no token"
        );
    }

    #[tokio::test]
    async fn refuses_malformed_and_repeated_tokens() {
        let token = &SIGNED.1;
        let good = format!("Bearer {token}");
        for values in [
            vec!["Bearer"],
            vec!["Bearer x"],
            vec!["Basic YWRhOng="],
            vec![token.as_str()],
            vec![good.as_str(), good.as_str()],
            vec![good.as_str(), ""],
        ] {
            assert_eq!(
                verified(&values).await.0,
                Err(StatusCode::UNAUTHORIZED),
                "{values:?}"
            );
        }
        let joined = [
            format!("Bearer{token}"),
            format!("{good}, {good}"),
            format!("Bearer {token} {token}"),
        ];
        for value in &joined {
            assert_eq!(
                verified(&[value]).await.0,
                Err(StatusCode::UNAUTHORIZED),
                "{value}"
            );
        }
    }
}
