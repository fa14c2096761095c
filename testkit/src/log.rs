use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, Once},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, filter::dynamic_filter_fn, layer::Context, prelude::*};

thread_local! {
    static RECORDING: RefCell<Option<Arc<Recording>>> = const { RefCell::new(None) };
}

/// Records what is logged on this thread, at any level, until it is dropped. For tests on a runtime of one thread.
pub struct Log(Arc<Recording>);

#[derive(Default)]
struct Recording {
    lines: Mutex<Vec<Line>>,
    /// Fields of spans, in the order in which they got their values.
    spans: Mutex<Vec<Fields>>,
}

/// An event.
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
            let recording = dynamic_filter_fn(|_, _| RECORDING.with_borrow(Option::is_some));
            tracing_subscriber::registry()
                .with(Recorder.with_filter(recording))
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
                _ => line.fields.get("summary").cloned().unwrap_or_default(),
            })
            .collect()
    }

    /// The values that spans got for a field since the last time this was asked.
    pub fn take_values(&self, field: &str) -> Vec<String> {
        let mut spans = self.0.spans.lock().unwrap();
        spans
            .iter_mut()
            .filter_map(|span| span.0.remove(field))
            .collect()
    }

    /// The events of a target, or of one within it, so far.
    pub fn lines(&self, target: &str) -> Vec<Line> {
        let lines = self.0.lines.lock().unwrap();
        let of_target = lines.iter().filter(|line| line.target.starts_with(target));
        of_target.cloned().collect()
    }

    /// Everything in any form, for what must not be in it.
    pub fn text(&self) -> String {
        let (lines, spans) = (self.0.lines.lock().unwrap(), self.0.spans.lock().unwrap());
        format!("{lines:#?} {spans:#?}")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        RECORDING.set(None);
    }
}

struct Recorder;

/// Hands the recording of this thread to `record`, when there is one.
fn with_recording(record: impl FnOnce(&Recording)) {
    RECORDING.with_borrow(|recording| {
        if let Some(recording) = recording {
            record(recording);
        }
    });
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        with_recording(|recording| {
            let mut fields = Fields::default();
            event.record(&mut fields);
            recording.lines.lock().unwrap().push(Line {
                target: event.metadata().target().to_owned(),
                level: *event.metadata().level(),
                fields: fields.0,
            });
        });
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        with_recording(|recording| {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            recording.spans.lock().unwrap().push(fields);
        });
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        with_recording(|recording| {
            let mut fields = Fields::default();
            values.record(&mut fields);
            recording.spans.lock().unwrap().push(fields);
        });
    }
}

#[derive(Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
