//! Configuration comes from environment variables, is read once at start, and stops the process with one line that
//! names the variable and what it expects.

use std::{collections::BTreeMap, fmt, fs, str::FromStr};

use secrecy::SecretString;

/// The environment a process was started with.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, String>);

/// Why a process cannot start with the environment it has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    #[error("{name} is not set; expected {expects}")]
    Missing { name: String, expects: &'static str },
    #[error("{name} is not usable: {problem}; expected {expects}")]
    Malformed {
        name: String,
        expects: &'static str,
        problem: String,
    },
}

impl Env {
    /// The environment of this process. A variable that is not UTF-8 counts as not set.
    pub fn process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    /// An environment of exactly these variables.
    pub fn of<K: Into<String>, V: Into<String>>(vars: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(
            vars.into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }

    /// The value of a variable; an empty one counts as not set.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of a variable that has no default.
    pub fn required(&self, name: &'static str, expects: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing {
            name: name.to_owned(),
            expects,
        })
    }

    /// The parsed value of a variable, `None` when it is not set.
    pub fn parsed<T>(
        &self,
        name: &'static str,
        expects: &'static str,
    ) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.optional(name)
            .map(|value| {
                value
                    .parse()
                    .map_err(|error: T::Err| malformed(name, expects, error))
            })
            .transpose()
    }

    /// `true`/`false`, or the default when the variable is not set.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, ConfigError> {
        Ok(self.parsed(name, "true or false")?.unwrap_or(default))
    }

    /// A value given directly in `name`, or in the file that `name_FILE` names; the file wins nothing: both at once
    /// is an error, because one of them would be silently ignored.
    pub fn text_or_file(
        &self,
        name: &'static str,
        expects: &'static str,
    ) -> Result<Option<SecretString>, ConfigError> {
        let file_name = format!("{name}_FILE");
        match (self.optional(name), self.optional(&file_name)) {
            (None, None) => Ok(None),
            (Some(text), None) => Ok(Some(text.into())),
            (None, Some(path)) => fs::read_to_string(path)
                .map(|text| Some(text.into()))
                .map_err(|error| malformed(file_name, expects, error)),
            (Some(_), Some(_)) => Err(malformed(
                name,
                expects,
                format!("{file_name} is set as well"),
            )),
        }
    }
}

impl fmt::Debug for Env {
    /// Names only: values can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The error for a variable whose value cannot be used.
pub fn malformed(
    name: impl Into<String>,
    expects: &'static str,
    problem: impl fmt::Display,
) -> ConfigError {
    ConfigError::Malformed {
        name: name.into(),
        expects,
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named_with_what_it_expects() {
        let error = Env::default()
            .required("DATABASE_URL", "a PostgreSQL URL")
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "DATABASE_URL is not set; expected a PostgreSQL URL"
        );
    }

    #[test]
    fn a_malformed_variable_is_named_with_what_it_expects() {
        let env = Env::of([("WORKERS", "many")]);
        let error = env.parsed::<u16>("WORKERS", "a number").unwrap_err();
        assert_eq!(
            error.to_string(),
            "WORKERS is not usable: invalid digit found in string; expected a number"
        );
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert_eq!(Env::of([("A", "")]).optional("A"), None);
    }

    #[test]
    fn a_value_given_twice_is_refused() {
        let env = Env::of([("KEY", "x"), ("KEY_FILE", "/dev/null")]);
        let error = env.text_or_file("KEY", "a key").unwrap_err();
        assert_eq!(
            error.to_string(),
            "KEY is not usable: KEY_FILE is set as well; expected a key"
        );
    }

    #[test]
    fn debug_output_shows_no_value() {
        assert_eq!(
            format!("{:?}", Env::of([("SECRET", "hunter2")])),
            "{\"SECRET\"}"
        );
    }
}
