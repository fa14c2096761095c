//! The bounded contexts of the system. Launcher, router, migrations, test kit, benchmark and CI read this list, so that
//! a new subgraph is added in one place (docs/adding-a-subgraph.md).

use std::fmt;

/// Port of the router unless `LISTEN_ADDR` sets another. The services listen on the ports after it.
pub const ROUTER_PORT: u16 = 4000;

macro_rules! contexts {
    ($($context:ident $name:ident $prefix:literal;)+) => {
        /// A bounded context: one crate under `subgraphs/`, one folder under `migrations/`, one PostgreSQL schema, one
        /// service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Context {
            $($context,)+
        }

        impl Context {
            /// All contexts, in the order in which their services start.
            pub const ALL: [Self; [$($prefix),+].len()] = [$(Self::$context),+];

            /// Names of all contexts, in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$(stringify!($name)),+];

            /// Name of the crate, the subgraph, the PostgreSQL schema and the folders.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$context => stringify!($name),)+
                }
            }

            /// Environment variable with the base URL of the service.
            pub const fn url_variable(self) -> &'static str {
                match self {
                    $(Self::$context => concat!($prefix, "_URL"),)+
                }
            }

            /// Environment variable with the connection string of the service's database role.
            pub const fn database_url_variable(self) -> &'static str {
                match self {
                    $(Self::$context => concat!($prefix, "_DATABASE_URL"),)+
                }
            }

            /// Environment variable with the password of the service's database role.
            pub const fn database_password_variable(self) -> &'static str {
                match self {
                    $(Self::$context => concat!($prefix, "_DB_PASSWORD"),)+
                }
            }
        }

        /// One value for each context.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct PerContext<T> {
            $($name: T,)+
        }

        impl<T> PerContext<T> {
            /// Makes the values in the order of [`Context::ALL`]; stops at the first error.
            pub fn try_new<E>(mut make: impl FnMut(Context) -> Result<T, E>) -> Result<Self, E> {
                Ok(Self {
                    $($name: make(Context::$context)?,)+
                })
            }

            /// The value of one context.
            pub const fn get(&self, context: Context) -> &T {
                match context {
                    $(Context::$context => &self.$name,)+
                }
            }
        }
    };
}

// Variant, name, and prefix of the environment variables. Add a new context at the end: its place decides its port.
contexts! {
    Users users "USERS";
    Posts posts "POSTS";
    Messaging messaging "MESSAGING";
}

/// The highest port of a service.
pub const LAST_PORT: u16 = {
    let [.., last] = Context::ALL;
    last.port()
};

impl Context {
    /// Port of the service unless `LISTEN_ADDR` sets another.
    pub const fn port(self) -> u16 {
        ROUTER_PORT + 1 + self as u16
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

impl<T> PerContext<T> {
    /// Makes the values in the order of [`Context::ALL`].
    pub fn new(mut make: impl FnMut(Context) -> T) -> Self {
        let Ok(values) = Self::try_new(|context| Ok::<_, std::convert::Infallible>(make(context)));
        values
    }

    /// The contexts with their values, in the order of [`Context::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Context, &T)> {
        Context::ALL
            .into_iter()
            .map(|context| (context, self.get(context)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are written unquoted into SQL, URLs and environment variables.
    #[test]
    fn names_are_lowercase_letters_and_variables_are_named_after_them() {
        for context in Context::ALL {
            let name = context.name();
            assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{name}");
            let prefix = name.to_uppercase();
            assert_eq!(context.url_variable(), format!("{prefix}_URL"));
            assert_eq!(
                context.database_url_variable(),
                format!("{prefix}_DATABASE_URL")
            );
            assert_eq!(
                context.database_password_variable(),
                format!("{prefix}_DB_PASSWORD")
            );
        }
    }

    #[test]
    fn services_listen_on_the_ports_after_the_router() {
        let ports = Context::ALL.map(Context::port);
        assert!((ROUTER_PORT + 1..=LAST_PORT).eq(ports));
    }

    #[test]
    fn values_of_contexts_keep_their_context() {
        let names = PerContext::new(Context::name);
        assert!(names.iter().all(|(context, name)| context.name() == *name));
        assert_eq!(
            names.iter().map(|(context, _)| context).collect::<Vec<_>>(),
            Context::ALL
        );
    }
}
