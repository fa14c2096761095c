//! Finds modules that import one another, in every crate and at every level of its module tree.
//!
//! An import between two modules counts for the level at which their paths part: `crate::live::socket` → `crate::request::trace`
//! is an arrow `live → request` below the crate's root. An import between a module and its own ancestor is no arrow,
//! because a parent names its children by necessity.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::paths::{Target, paths};
use registry::finding::Finding;

/// A source file that is one module of a crate, without its tests.
pub struct Module {
    pub path: Vec<String>,
    pub file: PathBuf,
    pub text: String,
}

/// Where one module imports another: the first place, for the report.
struct Place {
    file: PathBuf,
    line: usize,
    name: String,
}

/// The arrows between the children of one module.
type Arrows = BTreeMap<(String, String), Place>;

/// Reports the circles of a crate. `is_exempt` tells of a module whether its children may import one another.
pub fn check(modules: &[Module], is_exempt: impl Fn(&[String]) -> bool) -> Vec<Finding> {
    let mut levels: BTreeMap<Vec<String>, Arrows> = BTreeMap::new();
    let tree = Tree::new(modules);
    for module in modules {
        for path in paths(&module.text, &module.path) {
            let Target::Internal(segments) = path.target else {
                continue;
            };
            let target = tree.owner(&segments);
            let shared = common_prefix(&module.path, &target);
            if let (Some(from), Some(to)) = (module.path.get(shared), target.get(shared)) {
                let level = module.path.iter().take(shared).cloned().collect();
                levels
                    .entry(level)
                    .or_default()
                    .entry((from.clone(), to.clone()))
                    .or_insert_with(|| Place {
                        file: module.file.clone(),
                        line: path.line,
                        name: segments.join("::"),
                    });
            }
        }
    }
    levels
        .into_iter()
        .filter(|(level, _)| !is_exempt(level))
        .flat_map(|(level, arrows)| circles(&level, &arrows))
        .collect()
}

/// The modules of a crate, and the names that each re-exports from its children.
struct Tree {
    modules: BTreeSet<Vec<String>>,
    exports: BTreeMap<Vec<String>, BTreeMap<String, String>>,
}

impl Tree {
    fn new(modules: &[Module]) -> Self {
        let mut tree = Self {
            modules: modules.iter().map(|module| module.path.clone()).collect(),
            exports: BTreeMap::new(),
        };
        for module in modules {
            let mut exports = BTreeMap::new();
            for path in paths(&module.text, &module.path) {
                let relative = match &path.target {
                    Target::External(segments) => segments.as_slice(),
                    Target::Internal(segments) => {
                        segments.strip_prefix(module.path.as_slice()).unwrap_or(&[])
                    }
                };
                if let [child, .., name] = relative
                    && tree.is_module(&module.path, child)
                {
                    exports.insert(name.clone(), child.clone());
                }
            }
            tree.exports.insert(module.path.clone(), exports);
        }
        tree
    }

    fn is_module(&self, parent: &[String], child: &str) -> bool {
        let mut path = parent.to_vec();
        path.push(child.to_owned());
        self.modules.contains(&path)
    }

    /// The module that defines a path of the crate, through re-exports.
    fn owner(&self, segments: &[String]) -> Vec<String> {
        let mut owner = Vec::new();
        for name in segments {
            let child = if self.is_module(&owner, name) {
                Some(name)
            } else {
                self.exports
                    .get(&owner)
                    .and_then(|exports| exports.get(name))
            };
            match child {
                Some(child) => owner.push(child.clone()),
                None => break,
            }
        }
        owner
    }
}

/// One finding for each set of modules that reach one another.
fn circles(level: &[String], arrows: &Arrows) -> Vec<Finding> {
    let names: BTreeSet<&String> = arrows.keys().map(|(from, _)| from).collect();
    let reaches: BTreeMap<&String, BTreeSet<&String>> = names
        .iter()
        .map(|name| (*name, reachable(name, arrows)))
        .collect();
    let is_mutual = |a: &String, b: &String| {
        let reach =
            |from: &String, to: &String| reaches.get(from).is_some_and(|set| set.contains(to));
        reach(a, b) && reach(b, a)
    };
    let mut reported: BTreeSet<&String> = BTreeSet::new();
    let mut findings = Vec::new();
    for name in &names {
        if reported.contains(name) || !is_mutual(name, name) {
            continue;
        }
        let circle: BTreeSet<&String> = names
            .iter()
            .copied()
            .filter(|other| is_mutual(name, other))
            .collect();
        reported.extend(&circle);
        findings.extend(finding(level, &circle, arrows));
    }
    findings
}

/// All modules that a module imports, directly or through others.
fn reachable<'a>(from: &str, arrows: &'a Arrows) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut queue = vec![from];
    while let Some(current) = queue.pop() {
        for (_, to) in arrows.keys().filter(|(from, _)| from == current) {
            if found.insert(to) {
                queue.push(to);
            }
        }
    }
    found
}

fn finding(level: &[String], circle: &BTreeSet<&String>, arrows: &Arrows) -> Option<Finding> {
    let within: Vec<_> = arrows
        .iter()
        .filter(|((from, to), _)| circle.contains(from) && circle.contains(to))
        .collect();
    let (_, first) = within.first()?;
    let list: Vec<String> = within
        .iter()
        .map(|((from, to), place)| {
            let (file, line, name) = (place.file.display(), place.line, &place.name);
            format!("\n      {from} → {to}: {name} ({file}:{line})")
        })
        .collect();
    let level: String = level.iter().flat_map(|name| ["::", name]).collect();
    Some(Finding {
        file: first.file.clone(),
        line: first.line,
        wrong: format!(
            "{} modules of crate{level} import one another:{}",
            circle.len(),
            list.concat()
        ),
        right: "move what both need into a module that imports neither".to_owned(),
    })
}

fn common_prefix(left: &[String], right: &[String]) -> usize {
    left.iter().zip(right).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str, text: &str) -> Module {
        Module {
            path: path
                .split("::")
                .filter(|p| !p.is_empty())
                .map(str::to_owned)
                .collect(),
            file: format!("src/{path}.rs").into(),
            text: text.to_owned(),
        }
    }

    fn found(modules: &[(&str, &str)]) -> Vec<String> {
        let modules: Vec<Module> = modules
            .iter()
            .map(|(path, text)| module(path, text))
            .collect();
        let findings = check(&modules, |level| level == ["graphql"]);
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    #[test]
    fn reports_two_modules_that_import_one_another() {
        let circle = found(&[
            ("", "mod a; mod b;"),
            ("a", "use crate::b::B;"),
            ("b::c", "fn f() { crate::a::g() }"),
            ("b", "mod c; pub struct B;"),
        ]);
        assert_eq!(
            circle,
            [
                "2 modules of crate import one another:\n      a → b: b::B (src/a.rs:1)\n      b → a: a::g (src/b::c.rs:1)"
            ]
        );
    }

    #[test]
    fn reports_a_circle_through_a_third_module_and_through_re_exports() {
        let circle = found(&[
            ("m", "mod a; mod b; mod c; pub use c::C;"),
            ("m::a", "use super::b::B;"),
            ("m::b", "use super::C;"),
            ("m::c", "use super::a::A;"),
        ]);
        assert_eq!(circle.len(), 1);
        assert!(
            circle[0].starts_with("3 modules of crate::m import one another"),
            "{circle:?}"
        );
    }

    #[test]
    fn accepts_one_direction_parents_and_exempt_modules() {
        let none = found(&[
            ("", "mod a; mod b; pub use a::A;"),
            ("a", "use crate::b::B; use self::inner::I;"),
            ("a::inner", "use super::A;"),
            ("b", "use std::fmt;"),
            ("graphql::post", "use super::user::User;"),
            ("graphql::user", "use super::post::Post;"),
        ]);
        assert_eq!(none, Vec::<String>::new());
    }
}
