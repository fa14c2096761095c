//! The environment variables of one process.

use std::collections::BTreeMap;

use common::config::Env;

pub const AWS_SECRETS: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// The variables of one process, over those of the launcher.
pub struct Variables<'a> {
    env: &'a Env,
    values: BTreeMap<&'static str, String>,
}

impl<'a> Variables<'a> {
    pub fn new(env: &'a Env) -> Self {
        Self {
            env,
            values: BTreeMap::new(),
        }
    }

    pub fn into_values(self) -> BTreeMap<&'static str, String> {
        self.values
    }

    pub fn set(&mut self, name: &'static str, value: String) {
        self.values.insert(name, value);
    }

    /// Sets the user's value, or `value` if the user gives none.
    pub fn default(&mut self, name: &'static str, value: String) {
        let value = self.env.optional(name).map_or(value, str::to_owned);
        self.set(name, value);
    }

    /// Passes on those of the restricted variables that this process may have, if the user gives them.
    pub fn pass_on(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(value) = self.env.optional(name) {
                self.set(name, value.to_owned());
            }
        }
    }
}
