//! Where something of the graph is written: file, line and column in the subgraphs' documents.

use std::fmt;
use std::str::FromStr;

use apollo_compiler::Schema;
use apollo_compiler::coordinate::{SchemaCoordinate, SchemaCoordinateLookup};
use apollo_compiler::diagnostic::Diagnostic;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::validation::DiagnosticData;
use regex::Regex;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Relative to the workspace.
    pub file: String,
    /// Both counted from 1; 0 for the file as a whole.
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

impl Place {
    pub fn file(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 0,
            column: 0,
        }
    }

    /// Of an error in the only file that was read.
    pub fn of_diagnostic(file: &str, diagnostic: &Diagnostic<'_, DiagnosticData>) -> Self {
        let start = diagnostic.line_column_range().map(|range| range.start);
        Self {
            file: file.to_owned(),
            line: start.map_or(0, |start| start.line),
            column: start.map_or(0, |start| start.column),
        }
    }

    pub fn of_span(schema: &Schema, span: Option<SourceSpan>) -> Option<Self> {
        let span = span?;
        let file = schema.sources.get(&span.file_id())?.path();
        let start = span.line_column_range(&schema.sources)?.start;
        Some(Self {
            file: file.display().to_string(),
            line: start.line,
            column: start.column,
        })
    }
}

/// Every place in which a coordinate is defined.
pub fn of_coordinate(schemas: &[Schema], coordinate: &str) -> Vec<Place> {
    let Ok(coordinate) = SchemaCoordinate::from_str(coordinate) else {
        return Vec::new();
    };
    schemas
        .iter()
        .filter_map(|schema| {
            let span = match coordinate.lookup(schema).ok()? {
                SchemaCoordinateLookup::Type(ty) if ty.is_built_in() => return None,
                SchemaCoordinateLookup::Type(ty) => ty.name().location(),
                SchemaCoordinateLookup::Directive(directive) => directive.name.location(),
                SchemaCoordinateLookup::Field(field) => field.name.location(),
                SchemaCoordinateLookup::InputField(field) => field.name.location(),
                SchemaCoordinateLookup::EnumValue(value) => value.value.location(),
                SchemaCoordinateLookup::Argument(argument) => argument.name.location(),
                _ => return None,
            };
            Place::of_span(schema, span)
        })
        .collect()
}

/// Where a coordinate is defined, or was before, or else what it is in.
pub fn near_coordinate(now: &[Schema], before: &[Schema], coordinate: &str) -> Vec<Place> {
    let mut coordinate = coordinate;
    loop {
        let mut places = of_coordinate(now, coordinate);
        if places.is_empty() {
            places = of_coordinate(before, coordinate);
        }
        match coordinate.rfind(['(', '.']) {
            Some(end) if places.is_empty() => coordinate = coordinate.get(..end).unwrap_or(""),
            _ => return places,
        }
    }
}

/// Every place of the types and fields that a message names in quotes.
pub fn named_in(schemas: &[Schema], message: &str) -> Vec<Place> {
    let Ok(quoted) = Regex::new(r#""([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)"#) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for captures in quoted.captures_iter(message) {
        let Some(coordinate) = captures.get(1) else {
            continue;
        };
        for place in of_coordinate(schemas, coordinate.as_str()) {
            if !found.contains(&place) {
                found.push(place);
            }
        }
    }
    found
}
