//! What fails while messages are sent.

use clap::ValueEnum;
use sqlx::{Connection, Executor, PgConnection};

use crate::{
    failure::Result,
    system::{MESSAGING, System},
};

/// Ends every connection of the services.
const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%\\_svc'";

/// What fails while messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Victim {
    Nothing,
    /// The process of the messaging service that the router knows
    #[value(name = "messaging-1")]
    Messaging1,
    /// The other one
    #[value(name = "messaging-2")]
    Messaging2,
    Users,
    Router,
    /// All connections of services to the database
    Connections,
}

impl Victim {
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Messaging1 => MESSAGING[0],
            Self::Messaging2 => MESSAGING[1],
            Self::Users => "users",
            Self::Router => "router",
            Self::Connections => "connections",
        }
    }

    /// Makes it fail; a killed process is started again.
    pub async fn strike(self, system: &mut System) -> Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Connections => {
                let mut conn = PgConnection::connect(system.database.admin_url()).await?;
                conn.execute(TERMINATE).await?;
                Ok(conn.close().await?)
            }
            Self::Messaging1 | Self::Messaging2 | Self::Users | Self::Router => {
                system.restart(self.name()).await
            }
        }
    }
}
