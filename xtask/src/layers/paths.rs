//! The paths a file names, from `use` trees and from inline code, resolved to where they lead.

use super::tokens::{Kind, Token, tokens};

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Inside the same crate, from its root.
    Internal(Vec<String>),
    /// Into another crate, its name first; or to a name that is in scope.
    External(Vec<String>),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathUse {
    pub target: Target,
    pub line: usize,
    /// It ends in `::*`.
    pub glob: bool,
}

/// Every path of two or more segments, and everything a `use` names. `module` is the file's own module path.
pub fn paths(source: &str, module: &[String]) -> Vec<PathUse> {
    let mut reader = Reader {
        tokens: tokens(source),
        at: 0,
        module: module.to_vec(),
        inline: Vec::new(),
        depth: 0,
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// The module at this place: the file's, and the inline ones around it.
    module: Vec<String>,
    /// Depth of the braces at which each inline module ends.
    inline: Vec<usize>,
    depth: usize,
    found: Vec<PathUse>,
}

impl<'a> Reader<'a> {
    fn kind(&self, ahead: usize) -> Option<&Kind<'a>> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn ident(&self, ahead: usize) -> Option<&'a str> {
        match self.kind(ahead) {
            Some(Kind::Ident(name)) => Some(*name),
            _ => None,
        }
    }

    fn read(&mut self) {
        while let Some(kind) = self.kind(0).cloned() {
            match kind {
                Kind::Punct('{') => {
                    self.depth += 1;
                    self.at += 1;
                }
                Kind::Punct('}') => {
                    self.close();
                    self.at += 1;
                }
                // A field or method: what follows is no path.
                Kind::Punct('.') => {
                    self.at += 1;
                    if self.ident(0).is_some() {
                        self.at += 1;
                    }
                }
                Kind::Ident("mod") if self.kind(2) == Some(&Kind::Punct('{')) => {
                    if let Some(name) = self.ident(1) {
                        self.module.push(name.to_owned());
                        self.inline.push(self.depth);
                    }
                    self.at += 2;
                }
                // `use<'a>` in a return type captures generics and names nothing.
                Kind::Ident("use") if self.kind(1) != Some(&Kind::Punct('<')) => {
                    self.at += 1;
                    self.use_tree(&[]);
                }
                Kind::Ident("extern") if self.ident(1) == Some("crate") => {
                    self.at += 2;
                    let line = self.line();
                    if let Some(name) = self.ident(0) {
                        self.add(&[name], line, false);
                    }
                }
                Kind::Ident(_) => self.inline_path(),
                _ => self.at += 1,
            }
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.inline.last() == Some(&self.depth) {
            self.inline.pop();
            self.module.pop();
        }
    }

    fn inline_path(&mut self) {
        let line = self.line();
        let mut segments = Vec::new();
        while let Some(name) = self.ident(0) {
            segments.push(name);
            self.at += 1;
            if self.kind(0) == Some(&Kind::PathSep) && self.ident(1).is_some() {
                self.at += 1;
            } else {
                break;
            }
        }
        if segments.len() > 1 {
            self.add(&segments, line, false);
        }
    }

    /// Reads one tree of a `use`, up to its end or the comma after it.
    fn use_tree(&mut self, prefix: &[&'a str]) {
        let mut segments = prefix.to_vec();
        let line = self.line();
        if self.kind(0) == Some(&Kind::PathSep) {
            self.at += 1;
        }
        loop {
            match self.kind(0) {
                Some(Kind::Ident("self")) if !segments.is_empty() => self.at += 1,
                Some(Kind::Ident(name)) => {
                    segments.push(name);
                    self.at += 1;
                }
                Some(Kind::Punct('*')) => {
                    self.at += 1;
                    return self.add(&segments, line, true);
                }
                Some(Kind::Punct('{')) => {
                    self.at += 1;
                    return self.use_group(&segments);
                }
                _ => return,
            }
            if self.kind(0) == Some(&Kind::PathSep) {
                self.at += 1;
                continue;
            }
            if self.ident(0) == Some("as") {
                self.at += 2;
            }
            return self.add(&segments, line, false);
        }
    }

    fn use_group(&mut self, prefix: &[&'a str]) {
        while let Some(kind) = self.kind(0).cloned() {
            match kind {
                Kind::Punct('}') => {
                    self.at += 1;
                    return;
                }
                Kind::Punct(',') => self.at += 1,
                _ => {
                    let before = self.at;
                    self.use_tree(prefix);
                    // Whatever this is, it is no `use` tree: do not stand still.
                    self.at = self.at.max(before + 1);
                }
            }
        }
    }

    fn add(&mut self, segments: &[&str], line: usize, glob: bool) {
        if let Some(target) = resolve(segments, &self.module) {
            self.found.push(PathUse { target, line, glob });
        }
    }
}

fn resolve(segments: &[&str], module: &[String]) -> Option<Target> {
    let mut base = module.to_vec();
    let mut rest = segments;
    match *segments.first()? {
        "Self" => return None,
        "crate" => {
            base.clear();
            rest = rest.get(1..)?;
        }
        "self" => rest = rest.get(1..)?,
        "super" => {}
        _ => return Some(Target::External(owned(segments))),
    }
    while rest.first() == Some(&"super") {
        base.pop();
        rest = rest.get(1..)?;
    }
    base.extend(owned(rest));
    Some(Target::Internal(base))
}

fn owned(segments: &[&str]) -> Vec<String> {
    segments.iter().map(|&segment| segment.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of a file of module `app::timeline`, as text; `crate` leads the internal ones.
    fn found(source: &str) -> Vec<String> {
        let module = ["app".to_owned(), "timeline".to_owned()];
        let mut found: Vec<_> = paths(source, &module)
            .into_iter()
            .map(|path| {
                let (root, segments) = match path.target {
                    Target::Internal(segments) => ("crate::", segments),
                    Target::External(segments) => ("", segments),
                };
                let glob = if path.glob { "::*" } else { "" };
                format!("{root}{}{glob}:{}", segments.join("::"), path.line)
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn use_trees_are_followed_into_groups_globs_and_renamings() {
        let source = "use crate::{app::{self, ports::Clock}, db as store};\npub(crate) use ::sqlx::*;\nuse axum;";
        assert_eq!(
            found(source),
            [
                "axum:3",
                "crate::app:1",
                "crate::app::ports::Clock:1",
                "crate::db:1",
                "sqlx::*:2"
            ]
        );
    }

    #[test]
    fn super_and_self_are_resolved_from_the_file_and_from_inline_modules() {
        let source = "use super::super::db::posts;\nuse self::x::Y;\nmod inner {\n  use super::super::ports;\n}\nuse super::z;";
        assert_eq!(
            found(source),
            [
                "crate::app::ports:4",
                "crate::app::timeline::x::Y:2",
                "crate::app::z:6",
                "crate::db::posts:1"
            ]
        );
    }

    #[test]
    fn inline_paths_are_found_in_types_attributes_generics_and_macro_calls() {
        let source = "#[derive(sqlx::FromRow)]\nstruct A(Vec<crate::db::Row>);\nfn f() { tokio::join!(\n axum::serve(), x.y::<reqwest::Url>()); }";
        assert_eq!(
            found(source),
            [
                "axum::serve:4",
                "crate::db::Row:2",
                "reqwest::Url:4",
                "sqlx::FromRow:1",
                "tokio::join:3"
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_path_is_none() {
        let source = "fn f<'a>() -> impl Sized + use<'a> { Self::g(\"axum::Json\"); a.b; x(c) } // sqlx::query";
        assert_eq!(found(source), Vec::<String>::new());
    }
}
