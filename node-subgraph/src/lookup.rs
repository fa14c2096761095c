//! The GraphQL query that finds the kinds of IDs.
//!
//! One operation looks up several IDs. It queries each ID as every kind of node, by the field of `Query` that takes an ID of
//! that kind; at most one field finds it.

use std::fmt::Write;

use crate::Kind;

/// The document that looks up as many IDs as given, by the variables `$i0`, `$i1` and so on. It depends only on their
/// number, so an engine plans it once.
pub fn document(ids: usize) -> String {
    let (mut definitions, mut fields) = (String::new(), String::new());
    for number in 0..ids {
        // Writing to a String cannot fail.
        let _ = write!(definitions, "${}: ID! ", variable(number));
        for kind in Kind::ALL {
            let _ = write!(
                fields,
                "{}: {}(id: ${}) {{ __typename }} ",
                key(kind, number),
                kind.query(),
                variable(number)
            );
        }
    }
    format!("query WhatIs({definitions}) {{ {fields}}}")
}

/// Name of the variable of an ID.
pub fn variable(number: usize) -> String {
    format!("i{number}")
}

/// Response key of the look-up of an ID as one kind.
pub fn key(kind: Kind, number: usize) -> String {
    format!("{}{number}", kind.query())
}
