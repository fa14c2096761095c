use std::fmt;

/// A bounded context: a schema, an owner of it, a service that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    Users,
    Posts,
    Messaging,
}

impl Context {
    pub const ALL: [Self; 3] = [Self::Users, Self::Posts, Self::Messaging];

    /// Name of its schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Posts => "posts",
            Self::Messaging => "messaging",
        }
    }

    /// The role that owns the schema; nobody can log in as it.
    pub const fn owner(self) -> &'static str {
        match self {
            Self::Users => "users_owner",
            Self::Posts => "posts_owner",
            Self::Messaging => "messaging_owner",
        }
    }

    /// The role its service connects as.
    pub const fn service_role(self) -> &'static str {
        match self {
            Self::Users => "users_svc",
            Self::Posts => "posts_svc",
            Self::Messaging => "messaging_svc",
        }
    }

    /// The table that records its migrations.
    pub(crate) const fn migrations_table(self) -> &'static str {
        match self {
            Self::Users => "users._sqlx_migrations",
            Self::Posts => "posts._sqlx_migrations",
            Self::Messaging => "messaging._sqlx_migrations",
        }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.schema())
    }
}
