//! Lines for whoever has to find out later who did what, or tried to (docs/access.md). They have the target `audit` and
//! these fields:
//!
//! - `event`: what it is about, such as `delete_post`
//! - `outcome`: `done`, at level info, or `denied`, at level warn
//! - `code`: of a denial, as the client got it
//! - `actor`: who did it or tried to: the id of an account, or `operator`
//! - `subject`: to whom or to what: an id
//! - `detail`: what else has to be known, such as whose the subject is; not in every line
//! - `trace_id`: of the request, as in all lines of it; empty where there is none
//!
//! None of them ever holds a secret, an address, or something that people wrote.

use std::fmt::Display;

use crate::trace;

/// Something that somebody did, or tried to do, to something.
#[must_use = "an event is written by `done` or `denied`"]
pub struct Event<'a> {
    name: &'static str,
    actor: &'a dyn Display,
    subject: &'a dyn Display,
    detail: Option<&'a dyn Display>,
}

impl<'a> Event<'a> {
    pub fn new(name: &'static str, actor: &'a dyn Display, subject: &'a dyn Display) -> Self {
        Self {
            name,
            actor,
            subject,
            detail: None,
        }
    }

    pub fn detail(mut self, detail: &'a dyn Display) -> Self {
        self.detail = Some(detail);
        self
    }

    /// It is done. Written after the change is committed.
    pub fn done(self) {
        tracing::info!(
            target: "audit",
            event = self.name,
            outcome = "done",
            actor = %self.actor,
            subject = %self.subject,
            detail = self.detail.map(tracing::field::display),
            trace_id = trace::current_id(),
            "somebody did something that is written down"
        );
    }

    /// It was refused, with this code.
    pub fn denied(self, code: &'static str) {
        tracing::warn!(
            target: "audit",
            event = self.name,
            outcome = "denied",
            code,
            actor = %self.actor,
            subject = %self.subject,
            detail = self.detail.map(tracing::field::display),
            trace_id = trace::current_id(),
            "somebody tried what they may not do"
        );
    }
}
