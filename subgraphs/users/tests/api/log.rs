//! What the service logs while a piece of a test runs, the SQL it sends among it. For tests on a runtime of one thread.

use std::{cell::RefCell, io, sync::Once};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::dynamic_filter_fn,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

thread_local! {
    static RECORDED: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Everything that was logged, at any level.
#[derive(Default)]
pub struct Log {
    /// The SQL statements that were sent.
    pub statements: Vec<String>,
    text: Vec<u8>,
}

impl Log {
    /// All of it as lines.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

/// What a future returns, and what was logged meanwhile.
pub async fn logged<F: Future>(future: F) -> (F::Output, Log) {
    // One subscriber for the process: with one a thread, a call site that another thread reaches first stays off.
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(|| Lines);
        let layers = lines.and_then(Statements);
        let recording = dynamic_filter_fn(|_, _| RECORDED.with_borrow(Option::is_some));
        tracing_subscriber::registry()
            .with(layers.with_filter(recording))
            .init();
    });
    RECORDED.set(Some(Log::default()));
    let output = future.await;
    (output, RECORDED.take().unwrap())
}

/// What a future returns, and the SQL statements it sent.
pub async fn recorded<F: Future>(future: F) -> (F::Output, Vec<String>) {
    let (output, log) = logged(future).await;
    (output, log.statements)
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        RECORDED.with_borrow_mut(|log| {
            if let Some(log) = log {
                log.text.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut statement = Statement::default();
        event.record(&mut statement);
        RECORDED.with_borrow_mut(|log| {
            if let Some(log) = log {
                log.statements.push(statement.0);
            }
        });
    }
}

#[derive(Default)]
struct Statement(String);

impl Visit for Statement {
    /// sqlx gives a long statement in `db.statement`, a short one in `summary` alone.
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "db.statement" if !value.is_empty() => value.trim().clone_into(&mut self.0),
            "summary" if self.0.is_empty() => value.clone_into(&mut self.0),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
