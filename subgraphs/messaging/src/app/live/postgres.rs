//! PostgreSQL as the bus: nothing else to run, as long as all processes use one database server.

use async_trait::async_trait;
use sqlx::{PgPool, postgres::PgListener};

use crate::{
    app::ports::{Bus, BusError, Ear, Heard},
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
    async fn tell(&self, text: &str) -> Result<(), BusError> {
        Ok(notices::tell(&self.0, text).await?)
    }

    async fn listen(&self) -> Result<Box<dyn Ear>, BusError> {
        let listener = notices::listen(&self.0).await?;
        Ok(Box::new(Listening {
            listener,
            has_missed: true,
        }))
    }
}

struct Listening {
    listener: PgListener,
    has_missed: bool,
}

#[async_trait]
impl Ear for Listening {
    async fn hear(&mut self) -> Result<Heard, BusError> {
        if std::mem::take(&mut self.has_missed) {
            return Ok(Heard::Gap);
        }
        match notices::hear(&mut self.listener).await? {
            Some(text) => Ok(Heard::Word(text)),
            None => Err("the connection broke".into()),
        }
    }
}
