//! Tokens, signed with a key of the bench's own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use common::{
    auth::{Claims, Issuer, KeyPair, Signer},
    clock::{Clock, SystemClock},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::failure::Result;

/// Longer than any run.
const LIFETIME: i64 = 24 * 3_600;

/// Whoever signs, and the files that services verify with.
pub struct Keys {
    signer: Signer,
    pub private_file: PathBuf,
    pub public_file: PathBuf,
}

impl Keys {
    /// A new pair in this folder.
    pub fn generate(folder: &Path) -> Result<Self> {
        let pair = KeyPair::generate()?;
        let (private_file, public_file) = (folder.join("private.pem"), folder.join("public.pem"));
        fs::write(&private_file, pair.private_pem.expose_secret())?;
        fs::write(&public_file, &pair.public_pem)?;
        Ok(Self {
            signer: signer(&pair.private_pem)?,
            private_file,
            public_file,
        })
    }

    pub fn token(&self, user: Uuid) -> Result<String> {
        token(&self.signer, user)
    }
}

/// Signs for the issuer that every service expects by default.
pub fn signer(private_pem: &SecretString) -> Result<Signer> {
    let issuer = Issuer {
        issuer: "rookery".to_owned(),
        audience: "rookery".to_owned(),
    };
    Ok(Signer::new(private_pem, issuer)?)
}

/// A good token of a user.
pub fn token(signer: &Signer, user: Uuid) -> Result<String> {
    let now = SystemClock.now().as_seconds();
    let Issuer { issuer, audience } = signer.issuer.as_ref().clone();
    Ok(signer.sign(&Claims {
        iss: issuer,
        aud: audience,
        sub: user,
        iat: now,
        exp: now + LIFETIME,
        nbf: None,
        jti: SystemClock.new_id(),
        user_id: user,
        sid: None,
        email: format!("{user}@example.com"),
        roles: vec!["user".to_owned()],
        scope: "user".to_owned(),
    })?)
}
