//! The bounded contexts of the system. Launcher, router, migrations, test kit, benchmark and CI read this list, so that
//! a new subgraph is added in one place.

use std::fmt;

/// A bounded context: one crate under `subgraphs/`, one folder under `migrations/`, one PostgreSQL schema, one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Users,
    Posts,
    Messaging,
}

impl Context {
    /// All contexts, in the order in which their services start.
    pub const ALL: [Self; 3] = [Self::Users, Self::Posts, Self::Messaging];

    /// Name of the crate, the subgraph, the PostgreSQL schema and the folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Posts => "posts",
            Self::Messaging => "messaging",
        }
    }

    /// Port of the service unless `LISTEN_ADDR` sets another.
    pub const fn port(self) -> u16 {
        match self {
            Self::Users => 4001,
            Self::Posts => 4002,
            Self::Messaging => 4003,
        }
    }

    /// Environment variable with the base URL of the service.
    pub const fn url_variable(self) -> &'static str {
        match self {
            Self::Users => "USERS_URL",
            Self::Posts => "POSTS_URL",
            Self::Messaging => "MESSAGING_URL",
        }
    }

    /// Environment variable with the connection string of the service's database role.
    pub const fn database_url_variable(self) -> &'static str {
        match self {
            Self::Users => "USERS_DATABASE_URL",
            Self::Posts => "POSTS_DATABASE_URL",
            Self::Messaging => "MESSAGING_DATABASE_URL",
        }
    }

    /// Finds a context by its name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|context| context.name() == name)
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_ports_are_unique() {
        let names: HashSet<_> = Context::ALL.map(Context::name).into();
        let ports: HashSet<_> = Context::ALL.map(Context::port).into();
        assert_eq!(names.len(), Context::ALL.len());
        assert_eq!(ports.len(), Context::ALL.len());
    }

    #[test]
    fn variables_are_named_after_the_context() {
        for context in Context::ALL {
            let prefix = context.name().to_uppercase();
            assert_eq!(context.url_variable(), format!("{prefix}_URL"));
            assert_eq!(
                context.database_url_variable(),
                format!("{prefix}_DATABASE_URL")
            );
        }
    }
}
