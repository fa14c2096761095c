//! Rows in PostgreSQL's binary COPY format, made on one core while PostgreSQL takes them on another.

use sqlx::PgConnection;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::progress::Progress;
use crate::failure::{Failure, Result};

/// PostgreSQL counts from 2000-01-01, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const CHUNK: usize = 1 << 20;
/// Chunks that may wait: enough for one side to be slow for a moment.
const WAITING: usize = 8;

/// Takes rows of a table.
pub struct Rows {
    buffer: Vec<u8>,
    chunks: mpsc::Sender<Vec<u8>>,
    progress: Progress,
    fields: i16,
}

impl Rows {
    /// Begins the next row.
    pub fn row(&mut self) -> Result<&mut Self> {
        if self.buffer.len() >= CHUNK {
            let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + 4_096));
            self.send(full)?;
        }
        self.progress.row();
        self.buffer.extend_from_slice(&self.fields.to_be_bytes());
        Ok(self)
    }

    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            return self.text(value);
        }
        self.buffer.extend_from_slice(&(-1_i32).to_be_bytes());
        self
    }

    pub fn int(&mut self, value: u64) -> &mut Self {
        self.bytes(&i32::try_from(value).unwrap_or(i32::MAX).to_be_bytes())
    }

    pub fn bigint(&mut self, value: u64) -> &mut Self {
        self.bytes(&i64::try_from(value).unwrap_or(i64::MAX).to_be_bytes())
    }

    /// Microseconds since 1970.
    pub fn time(&mut self, micros: i64) -> &mut Self {
        self.bytes(&(micros - EPOCH).to_be_bytes())
    }

    fn bytes(&mut self, value: &[u8]) -> &mut Self {
        // No value of ours has 2 GiB.
        let length = i32::try_from(value.len()).unwrap_or_default();
        self.buffer.extend_from_slice(&length.to_be_bytes());
        self.buffer.extend_from_slice(value);
        self
    }

    fn send(&self, chunk: Vec<u8>) -> Result<()> {
        self.chunks
            .blocking_send(chunk)
            .map_err(|_closed| Failure::new("PostgreSQL takes no more rows"))
    }

    fn finish(mut self) -> Result<()> {
        self.buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        let last = std::mem::take(&mut self.buffer);
        self.send(last)
    }
}

/// Copies what `produce` makes into the columns of a table, which was emptied in the same transaction.
pub async fn copy(
    conn: &mut PgConnection,
    table: &str,
    columns: &[&str],
    progress: Progress,
    produce: impl FnOnce(&mut Rows) -> Result<()> + Send + 'static,
) -> Result<u64> {
    let (chunks, mut ready) = mpsc::channel(WAITING);
    let mut rows = Rows {
        buffer: SIGNATURE.to_vec(),
        chunks,
        progress,
        fields: i16::try_from(columns.len()).unwrap_or_default(),
    };
    let producer = tokio::task::spawn_blocking(move || {
        produce(&mut rows)?;
        rows.finish()
    });
    // Frozen: visible to everybody at once, so that nothing has to be rewritten by a VACUUM later.
    let statement = format!(
        "COPY {table} ({}) FROM STDIN WITH (FORMAT binary, FREEZE)",
        columns.join(", ")
    );
    let mut copy = conn.copy_in_raw(&statement).await?;
    while let Some(chunk) = ready.recv().await {
        copy.send(chunk).await?;
    }
    match producer.await? {
        Ok(()) => Ok(copy.finish().await?),
        Err(failure) => {
            copy.abort("the producer failed").await?;
            Err(failure)
        }
    }
}
