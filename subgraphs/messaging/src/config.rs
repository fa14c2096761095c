//! The settings of the service: those of every service, `JWT_PUBLIC_KEY`, `JWT_ISSUER`, `JWT_AUDIENCE`, `USERS_URL` and
//! `EVENTS_URL`.

use std::sync::Arc;

use async_nats::ServerAddr;
use common::{
    auth::Verifier,
    clock::SharedClock,
    config::{ConfigError, Env, malformed},
    service::StartError,
    upstream::Upstream,
};
use contexts::Context;
use kit::ServiceConfig;
use sqlx::PgPool;

use crate::{
    app::{live::PostgresBus, ports::Bus},
    clients::NatsBus,
};

pub struct Config {
    pub service: ServiceConfig,
    pub verifier: Verifier,
    /// The users service, the source of profiles and blocks.
    pub users: Upstream,
    pub events: Events,
}

impl Config {
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        Ok(Self {
            service: ServiceConfig::from_env(Context::Messaging, env)?,
            verifier: Verifier::from_env(env, clock)?,
            users: Upstream::from_env("users", Context::Users.url_variable(), env)?,
            events: Events::from_env(env)?,
        })
    }
}

/// How the processes of this service tell one another that something has happened.
pub enum Events {
    /// By the database that they share.
    Postgres,
    Nats(Vec<ServerAddr>),
}

impl Events {
    fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let expects = "postgres, or nats://host:4222, several separated by commas";
        let Some(value) = env.optional("EVENTS_URL") else {
            return Ok(Self::Postgres);
        };
        if value == "postgres" {
            return Ok(Self::Postgres);
        }
        // The library would take a name without a scheme.
        let is_nats = |url: &str| url.starts_with("nats://") || url.starts_with("tls://");
        if !value.split(',').all(is_nats) {
            return Err(malformed("EVENTS_URL", expects, "it is neither"));
        }
        let servers: Result<Vec<ServerAddr>, _> = value.split(',').map(str::parse).collect();
        servers
            .map(Self::Nats)
            .map_err(|error| malformed("EVENTS_URL", expects, error))
    }

    /// The bus, whether or not it can be reached now.
    pub async fn bus(self, pool: &PgPool) -> Result<Arc<dyn Bus>, StartError> {
        Ok(match self {
            Self::Postgres => Arc::new(PostgresBus::new(pool.clone())),
            Self::Nats(servers) => {
                let bus = NatsBus::connect(servers).await;
                Arc::new(bus.map_err(|error| StartError::Other(format!("EVENTS_URL: {error}")))?)
            }
        })
    }
}
