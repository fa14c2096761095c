//! What the service logs while a test runs: its SQL statements and the plans of timelines among it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, Once},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, prelude::*};

thread_local! {
    static RECORDING: RefCell<Option<Arc<Recording>>> = const { RefCell::new(None) };
}

/// Records what is logged on this thread until it is dropped. For tests on a runtime of one thread.
pub struct Log(Arc<Recording>);

#[derive(Default)]
struct Recording {
    lines: Mutex<Vec<Line>>,
    plans: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub target: String,
    pub level: Level,
    pub fields: BTreeMap<&'static str, String>,
}

impl Log {
    pub fn record() -> Self {
        // One subscriber for all threads: while there is a single one and only some threads have it, tracing may take what
        // another thread logs first for what nobody wants to know (tracing-core 0.1, `callsite::Dispatchers::rebuilder`).
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let wanted = Targets::new().with_targets(
                ["posts", "audit", "sqlx::query"].map(|target| (target, LevelFilter::TRACE)),
            );
            tracing_subscriber::registry()
                .with(Recorder.with_filter(wanted))
                .init();
        });
        let recording = Arc::<Recording>::default();
        RECORDING.set(Some(Arc::clone(&recording)));
        Self(recording)
    }

    /// The SQL statements since the last time this was asked.
    pub fn take_statements(&self) -> Vec<String> {
        let mut lines = self.0.lines.lock().unwrap();
        let statements = lines.extract_if(.., |line| line.target == "sqlx::query");
        statements
            // sqlx gives a long statement in `db.statement`, a short one in `summary` alone.
            .map(|line| match line.fields.get("db.statement") {
                Some(statement) if !statement.is_empty() => statement.trim().to_owned(),
                _ => line.fields["summary"].clone(),
            })
            .collect()
    }

    /// The plans of the timelines since the last time this was asked.
    pub fn take_plans(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.plans.lock().unwrap())
    }

    /// The lines of a target so far.
    pub fn lines(&self, target: &str) -> Vec<Line> {
        let lines = self.0.lines.lock().unwrap();
        let of_target = lines.iter().filter(|line| line.target.starts_with(target));
        of_target.cloned().collect()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        RECORDING.set(None);
    }
}

struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        RECORDING.with_borrow(|recording| {
            let Some(recording) = recording else { return };
            let mut fields = Fields::default();
            event.record(&mut fields);
            recording.lines.lock().unwrap().push(Line {
                target: event.metadata().target().to_owned(),
                level: *event.metadata().level(),
                fields: fields.0,
            });
        });
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        RECORDING.with_borrow(|recording| {
            let Some(recording) = recording else { return };
            let mut fields = Fields::default();
            values.record(&mut fields);
            recording
                .plans
                .lock()
                .unwrap()
                .extend(fields.0.remove("plan"));
        });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
