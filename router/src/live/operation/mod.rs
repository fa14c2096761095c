//! What a client subscribes to, taken apart: what its service is told, and the query that shows one event.

mod known;
mod request;
mod rewrite;
mod root;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use hive_router::{
    graphql_tools::{
        static_graphql::{
            query::{
                Definition, Document, OperationDefinition, Subscription, Value, VariableDefinition,
            },
            schema::InputValue,
        },
        validation::{
            utils::ValidationError,
            validate::{ValidationPlan, validate},
        },
    },
    query_planner::{
        consumer_schema::ConsumerSchema, utils::parsing::safe_parse_operation_with_token_limit,
    },
};
use serde_json::{Map, Value as Json, json};

use super::{problem::Problem, sources::Sources};
use crate::{limits::Limits, policy};
use known::Known;
pub(crate) use request::Request;

/// A subscription that is valid, without the values of its variables.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The subgraph whose service has the feed.
    pub(crate) subgraph: String,
    /// The field of `Subscription`.
    pub(crate) field: String,
    /// What the field is called in answers.
    pub(crate) key: String,
    definitions: Vec<VariableDefinition>,
    parameters: Vec<InputValue>,
    arguments: Vec<(String, Value)>,
    rewritten: rewrite::Rewritten,
}

/// A subscription with its values.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) plan: Arc<Plan>,
    /// For the service.
    pub(crate) arguments: BTreeMap<String, Json>,
    /// The body of the request that shows an event, up to its id.
    head: Box<str>,
}

impl Bound {
    /// The body of the request that shows the event with this id.
    pub(crate) fn body(&self, id: &str) -> String {
        format!("{}{}}}}}", self.head, Json::from(id))
    }
}

/// Takes operations apart.
pub(crate) struct Planner {
    pub(crate) sources: Sources,
    pub(crate) schema: Arc<ConsumerSchema>,
    /// The rules of the engine, its limits among them.
    pub(crate) rules: Arc<ValidationPlan>,
    pub(crate) limits: Limits,
    /// Whether messages may name what the client did not.
    pub(crate) may_explore: bool,
    known: Known,
}

/// A plan, whose it is, and whether the engine has said that it is good.
pub(crate) struct Planned {
    pub(crate) planner: Arc<Planner>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) is_known: bool,
}

impl Planner {
    pub(crate) fn new(
        sources: Sources,
        schema: Arc<ConsumerSchema>,
        rules: Arc<ValidationPlan>,
        limits: Limits,
        may_explore: bool,
    ) -> Self {
        Self {
            sources,
            schema,
            rules,
            limits,
            may_explore,
            known: Known::default(),
        }
    }

    /// The plan of a subscription; nothing for any other operation, and for what cannot be read, of which the engine says
    /// what is wrong with it.
    pub(crate) fn plan(self: Arc<Self>, request: &Request) -> Result<Option<Planned>, Problem> {
        let Some(text) = request.query.as_deref() else {
            return Ok(None);
        };
        // Clients of some frameworks accept streams with every operation: most end here.
        if !text.contains("subscription") {
            return Ok(None);
        }
        let name = request.operation_name.as_deref();
        if let Some(plan) = self.known.find(text, name) {
            return Ok(Some(Planned {
                planner: self,
                plan,
                is_known: true,
            }));
        }
        // The engine counts the end of the document as a token.
        let parsed = safe_parse_operation_with_token_limit(text, self.limits.tokens + 1);
        let Ok(document) = parsed else {
            return Ok(None);
        };
        let Some(subscription) = subscription(&document, name) else {
            return Ok(None);
        };
        let plan = Arc::new(self.take_apart(&document, subscription)?);
        Ok(Some(Planned {
            planner: self,
            plan,
            is_known: false,
        }))
    }

    /// From now on this operation need not be asked about.
    pub(crate) fn remember(&self, request: &Request, plan: &Arc<Plan>) {
        if let Some(text) = request.query.as_deref() {
            self.known
                .remember(text, request.operation_name.as_deref(), plan);
        }
    }

    /// The plan with the values of the variables.
    pub(crate) fn bind(
        &self,
        plan: Arc<Plan>,
        given: &Map<String, Json>,
    ) -> Result<Bound, Problem> {
        let schema = &self.schema.document;
        let variables = values::variables(schema, &plan.definitions, given)?;
        let arguments = values::arguments(schema, &plan.parameters, &plan.arguments, &variables)?;
        let rewritten = &plan.rewritten;
        let kept = rewritten.variables.iter();
        let mut sent = Map::new();
        sent.extend(kept.filter_map(|name| Some((name.clone(), given.get(name)?.clone()))));
        sent.insert(rewritten.id.clone(), Json::Null);
        let body = json!({ "query": rewritten.document, "variables": sent }).to_string();
        // The id is the last value, and comes last.
        let head = body.strip_suffix("null}}").unwrap_or(&body).into();
        Ok(Bound {
            plan,
            arguments,
            head,
        })
    }

    fn take_apart(
        &self,
        document: &Document,
        subscription: &Subscription,
    ) -> Result<Plan, Problem> {
        // Before anything that follows fragments.
        policy::bound(document, self.limits.fields)?;
        let root = root::field(document, &subscription.selection_set)?;
        let errors = validate(&self.schema.document, document, &self.rules);
        if !errors.is_empty() {
            return Err(self.invalid(&errors));
        }
        let definition = self.schema.document.subscription_type();
        let definition =
            definition.and_then(|of| of.fields.iter().find(|field| field.name == root.name));
        let (Some(source), Some(definition)) = (self.sources.get(&root.name), definition) else {
            // Validation has found the field in the same schema.
            return Err(Problem::unavailable());
        };
        Ok(Plan {
            subgraph: source.subgraph.clone(),
            field: root.name.clone(),
            key: root.alias.as_ref().unwrap_or(&root.name).clone(),
            definitions: subscription.variable_definitions.clone(),
            parameters: definition.arguments.clone(),
            arguments: root.arguments.clone(),
            rewritten: rewrite::rewrite(document, subscription, root, &source.query),
        })
    }

    /// As the engine tells them.
    fn invalid(&self, errors: &[ValidationError]) -> Problem {
        let errors = errors.iter().map(|error| {
            let message = if self.may_explore {
                &error.message
            } else {
                policy::without_suggestion(&error.message)
            };
            let locations = error.locations.iter();
            let locations: Json = locations
                .map(|place| json!({ "line": place.line, "column": place.column }))
                .collect();
            json!({ "message": message, "locations": locations, "extensions": { "code": error.error_code } })
        });
        Problem {
            status: hive_router::ntex::http::StatusCode::BAD_REQUEST,
            errors: errors.collect(),
        }
    }
}

/// The operation that is to be carried out, if it is a subscription.
fn subscription<'a>(document: &'a Document, name: Option<&str>) -> Option<&'a Subscription> {
    let mut operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
    let operation = match name {
        Some(name) => operations.find(|operation| named(operation) == Some(name)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    match operation? {
        OperationDefinition::Subscription(subscription) => Some(subscription),
        _ => None,
    }
}

/// The name of an operation that has one.
pub(crate) fn named(operation: &OperationDefinition) -> Option<&str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(query) => query.name.as_deref(),
        OperationDefinition::Mutation(mutation) => mutation.name.as_deref(),
        OperationDefinition::Subscription(subscription) => subscription.name.as_deref(),
    }
}
