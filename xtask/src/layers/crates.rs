//! Which crate may depend on which, from `cargo metadata`.

use std::path::PathBuf;

use registry::finding::Finding;

/// A dependency as a manifest has it.
pub struct Edge {
    pub from: String,
    pub to: String,
    /// Tests and examples only.
    pub dev: bool,
    pub manifest: PathBuf,
}

struct Rule {
    from: &'static [&'static str],
    to: &'static [&'static str],
    /// Whether tests and examples are free to.
    dev_too: bool,
    right: &'static str,
}

const SUBGRAPHS: &[&str] = &["users", "posts", "messaging"];

const RULES: &[Rule] = &[
    Rule {
        from: SUBGRAPHS,
        to: SUBGRAPHS,
        dev_too: true,
        right: "contexts know each other by their APIs only: a port in app/ports.rs, a client in clients/",
    },
    Rule {
        from: &["common"],
        to: &[
            "users",
            "posts",
            "messaging",
            "node-subgraph",
            "router",
            "rookery",
            "migrations",
            "embedded-postgres",
            "kit",
            "testkit",
        ],
        dev_too: true,
        right: "common is what the others stand on; it depends on none of them",
    },
    Rule {
        from: &["node-subgraph"],
        to: &["users", "posts", "messaging", "router", "hive-router"],
        dev_too: true,
        right: "it refers to what the contexts own and knows none of them; what an id is of, the router finds out",
    },
    Rule {
        from: &[
            "embedded-postgres",
            "kit",
            "migrations",
            "testkit",
            "router",
        ],
        to: SUBGRAPHS,
        dev_too: false,
        right: "infrastructure and router are built without any context's code",
    },
    Rule {
        from: &["users", "posts", "messaging", "router"],
        to: &["bench", "embedded-postgres", "testkit", "rookery", "xtask"],
        dev_too: false,
        right: "a running service has no test support in it; make it a dev-dependency",
    },
    Rule {
        from: &["registry", "xtask"],
        to: &["users", "posts", "messaging", "router", "rookery"],
        dev_too: false,
        right: "both build without the subgraphs and the engine; they run the programs contracts and rookery-plan",
    },
    Rule {
        from: &[
            "bench",
            "common",
            "embedded-postgres",
            "kit",
            "migrations",
            "testkit",
            "users",
            "posts",
            "messaging",
            "registry",
            "rookery",
            "xtask",
        ],
        to: &["hive-router"],
        dev_too: true,
        right: "the engine takes minutes to build; only `router` knows it",
    },
    Rule {
        from: &["router"],
        to: &["kit", "sqlx"],
        dev_too: false,
        right: "the router has no database and none of what only subgraphs need",
    },
];

pub fn check(edges: &[Edge]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for edge in edges.iter().filter(|edge| edge.from != edge.to) {
        let broken = RULES.iter().find(|rule| {
            rule.from.contains(&edge.from.as_str())
                && rule.to.contains(&edge.to.as_str())
                && (rule.dev_too || !edge.dev)
        });
        if let Some(rule) = broken {
            findings.push(Finding {
                file: edge.manifest.clone(),
                line: 0,
                wrong: format!("{} depends on {}", edge.from, edge.to),
                right: rule.right.to_owned(),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(from: &str, to: &str, dev: bool) -> Vec<String> {
        let edge = Edge {
            from: from.into(),
            to: to.into(),
            dev,
            manifest: "Cargo.toml".into(),
        };
        check(&[edge])
            .into_iter()
            .map(|finding| finding.wrong)
            .collect()
    }

    #[test]
    fn dependencies_that_point_the_wrong_way_are_found() {
        for (from, to, dev) in [
            ("posts", "users", false),
            ("posts", "users", true),
            ("common", "testkit", true),
            ("testkit", "posts", false),
            ("users", "testkit", false),
            ("rookery", "hive-router", false),
            ("xtask", "users", false),
            ("router", "sqlx", false),
            ("node-subgraph", "posts", true),
            ("node-subgraph", "hive-router", false),
        ] {
            assert_eq!(wrong(from, to, dev), [format!("{from} depends on {to}")]);
        }
    }

    #[test]
    fn dependencies_that_point_the_right_way_pass() {
        for (from, to, dev) in [
            ("posts", "common", false),
            ("posts", "testkit", true),
            ("users", "migrations", false),
            ("rookery", "users", false),
            ("router", "hive-router", false),
            ("router", "users", true),
            ("xtask", "users", true),
            ("router", "node-subgraph", false),
            ("xtask", "node-subgraph", true),
        ] {
            assert_eq!(wrong(from, to, dev), Vec::<String>::new(), "{from} -> {to}");
        }
    }
}
