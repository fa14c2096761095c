//! A variable of a type that is not nullable has a value (GraphQL, 6.1.2).
//!
//! async-graphql 7.2.1 takes a null for such a variable, and notices one that is left out only where it is used.

use std::sync::Arc;

use async_graphql::{
    Pos, Request, ServerError, ServerResult, Value, Variables,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};

pub(super) struct RequiredVariables;

impl ExtensionFactory for RequiredVariables {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for RequiredVariables {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(ctx, request).await?;
        let (variables, name) = (
            std::mem::take(&mut request.variables),
            request.operation_name.take(),
        );
        let missing = operation(request.parsed_query()?, name.as_deref())
            .and_then(|operation| missing(operation, &variables));
        (request.variables, request.operation_name) = (variables, name);
        match missing {
            Some((message, position)) => Err(ServerError::new(message, Some(position))),
            None => Ok(request),
        }
    }
}

/// The operation that is meant; an unknown name is left to the library.
fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

fn missing(operation: &OperationDefinition, variables: &Variables) -> Option<(String, Pos)> {
    let mut definitions = operation.variable_definitions.iter();
    definitions.find_map(|definition| {
        let variable = &definition.node;
        let is_missing = match variables.get(&variable.name.node) {
            Some(value) => *value == Value::Null,
            None => variable.default_value.is_none(),
        };
        (is_missing && !variable.var_type.node.nullable).then(|| {
            let (name, kind) = (&variable.name.node, &variable.var_type.node);
            let message =
                format!("The variable ${name} of type {kind} needs a value that is not null.");
            (message, definition.pos)
        })
    })
}
