use std::net::SocketAddr;

use common::{
    auth::Verifier,
    clock::SharedClock,
    config::{ConfigError, Env},
    postgres::PostgresConfig,
    server::listen_addr,
    upstream::Upstream,
};

/// Where the service listens unless `LISTEN_ADDR` says otherwise.
pub const DEFAULT_ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 4002);

/// What the service is started with: `LISTEN_ADDR`, `DATABASE_URL`, `JWT_PUBLIC_KEY`, `JWT_ISSUER`, `JWT_AUDIENCE`,
/// `USERS_URL`.
pub struct Config {
    pub address: SocketAddr,
    pub database: PostgresConfig,
    pub verifier: Verifier,
    /// The users service, which knows who follows whom.
    pub users: Upstream,
}

impl Config {
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        Ok(Self {
            address: listen_addr(env, DEFAULT_ADDRESS.into())?,
            database: PostgresConfig::from_env(env)?,
            verifier: Verifier::from_env(env, clock)?,
            users: Upstream::from_env("users", "USERS_URL", env)?,
        })
    }
}
