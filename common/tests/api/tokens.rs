use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{
    Timestamp,
    auth::{Claims, Identity, Issuer, KeyPair, PublicKeys, Signer, TokenError, Verifier},
    clock::{Clock, SharedClock},
    error::Error,
};
use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: i64 = 1_800_000_000;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(NOW * 1_000_000).unwrap()
    }

    fn new_id(&self) -> Uuid {
        Uuid::from_u128(1)
    }
}

fn issuer() -> Issuer {
    Issuer {
        issuer: "rookery".to_owned(),
        audience: "rookery".to_owned(),
    }
}

/// A key pair, and a verifier that trusts it.
struct Authority {
    pair: KeyPair,
    signer: Signer,
    verifier: Verifier,
}

impl Authority {
    fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        let clock: SharedClock = Arc::new(StoppedClock);
        let keys = PublicKeys::from_pem(&pair.public_pem).unwrap();
        Self {
            signer: Signer::new(&pair.private_pem, issuer()).unwrap(),
            verifier: Verifier::new(keys, &issuer(), clock),
            pair,
        }
    }

    /// A token with any header and claims, signed with the trusted key.
    fn token(&self, alg: Algorithm, header: &Value, claims: &Value) -> String {
        let mut full = Header::new(alg);
        full.kid = Some(self.signer.key_id());
        let mut full = serde_json::to_value(full).unwrap();
        merge(&mut full, header);
        let full: Header = serde_json::from_value(full).unwrap();
        let key =
            EncodingKey::from_rsa_pem(self.pair.private_pem.expose_secret().as_bytes()).unwrap();
        encode(&full, claims, &key).unwrap()
    }

    fn accepts(&self, token: &str) -> bool {
        self.claims(token).is_ok()
    }

    /// Whoever has all the keys waits for nothing.
    fn claims(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        self.verifier.verify(token).now_or_never().unwrap()
    }
}

/// Members of `changes` replace those of `target`; null takes a member away.
fn merge(target: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(target.as_object_mut().unwrap().remove(name)),
            value => target[name] = value.clone(),
        }
    }
}

fn claims(changes: &Value) -> Value {
    let id = Uuid::from_u128(42);
    let mut claims = json!({
        "iss": "rookery", "aud": "rookery", "sub": id, "user_id": id, "iat": NOW, "exp": NOW + 900,
        "jti": Uuid::from_u128(7), "email": "ada@example.com", "roles": ["user"], "scope": "user",
    });
    merge(&mut claims, changes);
    claims
}

fn encode_part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_signed_token_is_verified_and_says_who_it_is_for() {
    let authority = Authority::new();
    let claims: Claims = serde_json::from_value(claims(&json!({}))).unwrap();
    let token = authority.signer.sign(&claims).unwrap();
    assert_eq!(*authority.claims(&token).unwrap(), claims);
}

#[test]
fn claims_that_are_not_all_right_are_refused() {
    let authority = Authority::new();
    let token = |changes| authority.token(Algorithm::RS256, &json!({}), &claims(&changes));
    assert!(
        authority.accepts(&token(json!({}))),
        "the unchanged token is good"
    );
    assert!(
        authority.accepts(&token(json!({"exp": NOW + 1}))),
        "good to the last second"
    );
    assert!(authority.accepts(&token(json!({"nbf": NOW}))));
    let bad = [
        json!({"exp": NOW}),
        json!({"exp": NOW - 1}),
        json!({"exp": null}),
        json!({"exp": "never"}),
        json!({"nbf": NOW + 1}),
        json!({"nbf": NOW + 3600}),
        json!({"iss": "somebody"}),
        json!({"iss": null}),
        json!({"aud": "somebody"}),
        json!({"aud": null}),
        json!({"aud": ["rookery-admin"]}),
        json!({"sub": null}),
        json!({"sub": "ada"}),
        json!({"user_id": Uuid::from_u128(43)}),
        json!({"user_id": null}),
        json!({"jti": null}),
    ];
    for changes in bad {
        assert!(
            !authority.accepts(&token(changes.clone())),
            "accepted with {changes}"
        );
    }
}

#[test]
fn headers_that_are_not_ours_are_refused() {
    let authority = Authority::new();
    let other = Authority::new();
    let good = claims(&json!({}));
    let bad = [
        json!({"kid": null}),
        json!({"kid": "../../etc/passwd"}),
        json!({"kid": "' OR 1=1 --"}),
        json!({"kid": other.signer.key_id()}),
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
    ];
    for header in bad {
        let token = authority.token(Algorithm::RS256, &header, &good);
        assert!(!authority.accepts(&token), "accepted with {header}");
    }
    for alg in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        assert!(
            !authority.accepts(&authority.token(alg, &json!({}), &good)),
            "accepted {alg:?}"
        );
    }
}

#[test]
fn unsigned_tampered_and_foreign_tokens_are_refused() {
    let authority = Authority::new();
    let good = authority.token(Algorithm::RS256, &json!({}), &claims(&json!({})));
    let parts: Vec<&str> = good.split('.').collect();
    let kid = authority.signer.key_id();

    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = encode_part(&json!({"alg": alg, "typ": "JWT", "kid": kid}));
        assert!(
            !authority.accepts(&format!("{header}.{}.", parts[1])),
            "alg {alg}"
        );
        assert!(
            !authority.accepts(&format!("{header}.{}.{}", parts[1], parts[2])),
            "alg {alg}"
        );
    }
    let no_alg = encode_part(&json!({"typ": "JWT", "kid": kid}));
    let other_subject = encode_part(&claims(
        &json!({"sub": Uuid::nil(), "user_id": Uuid::nil()}),
    ));
    let bad = [
        String::new(),
        "garbage".to_owned(),
        format!("{no_alg}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{other_subject}.{}", parts[0], parts[2]),
        format!("{good}.{}", parts[2]),
        format!("{good} {good}"),
        format!("{good}{}", "A".repeat(1_000_000)),
    ];
    for token in &bad {
        assert!(
            !authority.accepts(token),
            "accepted {}",
            &token[..token.len().min(80)]
        );
    }
}

#[test]
fn a_token_keyed_with_the_public_key_as_a_secret_is_refused() {
    let authority = Authority::new();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(authority.signer.key_id());
    let pem = &authority.pair.public_pem;
    let without_newline = pem.trim_end();
    let jwks = serde_json::to_string(&authority.verifier.keys().to_jwks()).unwrap();
    for secret in [pem.as_bytes(), without_newline.as_bytes(), jwks.as_bytes()] {
        let token = encode(
            &header,
            &claims(&json!({})),
            &EncodingKey::from_secret(secret),
        )
        .unwrap();
        assert!(!authority.accepts(&token));
    }
}

#[test]
fn a_token_of_another_key_under_our_key_id_is_refused() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let header = json!({"kid": ours.signer.key_id()});
    assert!(!ours.accepts(&theirs.token(Algorithm::RS256, &header, &claims(&json!({})))));
}

#[test]
fn no_authorization_is_anonymous_and_a_bad_one_is_refused() {
    let authority = Authority::new();
    let good = authority.token(Algorithm::RS256, &json!({}), &claims(&json!({})));
    let identify = |authorizations: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in authorizations {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        authority
            .verifier
            .identify(&headers)
            .now_or_never()
            .unwrap()
    };
    assert!(matches!(identify(&[]), Ok(Identity::Anonymous)));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let sender = identify(&[&format!("{scheme} {good}")]).unwrap();
        assert_eq!(sender.viewer().unwrap().id, Uuid::from_u128(42));
    }
    let bearer = format!("Bearer {good}");
    let basic = format!("Basic {good}");
    for sent in [
        &["x"][..],
        &[""],
        &["Bearer"],
        &["Bearer "],
        &[&good],
        &[&basic],
        &[&bearer, &bearer],
    ] {
        let Err(Error::Violation(violation)) = identify(sent) else {
            panic!("accepted {sent:?}");
        };
        assert_eq!(violation.code, "UNAUTHENTICATED", "{sent:?}");
        assert_eq!(
            violation,
            common::auth::unauthenticated(),
            "one answer for all"
        );
    }
}

#[test]
fn debug_output_of_a_viewer_shows_no_token() {
    let authority = Authority::new();
    let good = authority.token(Algorithm::RS256, &json!({}), &claims(&json!({})));
    let identity = authority
        .verifier
        .check_authorization(&format!("Bearer {good}"))
        .now_or_never()
        .unwrap()
        .unwrap();
    assert!(!format!("{identity:?}").contains(&good));
}
