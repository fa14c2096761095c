//! What the service logs while a test runs: its SQL statements among it.

use std::{
    cell::RefCell,
    fmt,
    sync::Once,
    thread::{ThreadId, current},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

thread_local! {
    /// What was logged on this thread since somebody asked for it to be recorded.
    static ENTRIES: RefCell<Option<Vec<Entry>>> = const { RefCell::new(None) };
}

/// Records what is logged on its thread until it is dropped. For tests on a runtime of one thread.
pub struct Log {
    thread: ThreadId,
}

#[derive(Debug)]
struct Entry {
    target: String,
    level: Level,
    text: String,
    statement: String,
}

impl Log {
    pub fn record() -> Self {
        // One subscriber for the process: with one a thread, a call site that another thread reaches first stays off.
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| tracing_subscriber::registry().with(Recorder).init());
        ENTRIES.set(Some(Vec::new()));
        Self {
            thread: current().id(),
        }
    }

    /// The SQL statements so far.
    pub fn statements(&self) -> Vec<String> {
        self.entries(|entry| (entry.target == "sqlx::query").then(|| entry.statement.clone()))
    }

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<String> {
        self.entries(|entry| {
            (entry.level == Level::WARN && entry.target.starts_with("messaging"))
                .then(|| entry.text.clone())
        })
    }

    fn entries(&self, choose: impl Fn(&Entry) -> Option<String>) -> Vec<String> {
        assert_eq!(self.thread, current().id(), "the thread that is recorded");
        ENTRIES.with_borrow(|entries| entries.iter().flatten().filter_map(choose).collect())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        ENTRIES.set(None);
    }
}

struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        ENTRIES.with_borrow_mut(|entries| {
            let Some(entries) = entries else { return };
            let mut entry = Entry {
                target: event.metadata().target().to_owned(),
                level: *event.metadata().level(),
                text: String::new(),
                statement: String::new(),
            };
            event.record(&mut entry);
            entries.push(entry);
        });
    }
}

impl Visit for Entry {
    fn record_str(&mut self, field: &Field, value: &str) {
        // sqlx gives a long statement in `db.statement`, a short one in `summary` alone.
        match field.name() {
            "db.statement" if !value.is_empty() => value.trim().clone_into(&mut self.statement),
            "summary" if self.statement.is_empty() => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}");
        }
    }
}
