//! `cargo xtask licences`: what we build on may be given on under MIT or Apache-2.0, and comes from the registry.

use std::path::PathBuf;

use cargo_metadata::Package;
use spdx::{Expression, ParseMode};

use crate::workspace::Workspace;
use registry::failure::Result;
use registry::finding::{Finding, report};

/// Licences that a dependency may have with no further thought: permissive ones, by SPDX identifier.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

/// Crates with another licence, each with the reason why it may stay.
const EXCEPTIONS: [(&str, &str); 2] = [
    (
        "vrl",
        "MPL-2.0, by file: used unchanged, by the router engine",
    ),
    (
        "jsonpath-rust",
        "no SPDX expression; its LICENSE file is the MIT licence",
    ),
];

/// Crates that must not come back, each with the reason.
const BANNED: [(&str, &str); 3] = [
    (
        "openssl-sys",
        "TLS is rustls with aws-lc-rs: no system library to install or to patch",
    ),
    (
        "native-tls",
        "TLS is rustls with aws-lc-rs: no system library to install or to patch",
    ),
    ("async-std", "there is one runtime, tokio"),
];

pub fn run(workspace: &Workspace) -> Result<()> {
    let members = workspace.members();
    let dependencies: Vec<&Package> = workspace
        .metadata
        .packages
        .iter()
        .filter(|package| !members.iter().any(|member| member.id == package.id))
        .collect();
    let crates: Vec<Crate<'_>> = dependencies
        .iter()
        .map(|package| Crate::of(package))
        .collect();
    println!("licences: {} dependencies", crates.len());
    report("licences", check(&crates))
}

/// What is checked of a dependency.
struct Crate<'a> {
    name: &'a str,
    licence: Option<&'a str>,
    /// Where it comes from; `None` for a path outside the workspace.
    source: Option<&'a str>,
}

impl<'a> Crate<'a> {
    fn of(package: &'a Package) -> Self {
        Self {
            name: package.name.as_str(),
            licence: package.license.as_deref(),
            source: package.source.as_ref().map(|source| source.repr.as_str()),
        }
    }
}

fn check(crates: &[Crate<'_>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = crates.iter().filter_map(problem).collect();
    for (name, _) in EXCEPTIONS {
        if !crates.iter().any(|found| found.name == name) {
            findings.push(finding(
                format!("the exception for {name} is not needed any more"),
                "take it out of xtask/src/licences.rs",
            ));
        }
    }
    findings
}

fn problem(found: &Crate<'_>) -> Option<Finding> {
    let Crate {
        name,
        licence,
        source,
    } = found;
    if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| banned == name) {
        return Some(finding(format!("{name} is in the tree"), *reason));
    }
    if !source.is_some_and(|source| source.starts_with("registry+")) {
        return Some(finding(
            format!("{name} does not come from the registry"),
            "depend on a published version: a branch or a folder can change under us",
        ));
    }
    if EXCEPTIONS.iter().any(|(excepted, _)| excepted == name) {
        return None;
    }
    match licence {
        Some(text) if permits(text) => None,
        Some(text) => Some(finding(
            format!("{name} has the licence `{text}`"),
            "use another crate, or add an exception with its reason in xtask/src/licences.rs",
        )),
        None => Some(finding(
            format!("{name} names no licence"),
            "read its licence file and add an exception with the reason in xtask/src/licences.rs",
        )),
    }
}

fn finding(wrong: String, right: impl Into<String>) -> Finding {
    Finding {
        file: PathBuf::from("Cargo.lock"),
        line: 0,
        wrong,
        right: right.into(),
    }
}

/// Whether some choice that the expression leaves us is on the list. `WITH` only ever adds permissions.
fn permits(expression: &str) -> bool {
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|parsed| {
        parsed.evaluate(|requirement| {
            requirement
                .license
                .id()
                .is_some_and(|id| ALLOWED.contains(&id.name))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: Option<&str> = Some("registry+https://index.example");

    fn wrong(name: &str, licence: Option<&str>, source: Option<&str>) -> Option<String> {
        problem(&Crate {
            name,
            licence,
            source,
        })
        .map(|finding| finding.wrong)
    }

    #[test]
    fn a_choice_with_a_permissive_way_out_passes() {
        for licence in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(wrong("some", Some(licence), REGISTRY), None, "{licence}");
        }
    }

    #[test]
    fn copyleft_unknown_banned_and_foreign_crates_are_found() {
        for licence in [
            "GPL-3.0-only",
            "MIT AND AGPL-3.0-only",
            "Elastic-2.0",
            "my own words",
        ] {
            assert!(
                wrong("some", Some(licence), REGISTRY).is_some(),
                "{licence}"
            );
        }
        assert_eq!(
            wrong("some", None, REGISTRY).as_deref(),
            Some("some names no licence")
        );
        assert_eq!(
            wrong("openssl-sys", Some("MIT"), REGISTRY).as_deref(),
            Some("openssl-sys is in the tree")
        );
        for source in [None, Some("git+https://example.org/some")] {
            assert_eq!(
                wrong("some", Some("MIT"), source).as_deref(),
                Some("some does not come from the registry")
            );
        }
    }

    #[test]
    fn an_exception_that_nothing_needs_is_found() {
        assert_eq!(check(&[]).len(), EXCEPTIONS.len());
    }
}
