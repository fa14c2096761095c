//! Parses a subscription: the request to its service, and the query that renders one event.

mod request;
mod rewrite;
mod root;
mod validated_cache;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use hive_router::{
    graphql_tools::{
        static_graphql::{
            query::{Document, Subscription, Value, VariableDefinition},
            schema::InputValue,
        },
        validation::{
            utils::ValidationError,
            validate::{ValidationPlan, validate},
        },
    },
    ntex::http::StatusCode,
    query_planner::{
        consumer_schema::ConsumerSchema, utils::parsing::safe_parse_operation_with_token_limit,
    },
};
use serde_json::{Map, Value as Json, json};

use crate::{
    graphql::{check_size, operation, without_suggestion},
    limits::Limits,
    request::ClientError,
    supergraph::EventSources,
};
pub(crate) use request::Request;
use validated_cache::ValidatedCache;

/// A valid subscription, without the values of its variables.
#[derive(Debug)]
pub(crate) struct SubscriptionPlan {
    /// The subgraph whose service publishes the events.
    pub(crate) subgraph: String,
    /// The field of `Subscription`.
    pub(crate) field: String,
    /// Response key of the field.
    pub(crate) key: String,
    definitions: Vec<VariableDefinition>,
    parameters: Vec<InputValue>,
    arguments: Vec<(String, Value)>,
    rewritten: rewrite::Rewritten,
}

/// A subscription with the values of its variables.
#[derive(Debug)]
pub(crate) struct BoundSubscription {
    pub(crate) plan: Arc<SubscriptionPlan>,
    /// Coerced arguments for the service.
    pub(crate) arguments: BTreeMap<String, Json>,
    /// The body of the query that renders an event, up to the ID.
    head: Box<str>,
}

impl BoundSubscription {
    /// The body of the query that renders the event with this ID.
    pub(crate) fn body(&self, id: &str) -> String {
        format!("{}{}}}}}", self.head, Json::from(id))
    }
}

/// Parses subscriptions against one supergraph.
pub(crate) struct SubscriptionPlanner {
    sources: EventSources,
    schema: Arc<ConsumerSchema>,
    /// The engine's validation rules, its limits among them.
    rules: Arc<ValidationPlan>,
    limits: Limits,
    /// Whether validation messages may suggest names of the schema.
    introspection: bool,
    validated: ValidatedCache,
}

/// A plan, its planner, and whether the engine has validated it.
pub(crate) struct PlannedSubscription {
    pub(crate) planner: Arc<SubscriptionPlanner>,
    pub(crate) plan: Arc<SubscriptionPlan>,
    pub(crate) is_validated: bool,
}

impl SubscriptionPlanner {
    pub(crate) fn new(
        sources: EventSources,
        schema: Arc<ConsumerSchema>,
        rules: Arc<ValidationPlan>,
        limits: Limits,
        introspection: bool,
    ) -> Self {
        Self {
            sources,
            schema,
            rules,
            limits,
            introspection,
            validated: ValidatedCache::default(),
        }
    }

    /// The plan of a subscription. `None` for any other operation, and for documents that cannot be parsed: the engine reports
    /// their errors.
    pub(crate) fn plan(
        self: Arc<Self>,
        request: &Request,
    ) -> Result<Option<PlannedSubscription>, ClientError> {
        let Some(text) = request.query.as_deref() else {
            return Ok(None);
        };
        // A shortcut: clients of some frameworks accept streams with every operation.
        if !text.contains("subscription") {
            return Ok(None);
        }
        let name = request.operation_name.as_deref();
        if let Some(plan) = self.validated.get(text, name) {
            return Ok(Some(PlannedSubscription {
                planner: self,
                plan,
                is_validated: true,
            }));
        }
        // The engine counts the end of the document as a token.
        let parsed = safe_parse_operation_with_token_limit(text, self.limits.tokens + 1);
        let Ok(document) = parsed else {
            return Ok(None);
        };
        let Some(subscription) = operation::selected_subscription(&document, name) else {
            return Ok(None);
        };
        let plan = Arc::new(self.parse_subscription(&document, subscription)?);
        Ok(Some(PlannedSubscription {
            planner: self,
            plan,
            is_validated: false,
        }))
    }

    /// Caches a validated plan.
    pub(crate) fn cache(&self, request: &Request, plan: &Arc<SubscriptionPlan>) {
        if let Some(text) = request.query.as_deref() {
            self.validated
                .insert(text, request.operation_name.as_deref(), plan);
        }
    }

    /// The plan with the values of the variables.
    pub(crate) fn bind(
        &self,
        plan: Arc<SubscriptionPlan>,
        given: &Map<String, Json>,
    ) -> Result<BoundSubscription, ClientError> {
        let schema = &self.schema.document;
        let variables = values::variables(schema, &plan.definitions, given)?;
        let arguments = values::arguments(schema, &plan.parameters, &plan.arguments, &variables)?;
        let rewritten = &plan.rewritten;
        let kept = rewritten.variables.iter();
        let mut sent = Map::new();
        sent.extend(kept.filter_map(|name| Some((name.clone(), given.get(name)?.clone()))));
        sent.insert(rewritten.id.clone(), Json::Null);
        let body = json!({ "query": rewritten.document, "variables": sent }).to_string();
        // The ID is the last variable, so its value is the last in the body.
        let head = body.strip_suffix("null}}").unwrap_or(&body).into();
        Ok(BoundSubscription {
            plan,
            arguments,
            head,
        })
    }

    fn parse_subscription(
        &self,
        document: &Document,
        subscription: &Subscription,
    ) -> Result<SubscriptionPlan, ClientError> {
        // First, because the other steps follow fragments.
        check_size(document, self.limits.fields)?;
        let root = root::field(document, &subscription.selection_set)?;
        let errors = validate(&self.schema.document, document, &self.rules);
        if !errors.is_empty() {
            return Err(self.invalid(&errors));
        }
        let definition = self.schema.document.subscription_type();
        let definition =
            definition.and_then(|of| of.fields.iter().find(|field| field.name == root.name));
        let (Some(source), Some(definition)) = (self.sources.get(&root.name), definition) else {
            // Unreachable: validation has found the field in the same schema.
            return Err(ClientError::unavailable());
        };
        Ok(SubscriptionPlan {
            subgraph: source.subgraph.clone(),
            field: root.name.clone(),
            key: root.alias.as_ref().unwrap_or(&root.name).clone(),
            definitions: subscription.variable_definitions.clone(),
            parameters: definition.arguments.clone(),
            arguments: root.arguments.clone(),
            rewritten: rewrite::rewrite(document, subscription, root, &source.query),
        })
    }

    /// Validation errors in the engine's format.
    fn invalid(&self, errors: &[ValidationError]) -> ClientError {
        let errors = errors.iter().map(|error| {
            let message = if self.introspection {
                &error.message
            } else {
                without_suggestion(&error.message)
            };
            let locations = error.locations.iter();
            let locations: Json = locations
                .map(|place| json!({ "line": place.line, "column": place.column }))
                .collect();
            json!({ "message": message, "locations": locations, "extensions": { "code": error.error_code } })
        });
        ClientError::with_errors(StatusCode::BAD_REQUEST, errors.collect())
    }
}
