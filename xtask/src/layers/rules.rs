//! Which way the code may point (docs/architecture.md, 'Layers').

/// A layer of a subgraph crate: the module of that name under `src/`.
pub struct Layer {
    pub name: &'static str,
    /// Modules of its own crate that it may name besides itself.
    pub may_use: &'static [&'static str],
    /// Crates it may not name, and where that belongs.
    pub foreign: &'static [(&'static str, &'static str)],
}

const WEB: &str = "requests and answers are shaped in graphql/ or rest/";
const SQL: &str = "SQL stands in db/, and app/ calls it";
const HTTP: &str = "calls to other contexts stand in clients/, behind a trait of app/ports.rs";
const OTHER_ADAPTER: &str =
    "each adapter knows its own protocol only; what both need is a function in app/";

const LAYERS: [Layer; 6] = [
    Layer {
        name: "graphql",
        may_use: &["app", "domain"],
        foreign: &[("sqlx", SQL), ("utoipa", OTHER_ADAPTER), ("reqwest", HTTP)],
    },
    Layer {
        name: "rest",
        may_use: &["app", "domain"],
        foreign: &[
            ("sqlx", SQL),
            ("async_graphql", OTHER_ADAPTER),
            ("async_graphql_axum", OTHER_ADAPTER),
            ("reqwest", HTTP),
        ],
    },
    Layer {
        name: "app",
        may_use: &["db", "domain"],
        foreign: &[
            ("axum", WEB),
            ("async_graphql", WEB),
            ("async_graphql_axum", WEB),
            ("utoipa", WEB),
            ("reqwest", HTTP),
        ],
    },
    Layer {
        name: "db",
        may_use: &["domain"],
        foreign: &[
            ("axum", WEB),
            ("async_graphql", WEB),
            ("async_graphql_axum", WEB),
            ("utoipa", WEB),
            ("reqwest", HTTP),
        ],
    },
    Layer {
        name: "clients",
        may_use: &["app::ports", "domain"],
        foreign: &[
            ("sqlx", SQL),
            ("axum", WEB),
            ("async_graphql", WEB),
            ("async_graphql_axum", WEB),
            ("utoipa", WEB),
        ],
    },
    Layer {
        // It may derive sqlx::Type: how an id is stored is the type's own matter. Queries are not (CHECKED_SQL).
        name: "domain",
        may_use: &[],
        foreign: &[
            ("axum", WEB),
            ("async_graphql", WEB),
            ("async_graphql_axum", WEB),
            ("utoipa", WEB),
            ("reqwest", HTTP),
        ],
    },
];

/// A module beside the layers, such as `internal.rs` with routes for other services: one more adapter.
const OTHER: Layer = Layer {
    name: "",
    may_use: &["app", "domain"],
    foreign: &[("sqlx", SQL), ("reqwest", HTTP)],
};

/// The module of a subgraph whose files may import one another, because GraphQL types do.
pub const MUTUAL: [&str; 1] = ["graphql"];

/// The parts of a service are put together here, so everything is known.
const COMPOSITION: [&str; 1] = ["config"];

/// The layer of a module at the top of a subgraph crate; `None` for where the parts are put together.
pub fn layer(module: &str) -> Option<&'static Layer> {
    if COMPOSITION.contains(&module) {
        return None;
    }
    Some(
        LAYERS
            .iter()
            .find(|layer| layer.name == module)
            .unwrap_or(&OTHER),
    )
}

/// Our crates that `domain` could name; of these it may use only what `DOMAIN_MAY_USE` lists.
pub const OURS: [&str; 6] = [
    "common",
    "contexts",
    "embedded_postgres",
    "kit",
    "migrations",
    "testkit",
];
pub const DOMAIN_MAY_USE: [&str; 6] = [
    "common::Timestamp",
    "common::timestamp::Timestamp",
    "kit::Text",
    "kit::UserId",
    "kit::UserSummary",
    "kit::id",
];

/// The macros that check SQL at compile time. Outside the subgraphs no `.sqlx` folder covers them.
pub const CHECKED_SQL: [&str; 8] = [
    "query",
    "query_as",
    "query_scalar",
    "query_file",
    "query_file_as",
    "query_file_scalar",
    "query_unchecked",
    "query_as_unchecked",
];

/// Words of the product. None is part of a name in `common`.
pub const PRODUCT_NOUNS: [&str; 23] = [
    "users",
    "username",
    "usernames",
    "posts",
    "messages",
    "messaging",
    "conversation",
    "conversations",
    "participant",
    "participants",
    "follower",
    "followers",
    "followee",
    "followees",
    "timeline",
    "feed",
    "mention",
    "mentions",
    "likes",
    "avatar",
    "inbox",
    "profile",
    "profiles",
];

/// Names that say nothing about what is inside.
pub const EMPTY_NAMES: [&str; 10] = [
    "common", "helper", "helpers", "manager", "managers", "misc", "shared", "stuff", "util",
    "utils",
];

/// Lines of a file, at most. At 300 it is asking to be two.
pub const MAX_LINES: usize = 500;
