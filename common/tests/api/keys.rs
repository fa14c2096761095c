//! Keys that change while their verifiers run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use common::{
    auth::{Claims, Issuer, IssuerKeys, KeyPair, Pace, PublicKeys, Signer, TokenError, Verifier},
    clock::{Clock, SystemClock},
    config::Env,
    shutdown::Shutdown,
};
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use uuid::Uuid;

/// Longer than any test runs.
const NEVER: Duration = Duration::from_hours(1);

fn issuer() -> Issuer {
    Issuer::from_env(&Env::default())
}

/// A good token of the holder of a key pair.
fn token(pair: &KeyPair) -> String {
    signed_by(&Signer::new(&pair.private_pem, issuer()).unwrap())
}

fn signed_by(signer: &Signer) -> String {
    let (now, id) = (SystemClock.now().as_seconds(), Uuid::from_u128(42));
    let claims = json!({
        "iss": "rookery", "aud": "rookery", "sub": id, "user_id": id, "iat": now, "exp": now + 900, "jti": id,
        "email": "ada@example.com",
    });
    signer
        .sign(&serde_json::from_value(claims).unwrap())
        .unwrap()
}

/// For keys that are there, and so waited for by nobody.
fn now(verifier: &Verifier, token: &str) -> Result<Arc<Claims>, TokenError> {
    verifier.verify(token).now_or_never().unwrap()
}

fn jwks(pairs: &[&KeyPair]) -> String {
    let pem: String = pairs.iter().map(|pair| pair.public_pem.as_str()).collect();
    let verifier = Verifier::new(
        PublicKeys::from_pem(&pem).unwrap(),
        &issuer(),
        SystemClock::shared(),
    );
    serde_json::to_string(&verifier.keys().to_jwks()).unwrap()
}

/// Publishes keys, and counts who asks for them.
#[derive(Clone)]
struct Publisher {
    /// Status and body.
    answer: watch::Sender<(StatusCode, String)>,
    asked: Arc<AtomicUsize>,
    url: Arc<str>,
}

impl Publisher {
    async fn of(body: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            answer: watch::Sender::new((StatusCode::OK, body)),
            asked: Arc::default(),
            url: format!("http://{}/jwks.json", listener.local_addr().unwrap()).into(),
        };
        let route = get(|State(this): State<Self>| async move {
            this.asked.fetch_add(1, Ordering::SeqCst);
            this.answer.borrow().clone().into_response()
        });
        let routes = Router::new()
            .route("/jwks.json", route)
            .with_state(this.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        this
    }

    fn publish(&self, body: String) {
        self.answer.send_replace((StatusCode::OK, body));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A verifier that follows what is published here.
    fn verifier(&self, pause: Duration) -> (Verifier, Shutdown) {
        let pace = Pace {
            interval: NEVER,
            pause,
        };
        let url = self.url.parse().unwrap();
        let verifier = Verifier::with_jwks(url, pace, &issuer(), SystemClock::shared()).unwrap();
        let shutdown = Shutdown::new();
        tokio::spawn(verifier.keys().clone().follow(shutdown.clone()));
        (verifier, shutdown)
    }
}

fn pair() -> KeyPair {
    KeyPair::generate().unwrap()
}

#[tokio::test]
async fn the_first_token_waits_for_the_keys() {
    let pair = pair();
    let publisher = Publisher::of(jwks(&[&pair])).await;
    let (verifier, _shutdown) = publisher.verifier(NEVER);
    assert!(verifier.verify(&token(&pair)).await.is_ok());
    assert_eq!(publisher.asked(), 1);
}

#[tokio::test]
async fn a_token_with_a_new_key_id_has_the_keys_loaded_once_for_all_who_wait() {
    let (old, new) = (pair(), pair());
    let publisher = Publisher::of(jwks(&[&old])).await;
    let (verifier, _shutdown) = publisher.verifier(Duration::ZERO);
    assert!(verifier.verify(&token(&old)).await.is_ok());
    publisher.publish(jwks(&[&old, &new]));

    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (verifier, token) = (verifier.clone(), token(&new));
        requests.spawn(async move { verifier.verify(&token).await.is_ok() });
    }
    assert!(
        requests
            .join_all()
            .await
            .into_iter()
            .all(|accepted| accepted)
    );
    assert!(verifier.verify(&token(&old)).await.is_ok(), "both are good");
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn made_up_key_ids_make_nobody_hammer_the_publisher() {
    let (known, unknown) = (pair(), pair());
    let publisher = Publisher::of(jwks(&[&known])).await;
    let (verifier, _shutdown) = publisher.verifier(NEVER);
    assert!(verifier.verify(&token(&known)).await.is_ok());
    for _ in 0..100 {
        let refused = verifier.verify(&token(&unknown)).await.unwrap_err();
        assert_eq!(refused, TokenError::Invalid("unknown kid".to_owned()));
    }
    assert_eq!(publisher.asked(), 1, "within the pause nothing is loaded");
}

#[tokio::test]
async fn a_key_that_is_taken_out_is_refused_from_the_next_load_on() {
    let (old, new) = (pair(), pair());
    let publisher = Publisher::of(jwks(&[&old, &new])).await;
    let (verifier, _shutdown) = publisher.verifier(Duration::ZERO);
    assert!(verifier.verify(&token(&old)).await.is_ok());
    publisher.publish(jwks(&[&new]));
    // An unknown key asks for the load that would otherwise come after the interval.
    assert!(verifier.verify(&token(&pair())).await.is_err());
    assert!(verifier.verify(&token(&old)).await.is_err());
    assert!(verifier.verify(&token(&new)).await.is_ok());
}

#[tokio::test]
async fn a_publisher_that_fails_or_talks_nonsense_takes_no_key_away() {
    let (known, unknown) = (pair(), pair());
    let publisher = Publisher::of(jwks(&[&known])).await;
    let (verifier, _shutdown) = publisher.verifier(Duration::ZERO);
    assert!(verifier.verify(&token(&known)).await.is_ok());
    let short = json!({ "kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB" });
    let jwk: serde_json::Value = serde_json::from_str(&jwks(&[&known])).unwrap();
    let twice = json!({ "keys": [jwk["keys"][0], jwk["keys"][0]] }).to_string();
    let nonsense = [
        (StatusCode::INTERNAL_SERVER_ERROR, jwks(&[&unknown])),
        (StatusCode::FOUND, jwks(&[&unknown])),
        (StatusCode::OK, "nonsense".to_owned()),
        (StatusCode::OK, json!({ "keys": [] }).to_string()),
        (StatusCode::OK, json!({ "keys": [short] }).to_string()),
        (StatusCode::OK, twice),
        (
            StatusCode::OK,
            format!("{}{}", jwks(&[&unknown]), " ".repeat(65_536)),
        ),
    ];
    for (status, body) in nonsense {
        let asked = publisher.asked();
        publisher.answer.send_replace((status, body.clone()));
        assert!(
            verifier.verify(&token(&unknown)).await.is_err(),
            "{status} {body}"
        );
        assert!(publisher.asked() > asked, "it was asked");
        assert!(
            verifier.verify(&token(&known)).await.is_ok(),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn keys_of_other_kinds_and_uses_are_left_out() {
    let (signing, encrypting) = (pair(), pair());
    let set = jwks(&[&signing, &encrypting]);
    let mut set: serde_json::Value = serde_json::from_str(&set).unwrap();
    set["keys"][1]["use"] = json!("enc");
    let more = [
        json!({ "kty": "oct", "kid": "secret", "k": "c2VjcmV0" }),
        json!({ "kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "of tomorrow", "kid": "x" }),
    ];
    set["keys"].as_array_mut().unwrap().extend(more);
    let publisher = Publisher::of(set.to_string()).await;
    let (verifier, _shutdown) = publisher.verifier(NEVER);
    assert!(verifier.verify(&token(&signing)).await.is_ok());
    assert!(verifier.verify(&token(&encrypting)).await.is_err());
    assert_eq!(verifier.keys().current().unwrap().ids().len(), 1);
}

#[tokio::test]
async fn before_there_are_keys_nobody_is_told_that_a_token_is_bad() {
    let pair = pair();
    let publisher = Publisher::of("not yet".to_owned()).await;
    let (verifier, shutdown) = publisher.verifier(NEVER);
    let token = token(&pair);
    assert_eq!(verifier.verify(&token).await, Err(TokenError::NoKeys));
    let error = common::error::Error::from(TokenError::NoKeys);
    let common::error::Error::Fault(fault) = error else {
        panic!("{error:?}");
    };
    assert_eq!(fault.status(), StatusCode::SERVICE_UNAVAILABLE);
    shutdown.cancel();
}

/// A folder with the two files of an issuer.
struct Files(tempfile::TempDir);

impl Files {
    fn of(private: &KeyPair, public: &[&KeyPair]) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write(private, public);
        files
    }

    fn write(&self, private: &KeyPair, public: &[&KeyPair]) {
        let pem: String = public.iter().map(|pair| pair.public_pem.as_str()).collect();
        std::fs::write(self.0.path().join("public.pem"), pem).unwrap();
        let pem = private.private_pem.expose_secret();
        std::fs::write(self.0.path().join("private.pem"), pem).unwrap();
    }

    fn env(&self) -> Env {
        let path = |name| self.0.path().join(name).display().to_string();
        Env::of([
            ("JWT_PRIVATE_KEY_FILE", path("private.pem")),
            ("JWT_PUBLIC_KEY_FILE", path("public.pem")),
        ])
    }
}

#[test]
fn an_issuer_takes_over_its_files_step_by_step() {
    let (old, new) = (pair(), pair());
    let files = Files::of(&old, &[&old]);
    let keys = IssuerKeys::from_env(&files.env(), SystemClock::shared()).unwrap();
    let (signer, verifier) = (keys.signer.clone(), keys.verifier.clone());
    let signs_with = |pair: &KeyPair| {
        signer.key_id() == Signer::new(&pair.private_pem, issuer()).unwrap().key_id()
    };
    let before = signed_by(&signer);

    files.write(&old, &[&old, &new]);
    keys.take_over().unwrap();
    assert!(signs_with(&old), "published, not yet in use");
    assert!(now(&verifier, &token(&new)).is_ok());

    files.write(&new, &[&old, &new]);
    keys.take_over().unwrap();
    assert!(signs_with(&new));
    assert!(now(&verifier, &before).is_ok(), "it is good until it ends");
    assert!(now(&verifier, &signed_by(&signer)).is_ok());

    files.write(&new, &[&new]);
    keys.take_over().unwrap();
    assert!(now(&verifier, &before).is_err());
    assert!(now(&verifier, &signed_by(&signer)).is_ok());
}

#[test]
fn files_that_cannot_be_used_change_nothing() {
    let (used, other) = (pair(), pair());
    let files = Files::of(&used, &[&used]);
    let keys = IssuerKeys::from_env(&files.env(), SystemClock::shared()).unwrap();
    let (signer, verifier) = (keys.signer.clone(), keys.verifier.clone());
    let folder = files.0.path().to_owned();
    let broken = || {
        std::fs::write(folder.join("public.pem"), "half a ke").unwrap();
    };
    let breaks: [&dyn Fn(); 4] = [
        &|| files.write(&other, &[&used]),
        &|| files.write(&used, &[&other]),
        &broken,
        &|| std::fs::remove_file(folder.join("private.pem")).unwrap(),
    ];
    for (number, change) in breaks.iter().enumerate() {
        change();
        keys.take_over().unwrap_err();
        let token = signed_by(&signer);
        assert!(now(&verifier, &token).is_ok(), "after change {number}");
        assert!(
            now(&verifier, &self::token(&used)).is_ok(),
            "after change {number}"
        );
        files.write(&used, &[&used]);
    }
}

#[tokio::test]
async fn a_verifier_takes_over_its_file() {
    let (old, new) = (pair(), pair());
    let files = Files::of(&old, &[&old]);
    let verifier = Verifier::from_env(&files.env(), SystemClock::shared()).unwrap();
    tokio::spawn(verifier.keys().clone().follow(Shutdown::new()));
    files.write(&new, &[&new]);
    assert!(verifier.verify(&token(&new)).await.is_ok());
    assert!(verifier.verify(&token(&old)).await.is_err());
}

#[test]
fn a_jwks_url_that_cannot_work_is_refused_at_the_start() {
    let refused = |url: &str, refresh: &str| {
        let env = Env::of([("JWT_JWKS_URL", url), ("JWT_JWKS_REFRESH_SECONDS", refresh)]);
        Verifier::from_env(&env, SystemClock::shared())
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(refused("http://users:4001/.well-known/jwks.json", ""), None);
    for (url, refresh, name) in [
        (
            "https://users",
            "",
            "JWT_JWKS_URL is not usable: it is not an http URL",
        ),
        ("users:4001", "", "JWT_JWKS_URL"),
        ("nonsense", "", "JWT_JWKS_URL"),
        (
            "http://me:secret@users",
            "",
            "JWT_JWKS_URL is not usable: it has credentials",
        ),
        ("http://users", "0", "JWT_JWKS_REFRESH_SECONDS"),
        ("http://users", "often", "JWT_JWKS_REFRESH_SECONDS"),
    ] {
        let line = refused(url, refresh).unwrap();
        assert!(line.starts_with(name), "{line}");
        assert!(!line.contains("secret"), "{line}");
    }
}
