//! One thing a check found wrong, where, and what would be right.

use std::fmt;
use std::path::PathBuf;

use crate::failure::{Failure, Result};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the workspace.
    pub file: PathBuf,
    /// Counted from 1; 0 when the finding is about the whole file.
    pub line: usize,
    pub wrong: String,
    pub right: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}\n    instead: {}", self.wrong, self.right)
    }
}

/// Prints the findings in order of place, and fails when there are any.
pub fn report(check: &str, mut findings: Vec<Finding>) -> Result<()> {
    if findings.is_empty() {
        println!("{check}: ok");
        return Ok(());
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    let (count, noun) = match findings.len() {
        1 => (1, "finding"),
        n => (n, "findings"),
    };
    Err(Failure::new(format!("{check}: {count} {noun}")))
}
