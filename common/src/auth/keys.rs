//! RSA keys, from PEM and to JWKS. A key's id is its RFC 7638 thumbprint, so that whoever has the key knows the id.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{self, KeySize},
    signature::KeyPair as _,
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use pem::Pem;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::install_crypto;

/// RFC 7518, section 3.3: "A key of size 2048 bits or larger MUST be used".
const MIN_MODULUS_BYTES: usize = 256;

/// Why key material cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no PEM block of the kind `{0}` in it")]
    NoPem(&'static str),
    #[error("a PEM block `{0}` where only RSA keys are expected")]
    WrongBlock(String),
    #[error("not PEM: {0}")]
    Pem(#[from] pem::PemError),
    #[error("not an RSA key: {0}")]
    NotRsa(#[from] jsonwebtoken::errors::Error),
    #[error("an RSA key of fewer than 2048 bits")]
    TooShort,
    #[error("not a JWK set: {0}")]
    NotJwks(#[from] serde_json::Error),
    #[error("no RSA key for RS256 signatures with a `kid` in it")]
    NoJwk,
    #[error("two keys with the `kid` `{0}`")]
    SameId(String),
    #[error("the key could not be generated")]
    Generate(#[from] aws_lc_rs::error::Unspecified),
}

/// One public key that tokens are verified with.
#[derive(Clone)]
pub(super) struct PublicKey {
    pub(super) id: String,
    pub(super) decoding: DecodingKey,
    jwk: Jwk,
}

impl PublicKey {
    /// Whether it has the same id and the same modulus and exponent: what one of the two verified, the other does.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.id == other.id && self.jwk.algorithm == other.jwk.algorithm
    }
}

/// The public keys a verifier accepts, found by `kid`.
#[derive(Clone)]
pub struct PublicKeys(Vec<Arc<PublicKey>>);

impl PublicKeys {
    /// One or several concatenated RSA public keys (`PUBLIC KEY` or `RSA PUBLIC KEY` blocks).
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        install_crypto();
        let keys = pem::parse_many(text)?
            .iter()
            .map(|block| match block.tag() {
                "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                    let decoding = DecodingKey::from_rsa_pem(pem::encode(block).as_bytes())?;
                    let jwk = Jwk::from_decoding_key(&decoding, Some(Algorithm::RS256))?;
                    public_key(decoding, jwk).map(Arc::new)
                }
                other => Err(KeyError::WrongBlock(other.to_owned())),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::NoPem("PUBLIC KEY"));
        }
        Ok(Self(keys))
    }

    /// A JWK set (RFC 7517). Keys of other kinds or for other uses are left out, as section 5 asks for; what is left has
    /// to be usable, and at least one.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        install_crypto();
        let set: LenientSet = serde_json::from_slice(json)?;
        let mut keys: Vec<Arc<PublicKey>> = Vec::with_capacity(set.keys.len());
        for jwk in set.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(jwk) else {
                continue;
            };
            let Some(id) = jwk.common.key_id.clone().filter(|_| is_for_rs256(&jwk)) else {
                continue;
            };
            if modulus_bytes(&jwk) < MIN_MODULUS_BYTES {
                return Err(KeyError::TooShort);
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyError::SameId(id));
            }
            let decoding = DecodingKey::from_jwk(&jwk)?;
            keys.push(Arc::new(PublicKey { id, decoding, jwk }));
        }
        if keys.is_empty() {
            return Err(KeyError::NoJwk);
        }
        Ok(Self(keys))
    }

    pub(super) fn find(&self, id: &str) -> Option<&Arc<PublicKey>> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Whether a key of this id is among them.
    pub fn contains(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// The ids of the keys, in the order of the keys.
    pub fn ids(&self) -> Vec<&str> {
        self.0.iter().map(|key| key.id.as_str()).collect()
    }

    /// The keys as a JWK set (RFC 7517).
    pub fn to_jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.0.iter().map(|key| key.jwk.clone()).collect(),
        }
    }
}

#[cfg(test)]
impl PublicKeys {
    /// Keys that are told from these by nothing, and verify what the other ones do in their place.
    pub(super) fn posing_as(&self, others: &Self) -> Self {
        let pose = |(key, other): (&Arc<PublicKey>, &Arc<PublicKey>)| PublicKey {
            decoding: other.decoding.clone(),
            ..PublicKey::clone(key)
        };
        let pairs = self.0.iter().zip(&others.0);
        Self(pairs.map(pose).map(Arc::new).collect())
    }
}

/// A set of which single keys may be of kinds that we cannot read.
#[derive(Deserialize)]
struct LenientSet {
    keys: Vec<serde_json::Value>,
}

fn is_for_rs256(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    matches!(jwk.algorithm, AlgorithmParameters::RSA(_))
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
}

fn public_key(decoding: DecodingKey, mut jwk: Jwk) -> Result<PublicKey, KeyError> {
    if modulus_bytes(&jwk) < MIN_MODULUS_BYTES {
        return Err(KeyError::TooShort);
    }
    let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
    jwk.common.key_id = Some(id.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(PublicKey { id, decoding, jwk })
}

/// The length of the modulus: base64url without padding holds three bytes in four characters.
fn modulus_bytes(jwk: &Jwk) -> usize {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => rsa.n.len() * 3 / 4,
        _ => 0,
    }
}

/// The private key that tokens are signed with, and its id.
pub(super) struct PrivateKey {
    pub(super) id: String,
    pub(super) encoding: EncodingKey,
}

impl PrivateKey {
    /// An RSA private key (`PRIVATE KEY` or `RSA PRIVATE KEY` block).
    pub(super) fn from_pem(text: &SecretString) -> Result<Self, KeyError> {
        install_crypto();
        if !text.expose_secret().contains("PRIVATE KEY-----") {
            return Err(KeyError::NoPem("PRIVATE KEY"));
        }
        let encoding = EncodingKey::from_rsa_pem(text.expose_secret().as_bytes())?;
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256)?;
        if modulus_bytes(&jwk) < MIN_MODULUS_BYTES {
            return Err(KeyError::TooShort);
        }
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        Ok(Self { id, encoding })
    }
}

/// A newly generated RSA key pair as PEM.
pub struct KeyPair {
    /// PKCS #8, a `PRIVATE KEY` block.
    pub private_pem: SecretString,
    /// `SubjectPublicKeyInfo`, a `PUBLIC KEY` block.
    pub public_pem: String,
}

impl KeyPair {
    /// A new key pair of 2048 bits, the size RFC 7518 asks for at least.
    pub fn generate() -> Result<Self, KeyError> {
        let key = rsa::KeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = key.as_der()?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
        Ok(Self {
            private_pem: pem::encode(&Pem::new("PRIVATE KEY", private.as_ref())).into(),
            public_pem: pem::encode(&Pem::new("PUBLIC KEY", public.as_ref())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_concatenated_keys_are_all_accepted_and_published() {
        let (first, second) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let keys =
            PublicKeys::from_pem(&format!("{}{}", first.public_pem, second.public_pem)).unwrap();
        let jwks = serde_json::to_value(keys.to_jwks()).unwrap();
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
        for pair in [&first, &second] {
            let id = PrivateKey::from_pem(&pair.private_pem).unwrap().id;
            assert!(keys.contains(&id), "private and public key agree on the id");
        }
        assert!(jwks["keys"][0]["n"].is_string() && jwks["keys"][0]["alg"] == "RS256");
        assert!(
            jwks["keys"][0].get("d").is_none(),
            "no private part is published"
        );
    }

    #[test]
    fn what_is_not_a_public_rsa_key_is_refused_with_what_it_is() {
        let pair = KeyPair::generate().unwrap();
        let refused = |text: &str| PublicKeys::from_pem(text).err().unwrap().to_string();
        assert_eq!(
            refused("hello"),
            "no PEM block of the kind `PUBLIC KEY` in it"
        );
        assert!(refused(pair.private_pem.expose_secret()).contains("`PRIVATE KEY`"));
    }

    #[test]
    fn a_short_key_is_refused() {
        // 1024 bits, made with openssl for this test.
        const SHORT: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDRsRHrqHzGoJQr950QbjS03mqv
VIzUVhuONdit2YGmqIEvrm7cDHNUechBrI6xBxLYpU3uLH6w95Ssko7i3PU1/mTa
GvytFKGnaMhtMs4H5mfWV4UIOJU6soe85tW+DFI2KsX2MaY5Z7WbLZQdOfSzXVYf
PYTX3enDw9ExSQ1zbwIDAQAB
-----END PUBLIC KEY-----
";
        assert!(matches!(
            PublicKeys::from_pem(SHORT),
            Err(KeyError::TooShort)
        ));
    }
}
