//! Why there is no page.

use std::io;

/// What is said of it at the end of every build.
const REMEDY: &str = "with Node 20.19 or newer and npm (Debian: apt-get install nodejs npm) and a network, run \
                      `cargo clean -p playground` and build again";

pub struct Missing {
    reason: String,
    /// What the program said that failed, its last lines.
    said: Vec<String>,
}

impl Missing {
    /// `reason` completes "the playground is missing:". It is served, so it names no path.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            said: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_output(mut self, said: Vec<String>) -> Self {
        self.said = said;
        self
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// For whoever builds, line by line.
    pub fn report(&self) -> Vec<String> {
        let mut lines = vec![format!("/playground is missing: {}", self.reason)];
        lines.extend(self.said.iter().map(|line| format!("  {line}")));
        lines.push(format!("everything else works; {REMEDY}"));
        lines
    }
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Self::new("the build could not read or write its files")
            .with_output(vec![error.to_string()])
    }
}
