//! The plugin that the engine calls while it executes an operation: bounds the size of a document, compares the identity with
//! the guard's, and maps errors for clients.

mod codes;
mod errors;

use hive_router::{
    GraphQLError, PlanExecutionOutput, async_trait,
    executor::execution::client_request_details::JwtRequestDetails,
    ntex::http::StatusCode,
    plugins::{
        hooks::{
            on_graphql_analysis::{OnGraphqlAnalysisHookPayload, OnGraphqlAnalysisHookResult},
            on_graphql_error::{OnGraphQLErrorHookPayload, OnGraphQLErrorHookResult},
            on_graphql_params::{OnGraphQLParamsStartHookPayload, OnGraphQLParamsStartHookResult},
            on_graphql_validation::{
                OnGraphQLValidationStartHookPayload, OnGraphQLValidationStartHookResult,
            },
            on_plugin_init::{OnPluginInitPayload, OnPluginInitResult},
            on_subgraph_execute::{
                OnSubgraphExecuteStartHookPayload, OnSubgraphExecuteStartHookResult,
            },
        },
        plugin_context::PluginContext,
        plugin_trait::{
            EndHookPayload, RouterPlugin, StartHookPayload, from_graphql_error_to_bytes,
        },
    },
};
use serde::Deserialize;
use url::form_urlencoded;

use crate::{
    graphql::{MAX_JSON_DEPTH, check_size, exceeds_json_depth},
    node_lookup,
    request::{ClientError, RequestIdentity},
    usage::{ClientUsage, SeenOperation},
};

/// Name of the plugin in the engine's configuration.
pub(crate) const NAME: &str = "policy";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    max_fields: usize,
    introspection: bool,
}

/// The plugin.
pub(crate) struct Policy(Settings);

#[async_trait]
impl RouterPlugin for Policy {
    type Config = Settings;

    fn plugin_name() -> &'static str {
        NAME
    }

    fn on_plugin_init(payload: OnPluginInitPayload<Self>) -> OnPluginInitResult<Self> {
        let settings = payload.config()?;
        payload.initialize_plugin(Self(settings))
    }

    /// Runs before the engine parses the JSON of a request, which it does recursively.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        let in_url = form_urlencoded::parse(payload.router_http_request.query_string.as_bytes());
        let is_too_deep = exceeds_json_depth(&payload.body)
            || in_url
                .into_iter()
                .any(|(_name, value)| exceeds_json_depth(value.as_bytes()));
        if !is_too_deep {
            return match usage(payload.context) {
                None => payload.proceed(),
                Some(usage) => payload.on_end(move |end| {
                    let params = &end.graphql_params;
                    if let Some(text) = &params.query {
                        let seen = usage.seen(text, params.operation_name.as_deref());
                        end.context.insert(seen);
                    }
                    end.proceed()
                }),
            };
        }
        let error = ClientError::bad_request(
            "BAD_REQUEST",
            format!("Values may nest {MAX_JSON_DEPTH} levels deep at most."),
        );
        let answer = error.graphql(payload.router_http_request.headers);
        payload.end_with_response(answer)
    }

    /// Runs before the engine expands fragments, which takes time and memory exponential in the size of the document.
    async fn on_graphql_validation<'exec>(
        &'exec self,
        payload: OnGraphQLValidationStartHookPayload<'exec>,
    ) -> OnGraphQLValidationStartHookResult<'exec> {
        if let Err(error) = check_size(&payload.document, self.0.max_fields) {
            let answer = ClientError::from(error).graphql(payload.router_http_request.headers);
            return payload.end_with_response(answer);
        }
        let seen = payload
            .context
            .get_ref::<SeenOperation>()
            .map(|seen| seen.clone());
        let (Some(usage), Some(seen)) = (usage(payload.context), seen) else {
            return payload.proceed();
        };
        let document = payload.document.clone();
        payload.on_end(move |end| {
            if end.errors.is_empty() {
                usage.count(&seen, || Some((*document).clone()));
            }
            end.proceed()
        })
    }

    /// The guard and the engine verify the identity independently. If they disagree, the engine would execute the operation as
    /// anonymous although the client sent a token, so the request is refused.
    async fn on_graphql_analysis<'exec>(
        &'exec self,
        payload: &mut OnGraphqlAnalysisHookPayload<'exec>,
    ) -> OnGraphqlAnalysisHookResult {
        let by_engine = matches!(
            *payload.client_request_details.jwt,
            JwtRequestDetails::Authenticated { .. }
        );
        if identity(payload.context).is_some_and(|identity| identity.is_signed_in == by_engine) {
            return OnGraphqlAnalysisHookResult::Proceed;
        }
        tracing::error!(by_engine, "the guard and the engine disagree about a token");
        let violation = common::auth::unauthenticated();
        let error = GraphQLError::from_message_and_code(violation.message, violation.code);
        OnGraphqlAnalysisHookResult::EndWithResponse(PlanExecutionOutput {
            body: from_graphql_error_to_bytes(error),
            error_count: 1,
            status_code: StatusCode::UNAUTHORIZED,
        })
    }

    /// Answers the `nodes` subgraph in process.
    ///
    /// For other subgraphs, hides the HTTP status of a response with GraphQL errors: the engine would add a second error for
    /// the status, as if the subgraph had not answered.
    async fn on_subgraph_execute<'exec>(
        &'exec self,
        payload: OnSubgraphExecuteStartHookPayload<'exec>,
    ) -> OnSubgraphExecuteStartHookResult<'exec> {
        if payload.subgraph_name == node_lookup::SUBGRAPH {
            let headers = payload.router_http_request.headers;
            let answer =
                node_lookup::answer(payload.context, headers, &payload.execution_request).await;
            return payload.end_with_response(answer);
        }
        payload.on_end(|mut end| {
            let answer = &mut end.execution_result;
            if answer
                .errors
                .as_ref()
                .is_some_and(|errors| !errors.is_empty())
            {
                answer.status = None;
            }
            end.proceed()
        })
    }

    fn on_graphql_error<'req>(
        &'req self,
        payload: OnGraphQLErrorHookPayload<'req>,
    ) -> OnGraphQLErrorHookResult<'req> {
        let OnGraphQLErrorHookPayload {
            error,
            status_code,
            context,
            request_context,
        } = payload;
        let identity = identity(context);
        let recipient = errors::Recipient {
            is_signed_in: identity
                .as_ref()
                .is_some_and(|identity| identity.is_signed_in),
            trace_id: identity
                .as_ref()
                .map_or("", |identity| identity.trace_id.as_str()),
            introspection: self.0.introspection,
        };
        let (error, status_code) = errors::disclose(error, status_code, &recipient);
        OnGraphQLErrorHookPayload {
            error,
            status_code,
            context,
            request_context,
        }
        .proceed()
    }
}

/// Counts the client's operations; `None` while usage is not recorded.
fn usage(context: &PluginContext) -> Option<ClientUsage> {
    context.get_ref::<RequestIdentity>()?.usage.clone()
}

fn identity(context: &PluginContext) -> Option<RequestIdentity> {
    context
        .get_ref::<RequestIdentity>()
        .map(|identity| identity.clone())
}
