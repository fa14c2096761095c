//! A field that fails is null in the answer, if its type allows it (GraphQL specification, 6.4.4 'Handling Field Errors').
//!
//! async-graphql 7.2.1 leaves out a field whose resolver returns an error, and answers no data at all when nothing else was
//! asked for. Only an error inside an `Option` becomes null.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{
    Response, ServerError, ServerResult, Value,
    async_trait::async_trait,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
    },
};

pub(super) struct NullsForErrors;

impl ExtensionFactory for NullsForErrors {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Errors::default())
    }
}

/// The errors of one operation's nullable fields.
#[derive(Default)]
struct Errors(Mutex<Vec<ServerError>>);

impl Errors {
    fn with<T>(&self, change: impl FnOnce(&mut Vec<ServerError>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Extension for Errors {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if nullable => {
                self.with(|errors| errors.push(error));
                Ok(Some(Value::Null))
            }
            other => other,
        }
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        self.with(|errors| response.errors.append(errors));
        response
    }
}
