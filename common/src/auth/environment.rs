//! Where keys come from: `JWT_PRIVATE_KEY`, `JWT_PUBLIC_KEY` (or a file of either), `JWT_JWKS_URL`, `JWT_ISSUER`,
//! `JWT_AUDIENCE`.

use std::{path::PathBuf, time::Duration};

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::sleep;

use super::{
    keyring::{Keyring, Pace},
    keys::{PrivateKey, PublicKeys},
    token::{Issuer, Signer, Verifier},
};
use crate::{
    clock::SharedClock,
    config::{ConfigError, Env, malformed},
    shutdown::Shutdown,
};

const PRIVATE: &str = "JWT_PRIVATE_KEY";
const PRIVATE_EXPECTS: &str =
    "an RSA private key of at least 2048 bits as PEM (or its path in JWT_PRIVATE_KEY_FILE)";
const PUBLIC: &str = "JWT_PUBLIC_KEY";
const PUBLIC_EXPECTS: &str = "one or several RSA public keys of at least 2048 bits as PEM (or their path in JWT_PUBLIC_KEY_FILE)";
const PAIR_EXPECTS: &str = "the public half of JWT_PRIVATE_KEY among the public keys";
const JWKS: &str = "JWT_JWKS_URL";
const JWKS_EXPECTS: &str =
    "the http URL of a JWK set, such as http://users:4001/.well-known/jwks.json";
const REFRESH: &str = "JWT_JWKS_REFRESH_SECONDS";
const REFRESH_EXPECTS: &str = "a whole number of seconds from 1 to 3600";

/// How old the keys of a JWK set get. A key that was taken out of it is accepted for this long.
const DEFAULT_REFRESH: u64 = 300;

impl Issuer {
    /// `JWT_ISSUER` and `JWT_AUDIENCE`, `rookery` for both by default.
    pub fn from_env(env: &Env) -> Self {
        let or_default = |name| env.optional(name).unwrap_or("rookery").to_owned();
        Self {
            issuer: or_default("JWT_ISSUER"),
            audience: or_default("JWT_AUDIENCE"),
        }
    }
}

impl Verifier {
    /// With the keys of `JWT_JWKS_URL` if there is one, else with those of `JWT_PUBLIC_KEY` or `JWT_PUBLIC_KEY_FILE`.
    /// Where they can change, [`Keyring::follow`] has to run.
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        let keys = match env.parsed::<Url>(JWKS, JWKS_EXPECTS)? {
            Some(url) => jwks(env, url)?,
            None => public_keys(env)?,
        };
        Ok(Self::with_keyring(keys, &Issuer::from_env(env), clock))
    }
}

fn jwks(env: &Env, url: Url) -> Result<Keyring, ConfigError> {
    let refused = |problem: &str| Err(malformed(JWKS, JWKS_EXPECTS, problem));
    if url.scheme() != "http" {
        // The services are on a private network, and the client has no TLS compiled in.
        return refused("it is not an http URL");
    }
    if url.authority().contains('@') {
        return refused("it has credentials");
    }
    let seconds = match env.parsed::<u64>(REFRESH, REFRESH_EXPECTS)? {
        None => DEFAULT_REFRESH,
        Some(seconds @ 1..=3600) => seconds,
        Some(_) => return Err(malformed(REFRESH, REFRESH_EXPECTS, "out of range")),
    };
    let pace = Pace::jwks(Duration::from_secs(seconds));
    Keyring::jwks(url, pace).map_err(|error| malformed(JWKS, JWKS_EXPECTS, error))
}

fn public_keys(env: &Env) -> Result<Keyring, ConfigError> {
    let keys = parsed_public_keys(env)?;
    Ok(match file(env, PUBLIC) {
        Some(path) => Keyring::file(path, keys),
        None => Keyring::fixed(keys),
    })
}

fn required(
    env: &Env,
    name: &'static str,
    expects: &'static str,
) -> Result<SecretString, ConfigError> {
    let missing = || ConfigError::Missing {
        name: name.to_owned(),
        expects,
    };
    env.text_or_file(name, expects)?.ok_or_else(missing)
}

fn file(env: &Env, name: &str) -> Option<PathBuf> {
    env.optional(&format!("{name}_FILE")).map(PathBuf::from)
}

/// The keys of the service that issues tokens: the private one that signs, and the public ones, its own among them.
pub struct IssuerKeys {
    env: Env,
    pub signer: Signer,
    pub verifier: Verifier,
}

impl IssuerKeys {
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        let (private, public) = read(env)?;
        let issuer = Issuer::from_env(env);
        let verifier = Verifier::new(public, &issuer, clock);
        let signer = Signer::of(private, issuer);
        Ok(Self {
            env: env.clone(),
            signer,
            verifier,
        })
    }

    /// Takes over what changes in the files of the keys, until told to stop. The public half of the key that signs is
    /// always among the public keys, or whatever is signed would be refused.
    pub async fn follow(self, shutdown: Shutdown) {
        if file(&self.env, PRIVATE).is_none() && file(&self.env, PUBLIC).is_none() {
            return;
        }
        let mut last_failure = None;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(Pace::FILE.interval) => {}
            }
            let failure = self.take_over().err().map(|error| error.to_string());
            if failure.is_some() && failure != last_failure {
                tracing::error!(
                    error = failure,
                    "the files of the keys cannot be used; the keys in use stay"
                );
            }
            last_failure = failure;
        }
    }

    /// Reads both files and uses what is in them; after an error the keys are what they were.
    pub fn take_over(&self) -> Result<(), ConfigError> {
        let (private, public) = read(&self.env)?;
        let in_use = self.verifier.keys().current();
        if in_use.is_none_or(|in_use| in_use.ids() != public.ids()) {
            tracing::info!(ids = ?public.ids(), "the keys of tokens are now these");
            self.verifier.keys().replace(public);
        }
        if self.signer.key_id() != private.id {
            tracing::info!(id = private.id, "tokens are now signed with this key");
            self.signer.replace(private);
        }
        Ok(())
    }
}

/// Both halves, of which the public one verifies what the private one signs.
fn read(env: &Env) -> Result<(PrivateKey, PublicKeys), ConfigError> {
    let private = PrivateKey::from_pem(&required(env, PRIVATE, PRIVATE_EXPECTS)?)
        .map_err(|error| malformed(PRIVATE, PRIVATE_EXPECTS, error))?;
    let public = parsed_public_keys(env)?;
    if !public.contains(&private.id) {
        let problem = "no key in it verifies what JWT_PRIVATE_KEY signs";
        return Err(malformed(PUBLIC, PAIR_EXPECTS, problem));
    }
    Ok((private, public))
}

fn parsed_public_keys(env: &Env) -> Result<PublicKeys, ConfigError> {
    PublicKeys::from_pem(required(env, PUBLIC, PUBLIC_EXPECTS)?.expose_secret())
        .map_err(|error| malformed(PUBLIC, PUBLIC_EXPECTS, error))
}
