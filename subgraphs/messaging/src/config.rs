//! What the service is configured with: `DATABASE_URL`, `LISTEN_ADDR`, `JWT_PUBLIC_KEY`, `JWT_ISSUER`, `JWT_AUDIENCE`,
//! `USERS_URL`.

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
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4003);

pub struct Config {
    pub address: SocketAddr,
    pub postgres: PostgresConfig,
    pub verifier: Verifier,
    pub users: Upstream,
}

impl Config {
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        Ok(Self {
            address: listen_addr(env, DEFAULT_ADDRESS)?,
            postgres: PostgresConfig::from_env(env)?,
            verifier: Verifier::from_env(env, clock)?,
            users: Upstream::from_env("users", "USERS_URL", env)?,
        })
    }
}
