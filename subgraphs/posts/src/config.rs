//! The settings of the service: those of every service, `JWT_PUBLIC_KEY`, `JWT_ISSUER`, `JWT_AUDIENCE`, `USERS_URL` and
//! `TIMELINE_INDEX_MIB`.

use common::{
    auth::Verifier,
    clock::SharedClock,
    config::{ConfigError, Env},
    upstream::Upstream,
};
use contexts::Context;
use kit::ServiceConfig;

pub struct Config {
    pub service: ServiceConfig,
    pub verifier: Verifier,
    /// The users service, which knows who follows whom.
    pub users: Upstream,
    /// The most that the index of the timeline may take; 0 for none.
    pub index_bytes: usize,
}

/// Ten million posts by a hundred thousand authors take 240.
const DEFAULT_INDEX_MIB: u32 = 256;

impl Config {
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        Ok(Self {
            service: ServiceConfig::from_env(Context::Posts, env)?,
            verifier: Verifier::from_env(env, clock)?,
            users: Upstream::from_env("users", Context::Users.url_variable(), env)?,
            index_bytes: index_bytes(env)?,
        })
    }
}

fn index_bytes(env: &Env) -> Result<usize, ConfigError> {
    let mib = env.parsed(
        "TIMELINE_INDEX_MIB",
        "how much memory the index of the timeline may take, in MiB; 0 for no index",
    )?;
    let mib: u32 = mib.unwrap_or(DEFAULT_INDEX_MIB);
    Ok(usize::try_from(mib)
        .unwrap_or(usize::MAX)
        .saturating_mul(1024 * 1024))
}
