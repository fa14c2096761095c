//! Tokens that are not good, each with what is wrong with it.

use common::clock::{Clock, SystemClock};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::support::{Forge, claims, id, token, unsigned};

/// All of them.
pub fn all(forge: &Forge) -> Vec<(String, String)> {
    let claims = wrong_claims()
        .into_iter()
        .map(|(why, claims)| (why.to_owned(), forge.sign(&forge.header(), &claims)));
    claims
        .chain(wrong_signatures(forge))
        .chain(broken(forge))
        .collect()
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims(id(1));
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims(id(1));
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Tokens with good signatures that say the wrong thing.
fn wrong_claims() -> Vec<(&'static str, Value)> {
    let now = SystemClock.now().as_seconds();
    vec![
        (
            "expired within the engine's leeway",
            changed("exp", json!(now - 1)),
        ),
        ("expired long ago", changed("exp", json!(now - 3600))),
        ("expired just now", changed("exp", json!(now))),
        ("textual exp", changed("exp", json!("9999999999"))),
        ("no exp", without("exp")),
        (
            "not valid before an hour from now",
            changed("nbf", json!(now + 3600)),
        ),
        (
            "another issuer",
            changed("iss", json!("https://evil.example")),
        ),
        ("no issuer", without("iss")),
        ("another audience", changed("aud", json!("billing"))),
        (
            "several audiences",
            changed("aud", json!(["rookery", "billing"])),
        ),
        ("no audience", without("aud")),
        ("no subject", without("sub")),
        ("another subject than user", changed("sub", json!(id(2)))),
        ("a subject that is no id", changed("sub", json!("admin"))),
    ]
}

/// Tokens whose header or signature is wrong.
fn wrong_signatures(forge: &Forge) -> Vec<(String, String)> {
    let good = claims(id(1));
    let header = forge.header();
    let mut tokens = vec![
        (
            "the key of others under the id of ours".to_owned(),
            forge.sign_with_others(&header, &good),
        ),
        ("another algorithm".to_owned(), {
            let mut header = header.clone();
            header.alg = Algorithm::RS512;
            forge.sign(&header, &good)
        }),
        ("a padding of another algorithm".to_owned(), {
            let mut header = header.clone();
            header.alg = Algorithm::PS256;
            forge.sign(&header, &good)
        }),
        ("no kid".to_owned(), {
            let mut header = header.clone();
            header.kid = None;
            forge.sign(&header, &good)
        }),
        ("a key that it brings itself".to_owned(), {
            let mut header = header.clone();
            header.jwk = Some(forge.jwk_of_others());
            forge.sign_with_others(&header, &good)
        }),
        ("a key that it says where to find".to_owned(), {
            let mut header = header.clone();
            header.jku = Some("http://127.0.0.1:1/jwks.json".to_owned());
            header.x5u = Some("http://127.0.0.1:1/cert.pem".to_owned());
            forge.sign_with_others(&header, &good)
        }),
    ];
    for kid in [
        "unknown",
        "../../etc/passwd",
        "' OR 1=1 --",
        "/dev/null",
        "",
    ] {
        let mut header = header.clone();
        header.kid = Some(kid.to_owned());
        tokens.push((format!("kid {kid:?}"), forge.sign(&header, &good)));
    }
    for (index, secret) in forge.public_key_forms().iter().enumerate() {
        tokens.push((
            format!("HS256 with form {index} of the public key"),
            forge.sign_with_the_public_key(secret, &good),
        ));
    }
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": forge.kid });
        tokens.push((format!("alg {alg:?}"), unsigned(&header, &good)));
    }
    tokens.push((
        "no alg".to_owned(),
        unsigned(&json!({ "kid": forge.kid }), &good),
    ));
    tokens
}

/// Good tokens, broken afterwards.
fn broken(forge: &Forge) -> Vec<(String, String)> {
    let good = token(id(1));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, _payload) = head.split_once('.').unwrap();
    let other = token(id(2));
    let other_payload = other.split('.').nth(1).unwrap();
    let critical = unsigned(
        &json!({ "alg": "RS256", "kid": forge.kid, "crit": ["exp"] }),
        &claims(id(1)),
    );
    vec![
        (
            "another payload".to_owned(),
            format!("{header}.{other_payload}.{signature}"),
        ),
        ("no signature".to_owned(), format!("{head}.")),
        ("two parts".to_owned(), head.to_owned()),
        ("four parts".to_owned(), format!("{good}.{signature}")),
        (
            "an unknown critical extension".to_owned(),
            format!("{critical}{signature}"),
        ),
        ("garbage".to_owned(), "garbage".to_owned()),
        (
            "a refresh token".to_owned(),
            "q83vEjRWeJASNFZ4kBI0VniQEjRWeJASNFZ4kBI0Vng".to_owned(),
        ),
        (
            "longer than any token".to_owned(),
            format!("{good}{}", "A".repeat(9_000)),
        ),
    ]
}
