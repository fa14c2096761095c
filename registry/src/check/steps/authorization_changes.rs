//! Whom a change of the rules of authorization lets in, and whom it keeps out. The API schema has no rules, so the diff of
//! API schemas does not see it.
//!
//! The rules that the router enforces are compared: those of the supergraphs, in which several subgraphs' are merged.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Schema;
use apollo_compiler::ast::Directive;
use apollo_compiler::coordinate::SchemaCoordinate;

use super::authorization::{each, literal, written};
use super::changes::{Subgraphs, Used, users, weigh};
use crate::check::inputs::Policy;
use crate::check::report::{Criticality, Finding, Severity};
use crate::places;

/// A rule is gone from something that clients can ask for.
const REMOVED: &str = "AUTHORIZATION_REMOVED";
/// A rule lets somebody in whom it kept out before.
const LOOSENED: &str = "AUTHORIZATION_LOOSENED";
/// What had no rule has one.
const ADDED: &str = "AUTHORIZATION_ADDED";
/// A rule keeps somebody out whom it let in before.
const TIGHTENED: &str = "AUTHORIZATION_TIGHTENED";

/// A graph at one moment.
pub struct Side<'a> {
    pub api: &'a Schema,
    pub supergraph: &'a Schema,
}

#[derive(Default)]
pub struct Changed {
    /// Somebody gets in who did not. It may be meant, so it can be approved.
    pub opened: Vec<Finding>,
    /// Somebody does not get in who did.
    pub breaking: Vec<Finding>,
}

/// Whether a code is that of a change of a rule: no operation becomes invalid by it.
pub fn is_code(code: &str) -> bool {
    opens(code) || [ADDED, TIGHTENED].contains(&code)
}

/// Whether it is the code of a change that lets somebody in.
pub fn opens(code: &str) -> bool {
    [REMOVED, LOOSENED].contains(&code)
}

/// What changed of the rules of what clients can ask for. `lost` are the rules that composition lost, which is worse than a
/// change and said already.
pub fn changes(
    base: &Side,
    head: &Side,
    lost: &[Finding],
    subgraphs: &Subgraphs,
    used: &[Used],
    policy: &Policy,
) -> Changed {
    let (before, after) = (demands(base.supergraph), demands(head.supergraph));
    let coordinates: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut changed = Changed::default();
    for coordinate in coordinates {
        let known = |api| {
            let parsed = coordinate.parse::<SchemaCoordinate>();
            parsed.is_ok_and(|it| it.lookup(api).is_ok())
        };
        let is_lost = lost
            .iter()
            .any(|it| it.coordinate.as_ref() == Some(coordinate));
        if !known(head.api) || is_lost {
            continue;
        }
        let anybody = Demand::default();
        let old = before.get(coordinate).unwrap_or(&anybody);
        let new = after.get(coordinate).unwrap_or(&anybody);
        let places = || places::near_coordinate(subgraphs.head, subgraphs.base, coordinate);
        if !new.implies(old) {
            let (code, message) = if new.written.is_empty() {
                let message = format!("`{coordinate}` has no rule any more, it had {old}");
                (REMOVED, message)
            } else {
                let message =
                    format!("`{coordinate}` lets more people in: it has {new}, it had {old}");
                (LOOSENED, message)
            };
            let finding = Finding::error(code, message)
                .at(coordinate)
                .in_places(places())
                .instead("keep the rule, or have the change approved in schema/approvals.yaml");
            changed.opened.push(finding);
        }
        if !old.implies(new) && known(base.api) {
            let (code, message) = if old.written.is_empty() {
                (ADDED, format!("`{coordinate}` has {new}, it had no rule"))
            } else {
                let message =
                    format!("`{coordinate}` lets fewer people in: it has {new}, it had {old}");
                (TIGHTENED, message)
            };
            let finding = Finding::new(Severity::Warning, code, message)
                .at(coordinate)
                .in_places(places())
                .instead("let its clients send such a token first, and have the change approved");
            let finding = Finding {
                criticality: Some(Criticality::Breaking),
                ..finding
            };
            let users = users(used, |coordinates| coordinates.contains(coordinate));
            changed.breaking.push(weigh(finding, users, used, policy));
        }
    }
    changed
}

/// What a request needs to get at something.
struct Demand {
    /// The rules as they are written.
    written: Vec<String>,
    /// A request needs all of one of these.
    alternatives: BTreeSet<BTreeSet<String>>,
}

impl Default for Demand {
    /// Nothing is needed.
    fn default() -> Self {
        Self {
            written: Vec::new(),
            alternatives: [BTreeSet::new()].into(),
        }
    }
}

impl Demand {
    /// Whether whoever gets in here gets in there, too.
    fn implies(&self, other: &Self) -> bool {
        self.alternatives
            .iter()
            .all(|one| other.alternatives.iter().any(|it| it.is_subset(one)))
    }

    /// Asks for what a rule asks for, too.
    fn and(&mut self, rule: &str, directive: &Directive) {
        self.written
            .push(format!("`@{rule}{}`", written(directive)));
        let needed = needed(rule, directive);
        self.alternatives = self
            .alternatives
            .iter()
            .flat_map(|one| needed.iter().map(move |it| one | it))
            .collect();
    }
}

impl std::fmt::Display for Demand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written.join(" and "))
    }
}

/// The alternatives of one directive. Whoever has a scope is authenticated.
fn needed(rule: &str, directive: &Directive) -> BTreeSet<BTreeSet<String>> {
    let authenticated = BTreeSet::from([String::new()]);
    if rule == "authenticated" {
        return [authenticated].into();
    }
    let listed = directive
        .arguments
        .iter()
        .filter_map(|it| it.value.as_list())
        .flatten()
        .filter_map(|it| it.as_list());
    let alternatives: BTreeSet<_> = listed
        .map(|all| {
            let mut all: BTreeSet<_> = all
                .iter()
                .filter_map(|it| Some(format!("{rule} {}", it.as_str()?)))
                .collect();
            if rule == "requiresScopes" && !all.is_empty() {
                all.extend(authenticated.iter().cloned());
            }
            all
        })
        .collect();
    // An empty list asks for nothing.
    if alternatives.is_empty() {
        [BTreeSet::new()].into()
    } else {
        alternatives
    }
}

fn demands(supergraph: &Schema) -> BTreeMap<String, Demand> {
    let mut demands: BTreeMap<String, Demand> = BTreeMap::new();
    each(supergraph, &literal(), |coordinate, rule, directive| {
        demands
            .entry(coordinate.to_owned())
            .or_default()
            .and(rule, directive);
    });
    demands
}
