use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::FutureExt;
use uuid::Uuid;

use super::*;
use crate::{
    Timestamp,
    auth::{Issuer, KeyPair, PublicKeys, Signer, TokenError, Verifier},
    clock::Clock,
};

const START: i64 = 1_800_000_000;

/// A clock that is set, seconds.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst) * 1_000_000).unwrap()
    }

    fn new_id(&self) -> Uuid {
        Uuid::nil()
    }
}

/// A key pair, and a verifier that trusts it.
struct Authority {
    pair: KeyPair,
    signer: Signer,
    verifier: Verifier,
    clock: Arc<SetClock>,
}

fn issuer() -> Issuer {
    Issuer {
        issuer: "rookery".to_owned(),
        audience: "rookery".to_owned(),
    }
}

fn keys(pairs: &[&KeyPair]) -> PublicKeys {
    let pem: String = pairs.iter().map(|pair| pair.public_pem.as_str()).collect();
    PublicKeys::from_pem(&pem).unwrap()
}

impl Authority {
    fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        let clock = Arc::new(SetClock(START.into()));
        Self {
            signer: Signer::new(&pair.private_pem, issuer()).unwrap(),
            verifier: Verifier::new(keys(&[&pair]), &issuer(), clock.clone()),
            pair,
            clock,
        }
    }

    /// A token of somebody, from now on for 900 seconds.
    fn token(&self, somebody: u128) -> String {
        let id = Uuid::from_u128(somebody);
        self.signer
            .sign(&Claims {
                iss: "rookery".to_owned(),
                aud: "rookery".to_owned(),
                sub: id,
                iat: START,
                exp: START + 900,
                nbf: Some(START),
                jti: id,
                user_id: id,
                sid: None,
                email: format!("{somebody}@example.com"),
                roles: vec!["user".to_owned()],
                scope: "user".to_owned(),
            })
            .unwrap()
    }

    /// Whom the token is of.
    fn verify(&self, token: &str) -> Result<u128, TokenError> {
        let claims = self.verifier.verify(token).now_or_never().unwrap()?;
        Ok(claims.sub.as_u128())
    }

    fn refusal(&self, token: &str) -> String {
        self.verify(token).unwrap_err().to_string()
    }

    fn set_clock(&self, seconds: i64) {
        self.clock.0.store(START + seconds, Ordering::SeqCst);
    }

    /// From here on the key is one that is told from the present one by nothing, and verifies no token.
    fn spoil_key(&self) {
        let ring = self.verifier.keys();
        let other = keys(&[&KeyPair::generate().unwrap()]);
        ring.replace(ring.current().unwrap().posing_as(&other));
    }
}

#[test]
fn the_signature_of_a_token_is_verified_once() {
    let authority = Authority::new();
    let (known, unknown) = (authority.token(1), authority.token(2));
    assert_eq!(authority.verify(&known), Ok(1));
    authority.spoil_key();
    assert_eq!(authority.refusal(&unknown), "InvalidSignature");
    for _ in 0..3 {
        assert_eq!(authority.verify(&known), Ok(1));
    }
    let of_a_clone = authority.verifier.clone().verify(&known).now_or_never();
    assert!(of_a_clone.unwrap().is_ok(), "clones know the same tokens");
}

#[test]
fn a_known_token_ends_at_the_second_that_it_says() {
    let authority = Authority::new();
    let token = authority.token(1);
    authority.verify(&token).unwrap();
    authority.set_clock(899);
    assert_eq!(authority.verify(&token), Ok(1));
    for seconds in [900, 901, 100_000] {
        authority.set_clock(seconds);
        assert_eq!(authority.refusal(&token), "expired");
    }
}

#[test]
fn a_known_token_is_not_good_before_it_begins() {
    let authority = Authority::new();
    let token = authority.token(1);
    authority.verify(&token).unwrap();
    // A clock that was ahead is set right.
    authority.set_clock(-1);
    assert_eq!(authority.refusal(&token), "not valid yet");
    authority.set_clock(0);
    assert_eq!(authority.verify(&token), Ok(1));
}

#[test]
fn a_known_token_is_refused_when_its_key_is_not_accepted_any_more() {
    let authority = Authority::new();
    let (next, token) = (KeyPair::generate().unwrap(), authority.token(1));
    authority.verify(&token).unwrap();
    let ring = authority.verifier.keys();
    ring.replace(keys(&[&next, &authority.pair]));
    assert_eq!(authority.verify(&token), Ok(1), "both are accepted");
    ring.replace(keys(&[&next]));
    assert_eq!(authority.refusal(&token), "unknown kid");
    ring.replace(keys(&[&authority.pair]));
    assert_eq!(authority.verify(&token), Ok(1), "and taken back");
}

#[test]
fn a_known_token_is_refused_when_its_key_id_names_another_key() {
    let authority = Authority::new();
    let token = authority.token(1);
    authority.verify(&token).unwrap();
    let other = serde_json::to_string(&keys(&[&KeyPair::generate().unwrap()]).to_jwks()).unwrap();
    let mut set: serde_json::Value = serde_json::from_str(&other).unwrap();
    set["keys"][0]["kid"] = authority.signer.key_id().into();
    let set = PublicKeys::from_jwks(set.to_string().as_bytes()).unwrap();
    authority.verifier.keys().replace(set);
    for _ in 0..2 {
        assert_eq!(authority.refusal(&token), "InvalidSignature");
    }
}

#[test]
fn keys_that_are_loaded_again_and_are_the_same_have_nothing_verified_again() {
    let authority = Authority::new();
    let token = authority.token(1);
    authority.verify(&token).unwrap();
    let ring = authority.verifier.keys();
    ring.replace(keys(&[&authority.pair]));
    let key = ring.current().unwrap();
    let key = key.find(&authority.signer.key_id()).unwrap();
    let known = authority.verifier.verified.0.get(&Fingerprint::of(&token));
    assert!(!Arc::ptr_eq(&known.unwrap().key, key), "it is a new object");
    authority.spoil_key();
    assert_eq!(authority.verify(&token), Ok(1));
}

#[test]
fn a_refused_token_is_not_remembered() {
    let authority = Authority::new();
    let token = authority.token(1);
    authority.set_clock(-1);
    assert_eq!(authority.refusal(&token), "not valid yet");
    authority.set_clock(900);
    assert_eq!(authority.refusal(&token), "expired");
    let (head, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", "A".repeat(342));
    assert_eq!(authority.refusal(&forged), "InvalidSignature");
    assert_eq!(held(&authority.verifier.verified), 0);
    authority.set_clock(0);
    assert_eq!(authority.verify(&token), Ok(1));
    assert_eq!(held(&authority.verifier.verified), 1);
    assert_eq!(authority.refusal(&forged), "InvalidSignature");
}

#[test]
fn tokens_of_many_people_are_never_mixed_up_whoever_asks_at_once() {
    let authority = Authority::new();
    let tokens: Vec<_> = (0..50).map(|n| authority.token(n)).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (authority, tokens) = (&authority, &tokens);
            scope.spawn(move || {
                for step in 0..200 {
                    let number = (thread * 7 + step) % tokens.len();
                    let of = authority.verify(&tokens[number]).unwrap();
                    assert_eq!(of, number as u128);
                }
            });
        }
    });
    assert_eq!(held(&authority.verifier.verified), 50);
}

#[test]
fn no_more_tokens_are_kept_than_there_is_room_for_and_all_are_still_good() {
    let authority = Authority::new();
    let small = Verified::with_capacity(10);
    let mut verifier = authority.verifier.clone();
    verifier.verified = small.clone();
    let tokens: Vec<_> = (0..100).map(|n| authority.token(n)).collect();
    for token in tokens.iter().chain(&tokens) {
        assert!(verifier.verify(token).now_or_never().unwrap().is_ok());
        assert!(held(&small) <= 10);
    }
    assert!(held(&small) > 0);
}

fn held(verified: &Verified) -> u64 {
    verified.0.run_pending_tasks();
    verified.0.entry_count()
}
