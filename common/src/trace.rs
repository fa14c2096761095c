//! The trace a request belongs to: W3C Trace Context (`traceparent`) in and out, and the id that errors show.

use std::future::Future;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Response header that carries the trace id to clients.
pub const TRACE_ID_HEADER: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: &str = "traceparent";

/// Ids of the trace and of this process's step in it, lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: String,
    span_id: String,
    flags: String,
}

tokio::task_local! {
    static CURRENT: TraceContext;
}

impl TraceContext {
    /// The trace that the caller started, or a new one when there is no `traceparent` or it is malformed.
    pub fn of(headers: &HeaderMap) -> Self {
        let parent = headers
            .get(TRACEPARENT)
            .and_then(|value| parse(value.to_str().ok()?));
        let (trace_id, flags) =
            parent.unwrap_or_else(|| (hex(&rand::random::<[u8; 16]>()), "01".to_owned()));
        Self {
            trace_id,
            span_id: hex(&rand::random::<[u8; 8]>()),
            flags,
        }
    }

    pub fn trace_id(&self) -> &str {
        &self.trace_id
    }

    /// The header that continues this trace in another service.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{}", self.trace_id, self.span_id, self.flags)
    }

    /// Runs a future within this trace.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }
}

/// The trace of the running task, if it serves a request.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// The id of the running task's trace; empty outside a request.
pub fn current_id() -> String {
    CURRENT
        .try_with(|context| context.trace_id.clone())
        .unwrap_or_default()
}

/// Adds the running task's trace to the headers of a request to another service.
pub fn inject(headers: &mut HeaderMap) {
    if let Some(value) =
        current().and_then(|context| HeaderValue::from_str(&context.traceparent()).ok())
    {
        headers.insert(TRACEPARENT, value);
    }
}

/// Spawns a task that stays in the running task's trace and span: what `tokio::spawn` alone would lose.
pub fn spawn(future: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    use tracing::Instrument;
    let future = future.in_current_span();
    match current() {
        Some(context) => tokio::spawn(context.scope(future)),
        None => tokio::spawn(future),
    }
}

/// <https://www.w3.org/TR/trace-context/#traceparent-header-field-values>: version, trace id, parent id, flags.
fn parse(value: &str) -> Option<(String, String)> {
    let mut parts = value.split('-');
    let (version, trace_id, parent_id, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, len: usize| {
        text.len() == len
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let well_formed = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace_id, 32)
        && trace_id.bytes().any(|b| b != b'0')
        && is_hex(parent_id, 16)
        && parent_id.bytes().any(|b| b != b'0')
        && is_hex(flags, 2);
    well_formed.then(|| (trace_id.to_owned(), flags.to_owned()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            HeaderName::from_static("traceparent"),
            value.parse().unwrap(),
        )])
    }

    #[test]
    fn the_callers_trace_goes_on_with_a_span_of_our_own() {
        let context = TraceContext::of(&headers(
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ));
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert!(
            context
                .traceparent()
                .starts_with("00-0af7651916cd43dd8448eb211c80319c-")
        );
        assert!(!context.traceparent().contains("b7ad6b7169203331"));
    }

    #[test]
    fn a_malformed_traceparent_starts_a_new_trace() {
        for bad in [
            "",
            "00-zz",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
        ] {
            let context = TraceContext::of(&headers(bad));
            assert_eq!(context.trace_id().len(), 32, "{bad}");
            assert!(!bad.to_lowercase().contains(context.trace_id()), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_spawned_task_stays_in_the_trace() {
        let context = TraceContext::of(&HeaderMap::new());
        let expected = context.trace_id().to_owned();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let task = async move { sender.send(current_id()).unwrap() };
        context.scope(async { drop(spawn(task)) }).await;
        assert_eq!(receiver.await.unwrap(), expected);
    }
}
