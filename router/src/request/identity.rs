use super::TraceId;
use crate::usage::ClientUsage;

/// What the guard found out about a request that it let in. The engine's hooks read it from the request's context.
#[derive(Clone, Debug)]
pub(crate) struct RequestIdentity {
    /// Whether the request carried a valid access token.
    pub(crate) is_signed_in: bool,
    pub(crate) trace_id: TraceId,
    /// Counts the client's operations; `None` while usage is not recorded.
    pub(crate) usage: Option<ClientUsage>,
}
