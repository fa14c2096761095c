//! Tokens, good and forged.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use common::{
    auth::{Issuer, KeyPair, PublicKeys, Signer, install_crypto},
    clock::{Clock, SystemClock},
    config::Env,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

/// The keys of all tests: making them takes a while.
pub struct Forge {
    /// What the routers of the tests verify with.
    pub keys: KeyPair,
    pub kid: String,
    /// Keys that the routers of the tests do not know, unless a test says so.
    pub others: KeyPair,
    pub kid_of_others: String,
}

pub fn forge() -> &'static Forge {
    static FORGE: LazyLock<Forge> = LazyLock::new(|| {
        install_crypto();
        let (keys, others) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        Forge {
            kid: kid(&keys),
            keys,
            kid_of_others: kid(&others),
            others,
        }
    });
    &FORGE
}

fn kid(keys: &KeyPair) -> String {
    let signer = Signer::new(&keys.private_pem, Issuer::from_env(&Env::default())).unwrap();
    signer.key_id()
}

/// A user's id, the same for the same number.
pub fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0192_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// What a good token of a user says.
pub fn claims(user: Uuid) -> Value {
    let now = SystemClock.now().as_seconds();
    json!({
        "iss": "rookery", "aud": "rookery", "sub": user, "user_id": user, "jti": SystemClock.new_id(),
        "iat": now, "exp": now + 900, "email": format!("{user}@example.com"), "roles": [], "scope": "",
    })
}

/// A good token of a user.
pub fn token(user: Uuid) -> String {
    forge().sign(&forge().header(), &claims(user))
}

impl Forge {
    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        header
    }

    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        sign(&self.keys, header, claims)
    }

    pub fn sign_with_others(&self, header: &Header, claims: &Value) -> String {
        sign(&self.others, header, claims)
    }

    pub fn jwk_of_others(&self) -> Jwk {
        let keys = PublicKeys::from_pem(&self.others.public_pem).unwrap();
        keys.to_jwks().keys.remove(0)
    }

    /// With HMAC, keyed with some form of the public key: what a verifier falls for that believes `alg`.
    pub fn sign_with_the_public_key(&self, secret: &[u8], claims: &Value) -> String {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    /// The public key in the forms that an attacker can get it in.
    pub fn public_key_forms(&self) -> Vec<Vec<u8>> {
        let pem = self.keys.public_pem.clone();
        let jwks = PublicKeys::from_pem(&pem).unwrap().to_jwks();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        vec![
            pem.clone().into_bytes(),
            pem.trim_end().as_bytes().to_vec(),
            serde_json::to_vec(&jwks).unwrap(),
            base64::prelude::BASE64_STANDARD.decode(der).unwrap(),
        ]
    }
}

/// A token with no signature at all.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

fn sign(keys: &KeyPair, header: &Header, claims: &Value) -> String {
    let key = EncodingKey::from_rsa_pem(keys.private_pem.expose_secret().as_bytes());
    encode(header, claims, &key.unwrap()).unwrap()
}
