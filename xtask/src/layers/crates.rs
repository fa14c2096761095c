//! Which crate may depend on which, from `cargo metadata`.

use std::path::PathBuf;

use registry::finding::Finding;

use crate::workspace::CONTEXTS;

/// A dependency as a manifest has it.
pub struct Edge {
    pub from: String,
    pub to: String,
    /// Tests and examples only.
    pub dev: bool,
    pub manifest: PathBuf,
}

struct Rule {
    /// Crates, by name or as [`SUBGRAPHS`].
    from: &'static [&'static str],
    to: &'static [&'static str],
    /// Whether the rule holds for tests and examples as well.
    dev_too: bool,
    right: &'static str,
}

/// Stands for the crate of every context, so that a new context needs no new rule.
const SUBGRAPHS: &str = "(subgraphs)";

const RULES: &[Rule] = &[
    Rule {
        from: &[SUBGRAPHS],
        to: &[SUBGRAPHS],
        dev_too: true,
        right: "contexts know each other by their APIs only: a port in app/ports.rs, a client in clients/",
    },
    Rule {
        from: &["common"],
        to: &[
            SUBGRAPHS,
            "embedded-postgres",
            "kit",
            "migrations",
            "node-subgraph",
            "rookery",
            "router",
            "testkit",
        ],
        dev_too: true,
        right: "common is what the others stand on; it depends on none of them",
    },
    Rule {
        from: &["node-subgraph"],
        to: &[SUBGRAPHS, "router", "hive-router"],
        dev_too: true,
        right: "it refers to types of the contexts and knows none of them; the router looks up the kind of an ID",
    },
    Rule {
        from: &[
            "embedded-postgres",
            "kit",
            "migrations",
            "router",
            "testkit",
        ],
        to: &[SUBGRAPHS],
        dev_too: false,
        right: "infrastructure and router are built without any context's code",
    },
    Rule {
        from: &[SUBGRAPHS, "router"],
        to: &["bench", "embedded-postgres", "rookery", "testkit", "xtask"],
        dev_too: false,
        right: "a running service has no test support in it; make it a dev-dependency",
    },
    Rule {
        from: &["registry", "xtask"],
        to: &[SUBGRAPHS, "rookery", "router"],
        dev_too: false,
        right: "both build without the subgraphs and the engine; they run the programs contracts and rookery-plan",
    },
    Rule {
        from: &[
            SUBGRAPHS,
            "bench",
            "common",
            "embedded-postgres",
            "kit",
            "migrations",
            "registry",
            "rookery",
            "testkit",
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

fn names(list: &[&str], krate: &str) -> bool {
    list.contains(&krate) || (list.contains(&SUBGRAPHS) && CONTEXTS.contains(&krate))
}

pub fn check(edges: &[Edge]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for edge in edges.iter().filter(|edge| edge.from != edge.to) {
        let broken = RULES.iter().find(|rule| {
            names(rule.from, &edge.from) && names(rule.to, &edge.to) && (rule.dev_too || !edge.dev)
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
