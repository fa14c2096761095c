//! Who may see what, as the engine reads it: only under certain names, and only with a link to what they mean.

use hive_router::graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, TypeDefinition,
};

use super::{SupergraphError, graphs::argument};

/// The directives that say who may see what.
const DIRECTIVES: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// Whether anything in the schema is under authorization; an error when the engine would not see it.
pub(super) fn check(document: &Document) -> Result<bool, SupergraphError> {
    let mut any = false;
    for directive in applied(document) {
        let plain = directive
            .name
            .rsplit("__")
            .next()
            .unwrap_or(&directive.name);
        if let Some(known) = DIRECTIVES.into_iter().find(|known| *known == plain) {
            if directive.name != known || !is_linked(document, known) {
                return Err(SupergraphError::Unenforced(directive.name.clone(), known));
            }
            any = true;
        }
    }
    Ok(any)
}

fn is_linked(document: &Document, specification: &str) -> bool {
    let prefix = format!("https://specs.apollo.dev/{specification}/");
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            _ => None,
        })
        .flatten()
        .any(|directive| {
            directive.name == "link"
                && argument(directive, "url").is_some_and(|url| url.starts_with(&prefix))
        })
}

/// Every directive on a type or a field.
fn applied(document: &Document) -> Vec<&Directive> {
    let mut all = Vec::new();
    for definition in &document.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            continue;
        };
        match definition {
            TypeDefinition::Scalar(scalar) => all.extend(&scalar.directives),
            TypeDefinition::Object(object) => {
                all.extend(&object.directives);
                all.extend(object.fields.iter().flat_map(|field| &field.directives));
            }
            TypeDefinition::Interface(interface) => {
                all.extend(&interface.directives);
                all.extend(interface.fields.iter().flat_map(|field| &field.directives));
            }
            TypeDefinition::Union(union) => all.extend(&union.directives),
            TypeDefinition::Enum(variants) => {
                all.extend(&variants.directives);
                all.extend(variants.values.iter().flat_map(|value| &value.directives));
            }
            TypeDefinition::InputObject(input) => all.extend(&input.directives),
        }
    }
    all
}
