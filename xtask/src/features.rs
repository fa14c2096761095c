//! `cargo xtask features`: `cargo run` and `cargo test --workspace` build the same dependencies.
//!
//! Cargo unifies features over the crates that a command selects. A crate that only tests or tools depend on can thus
//! switch on a feature of a shared dependency, and everything above it, the router engine included, is compiled twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use registry::failure::{Failure, Result};
use registry::finding::{Finding, report};

/// The columns that a level of the tree takes.
const INDENT: usize = 4;

pub fn run(root: &Path) -> Result<()> {
    let whole = tree(root, &["--workspace", "--edges", "normal,build,dev"])?;
    let started = tree(root, &["--package", "rookery", "--edges", "normal,build"])?;
    report("features", check(&started, &whole))
}

/// What a package is compiled for. Cargo unifies the features of the two kinds separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Programs.
    Normal,
    /// Build scripts and procedural macros.
    Build,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "for programs",
            Self::Build => "for build scripts and macros",
        })
    }
}

/// The feature lists of each package, by `name version` and kind.
type Packages = BTreeMap<(String, Kind), BTreeSet<String>>;

/// The packages that a selection of crates builds.
fn tree(root: &Path, selection: &[&str]) -> Result<Packages> {
    let output = Command::new("cargo")
        // Without a target, cargo shows a package of both kinds as one.
        .args(["tree", "--quiet", "--locked", "--target", "host-tuple"])
        .args(["--charset", "ascii", "--format", "{p} [{f}]"])
        .args(selection)
        .current_dir(root)
        .output()
        .map_err(|e| Failure::new(format!("cannot run `cargo tree`: {e}")))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`cargo tree` failed: {}",
            reason.trim()
        )));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads a tree. Each package shows its dependencies once for each kind; later mentions end in `(*)`.
fn parse(tree: &str) -> Packages {
    let mut packages = Packages::new();
    // By level: the kind of the last package, and the kind that the last heading gives to its dependencies.
    let mut levels: Vec<(Kind, Kind)> = Vec::new();
    for line in tree.lines() {
        let Some(column) = line.find(|c: char| !" |`-".contains(c)) else {
            continue;
        };
        let (indent, text) = line.split_at(column);
        let depth = indent.len() / INDENT;
        if let Some(heading) = text.strip_prefix('[') {
            // A heading stands in the column of the package whose dependencies it divides.
            levels.truncate(depth + 1);
            if let Some((kind, below)) = levels.last_mut() {
                let build = heading.starts_with("build-dependencies");
                *below = if build { Kind::Build } else { *kind };
            }
            continue;
        }
        levels.truncate(depth);
        let Some((package, features)) = text.split_once(" [") else {
            continue;
        };
        let kind = match levels.last() {
            _ if package.ends_with(" (proc-macro)") => Kind::Build,
            Some((_, below)) => *below,
            None => Kind::Normal,
        };
        levels.push((kind, kind));
        let features = features.split(']').next().unwrap_or(features);
        packages
            .entry((package.to_owned(), kind))
            .or_default()
            .insert(features.to_owned());
    }
    packages
}

fn check(started: &Packages, whole: &Packages) -> Vec<Finding> {
    let list = |features: &BTreeSet<String>| {
        let lists: Vec<_> = features.iter().map(|list| format!("[{list}]")).collect();
        lists.join(" and ")
    };
    let none = BTreeSet::new();
    started
        .iter()
        .map(|(package, features)| (package, features, whole.get(package).unwrap_or(&none)))
        .filter(|(_, features, others)| !features.is_subset(others))
        .map(|((package, kind), features, others)| Finding {
            file: PathBuf::from("Cargo.toml"),
            line: 0,
            wrong: format!(
                "`cargo run` builds {package} {} {kind}, `cargo test --workspace` builds it {}",
                list(features),
                list(others)
            ),
            right: "name the features in router/Cargo.toml, or the engine is compiled twice".into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "\
router v0.1.0 (/src/router) []
|-- engine v1.0.0 [default]
|   |-- semver v1.0.0 [default,serde]
|   |   `-- serde v1.0.0 [default]
|   `-- typify-macro v1.0.0 (proc-macro) [default]
|       `-- semver v1.0.0 [default]
|   [build-dependencies]
|   `-- rustc_version v1.0.0 []
|       `-- semver v1.0.0 [default]
`-- url v2.0.0 [default]
[dev-dependencies]
`-- serde v1.0.0 [default] (*)

xtask v0.1.0 (/src/xtask) []
`-- semver v1.0.0 [default,serde] (*)
";

    #[test]
    fn tree_tells_programs_from_build_scripts_and_macros() {
        let packages = parse(WHOLE);
        let of = |name: &str, kind| {
            let lists = packages.get(&(name.to_owned(), kind))?;
            Some(lists.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(
            of("semver v1.0.0", Kind::Normal),
            Some(vec!["default,serde"])
        );
        assert_eq!(of("semver v1.0.0", Kind::Build), Some(vec!["default"]));
        assert_eq!(of("serde v1.0.0", Kind::Normal), Some(vec!["default"]));
        assert_eq!(of("rustc_version v1.0.0", Kind::Build), Some(vec![""]));
        assert_eq!(of("url v2.0.0", Kind::Normal), Some(vec!["default"]));
        assert_eq!(of("url v2.0.0", Kind::Build), None);
    }

    /// The workspace also builds `semver` with the features of `cargo run`, but for build scripts only. A comparison of the
    /// two sets of lines finds no difference.
    #[test]
    fn feature_that_only_a_tool_switches_on_is_found_despite_an_equal_build_dependency() {
        let started = WHOLE.replace("semver v1.0.0 [default,serde]", "semver v1.0.0 [default]");
        assert!(check(&parse(WHOLE), &parse(WHOLE)).is_empty());
        let findings = check(&parse(&started), &parse(WHOLE));
        let wrong: Vec<_> = findings
            .iter()
            .map(|finding| finding.wrong.as_str())
            .collect();
        assert_eq!(
            wrong,
            ["`cargo run` builds semver v1.0.0 [default] for programs, \
              `cargo test --workspace` builds it [default,serde]"]
        );
    }
}
