//! PostgreSQL as the bus, for processes that share one database server.

use async_trait::async_trait;
use sqlx::{PgPool, postgres::PgListener};

use crate::{
    app::ports::{Bus, BusError, BusSubscription, Received},
    db::notices,
};

/// `LISTEN` and `NOTIFY` on the service's own database.
pub struct PostgresBus(PgPool);

impl PostgresBus {
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl Bus for PostgresBus {
    async fn publish(&self, text: &str) -> Result<(), BusError> {
        Ok(notices::publish(&self.0, text).await?)
    }

    async fn subscribe(&self) -> Result<Box<dyn BusSubscription>, BusError> {
        let listener = notices::subscribe(&self.0).await?;
        Ok(Box::new(PostgresSubscription {
            listener,
            has_missed: true,
        }))
    }
}

struct PostgresSubscription {
    listener: PgListener,
    has_missed: bool,
}

#[async_trait]
impl BusSubscription for PostgresSubscription {
    async fn receive(&mut self) -> Result<Received, BusError> {
        if std::mem::take(&mut self.has_missed) {
            return Ok(Received::Gap);
        }
        match notices::receive(&mut self.listener).await? {
            Some(text) => Ok(Received::Message(text)),
            None => Err("the connection broke".into()),
        }
    }
}
