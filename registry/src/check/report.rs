//! What a check found, step by step. Its JSON is described in docs/schema-checks.md, and programs read it: a change of a
//! name here is a new `version`.

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use crate::places::Place;

#[derive(Debug, Serialize)]
pub struct Report {
    pub format: &'static str,
    pub version: u32,
    pub verdict: Verdict,
    /// What the schema was compared with, for people.
    pub base: String,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Failed,
}

/// The steps, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    Parse,
    Code,
    Composition,
    Rules,
    Drift,
    Authorization,
    Diff,
    Usage,
    Operations,
    Planning,
    Lint,
    Contract,
    Approvals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Passed,
    /// It has warnings and no error.
    Warned,
    Failed,
    /// The note says why.
    Skipped,
}

#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub name: StepName,
    pub status: Status,
    /// What was looked at, or why nothing was.
    pub note: String,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Fails the check.
    Error,
    Warning,
    Note,
}

/// What a change of the API does to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// An operation that was right may not be any more.
    Breaking,
    /// Every operation stays right, and a client may still be surprised by an answer.
    Dangerous,
    Safe,
}

#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Stable; an approval names it.
    pub code: String,
    /// Schema coordinate, or `client/Operation`.
    pub coordinate: Option<String>,
    /// Of a change.
    pub criticality: Option<Criticality>,
    pub message: String,
    pub places: Vec<Place>,
    /// The operations that a breaking change would break.
    pub operations: Vec<Affected>,
    /// How to do it.
    pub instead: Option<String>,
    /// Who approved it, and why.
    pub approval: Option<Approved>,
    /// Only what changed since the base can be the reason, so that whoever approves the change approves this with it.
    #[serde(skip)]
    pub follows: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Affected {
    pub client: String,
    pub operation: String,
    /// Where it is recorded; none when it was only seen in live traffic.
    pub file: Option<String>,
    pub seen: Option<Seen>,
}

/// How a router saw an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Seen {
    pub last: NaiveDate,
    pub count: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Approved {
    pub by: String,
    pub until: NaiveDate,
    pub reason: String,
}

impl Report {
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            format: "rookery-schema-check",
            version: 1,
            verdict: Verdict::Passed,
            base: base.into(),
            steps: Vec::new(),
        }
    }

    /// Gives each step its status by its findings, and the whole its verdict.
    #[must_use]
    pub fn conclude(mut self) -> Self {
        for step in self
            .steps
            .iter_mut()
            .filter(|step| step.status != Status::Skipped)
        {
            step.status = match step.findings.iter().map(|finding| finding.severity).min() {
                Some(Severity::Error) => Status::Failed,
                Some(Severity::Warning) => Status::Warned,
                Some(Severity::Note) | None => Status::Passed,
            };
        }
        if self.steps.iter().any(|step| step.status == Status::Failed) {
            self.verdict = Verdict::Failed;
        }
        self
    }

    /// How many findings of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.steps.iter().flat_map(|step| &step.findings);
        findings
            .filter(|finding| finding.severity == severity)
            .count()
    }
}

impl Step {
    pub fn new(name: StepName, note: impl Into<String>, findings: Vec<Finding>) -> Self {
        Self {
            name,
            status: Status::Passed,
            note: note.into(),
            findings,
        }
    }

    pub fn skipped(name: StepName, why: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Skipped,
            note: why.into(),
            findings: Vec::new(),
        }
    }
}

impl Finding {
    pub fn new(severity: Severity, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: code.into(),
            coordinate: None,
            criticality: None,
            message: message.into(),
            places: Vec::new(),
            operations: Vec::new(),
            instead: None,
            approval: None,
            follows: false,
        }
    }

    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    #[must_use]
    pub fn at(mut self, coordinate: impl Into<String>) -> Self {
        self.coordinate = Some(coordinate.into());
        self
    }

    #[must_use]
    pub fn in_places(mut self, places: Vec<Place>) -> Self {
        self.places = places;
        self
    }

    #[must_use]
    pub fn instead(mut self, instead: impl Into<String>) -> Self {
        self.instead = Some(instead.into());
        self
    }
}

impl Affected {
    /// `client/Operation`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.client, self.operation)
    }
}

impl StepName {
    /// Whether a reviewed exception is possible for all that the step finds. What could not be served, or would be served
    /// to people whom a rule keeps out, cannot be approved; that the rule itself changes can.
    pub fn approvable(self) -> bool {
        matches!(
            self,
            Self::Diff
                | Self::Usage
                | Self::Operations
                | Self::Planning
                | Self::Lint
                | Self::Contract
        )
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Parse => "parse",
            Self::Code => "code",
            Self::Composition => "composition",
            Self::Rules => "rules",
            Self::Drift => "drift",
            Self::Authorization => "authorization",
            Self::Diff => "diff",
            Self::Usage => "usage",
            Self::Operations => "operations",
            Self::Planning => "planning",
            Self::Lint => "lint",
            Self::Contract => "contract",
            Self::Approvals => "approvals",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())?;
        if let Some(file) = &self.file {
            write!(f, " ({file})")?;
        }
        if let Some(Seen { last, count }) = self.seen {
            write!(f, " (seen {count} times, last on {last})")?;
        }
        Ok(())
    }
}
