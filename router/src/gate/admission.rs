//! Who sends a request. A good token is its subject, no token is nobody in particular, and anything else is refused:
//! the engine would let it pass as nobody.

use common::{
    auth::{Identity, Verifier},
    error::{Error, Fault},
};
use hive_router::ntex::http::{
    HeaderMap, StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;

use super::ticket::{TICKET, Tickets};
use crate::{edge::TraceId, reply::Refusal, usage::Tally};

/// What the gate knows of a request that it let in; the engine's hooks find it in the request's context.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    /// Whether the request came with a token, and the token is good.
    pub(crate) is_signed_in: bool,
    pub(crate) trace_id: TraceId,
    /// Counts what the client sends, where that is counted.
    pub(crate) tally: Option<Tally>,
}

/// Verifies the `Authorization` header.
pub(super) async fn identify(verifier: &Verifier, headers: &HeaderMap) -> Result<Identity, Error> {
    verifier.identify(&presented(headers)).await
}

/// Leaves a good `Authorization` header in one spelling, and adds the ticket that the engine goes by.
pub(super) fn settle(
    sender: Result<Identity, Error>,
    tickets: &Tickets,
    headers: &mut HeaderMap,
) -> Result<Identity, Refusal> {
    headers.remove(TICKET);
    headers.remove(header::AUTHORIZATION);
    let identity = sender.map_err(refusal)?;
    if let Some(viewer) = identity.viewer() {
        let ticket = tickets.of(viewer);
        let ticket = ticket.map_err(|fault| refusal(fault.into()))?;
        let token = HeaderValue::from_str(viewer.authorization().expose_secret())
            .map_err(|error| refusal(Fault::internal(error).into()))?;
        headers.insert(HeaderName::from_static(TICKET), ticket);
        headers.insert(header::AUTHORIZATION, token);
    }
    Ok(identity)
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Violation(violation) => {
            Refusal::new(StatusCode::UNAUTHORIZED, violation.code, violation.message)
                // RFC 9110, 15.5.2: a 401 must name the scheme.
                .with(header::WWW_AUTHENTICATE, "Bearer")
        }
        Error::Fault(fault) => {
            tracing::error!(error = %fault, "who sends a request cannot be told");
            let status = StatusCode::from_u16(fault.status().as_u16())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Refusal::new(status, fault.code(), fault.public_message())
        }
    }
}

/// The `Authorization` headers of a request in the type that the verifier takes. One that is empty counts for none: some
/// clients build the header before they have a token.
fn presented(headers: &HeaderMap) -> http::HeaderMap {
    let values: Vec<&HeaderValue> = headers.get_all(header::AUTHORIZATION).collect();
    let is_empty = |value: &HeaderValue| value.as_bytes().trim_ascii().is_empty();
    if let [only] = values.as_slice()
        && is_empty(only)
    {
        return http::HeaderMap::new();
    }
    values
        .into_iter()
        // A value that cannot be carried over is not a token either.
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
        let sender = identify(&SIGNED.0, &headers).await;
        let outcome = settle(sender, &Tickets::new(), &mut headers)
            .map(|identity| identity.viewer().is_some())
            .map_err(|refusal| refusal.status);
        let left = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap().to_owned());
        (outcome, left)
    }

    #[tokio::test]
    async fn a_good_token_is_left_in_the_spelling_of_the_engine() {
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
    async fn no_token_is_nobody() {
        assert_eq!(verified(&[]).await, (Ok(false), None));
        assert_eq!(
            verified(&[""]).await,
            (Ok(false), None),
            "an empty header holds no token"
        );
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
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
