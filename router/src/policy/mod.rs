//! What the engine asks us while it works on an operation: whether it is small enough to go on, whether the sender is
//! the one the gate let in, and what a client is told of an error.

mod codes;
mod errors;
pub(crate) mod expansion;
mod introspection;
mod nesting;

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
    gate::Admission,
    nodes,
    reply::Refusal,
    usage::{Asked, Tally},
};
pub(crate) use errors::without_suggestion;
pub(crate) use nesting::is_too_deep;

/// The name under which the engine's configuration has to switch it on.
pub(crate) const NAME: &str = "policy";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    max_fields: usize,
    introspection: bool,
}

/// Our part in the engine's work.
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

    /// Before the engine reads the JSON of a request, which it does recursively.
    async fn on_graphql_params<'exec>(
        &'exec self,
        payload: OnGraphQLParamsStartHookPayload<'exec>,
    ) -> OnGraphQLParamsStartHookResult<'exec> {
        let in_url = form_urlencoded::parse(payload.router_http_request.query_string.as_bytes());
        let is_too_deep = nesting::is_too_deep(&payload.body)
            || in_url
                .into_iter()
                .any(|(_name, value)| nesting::is_too_deep(value.as_bytes()));
        if !is_too_deep {
            return match tally(payload.context) {
                None => payload.proceed(),
                Some(tally) => payload.on_end(move |end| {
                    let params = &end.graphql_params;
                    if let Some(text) = &params.query {
                        let asked = tally.asked(text, params.operation_name.as_deref());
                        end.context.insert(asked);
                    }
                    end.proceed()
                }),
            };
        }
        let refusal = Refusal::new(
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
            format!(
                "Values may nest {} levels deep at most.",
                nesting::MAX_LEVELS
            ),
        );
        let answer = refusal.graphql(payload.router_http_request.headers);
        payload.end_with_response(answer)
    }

    /// Before the engine expands fragments, which takes it time and memory exponential in the size of the document.
    async fn on_graphql_validation<'exec>(
        &'exec self,
        payload: OnGraphQLValidationStartHookPayload<'exec>,
    ) -> OnGraphQLValidationStartHookResult<'exec> {
        if let Err(refusal) = bound(&payload.document, self.0.max_fields) {
            let answer = refusal.graphql(payload.router_http_request.headers);
            return payload.end_with_response(answer);
        }
        let asked = payload
            .context
            .get_ref::<Asked>()
            .map(|asked| asked.clone());
        let (Some(tally), Some(asked)) = (tally(payload.context), asked) else {
            return payload.proceed();
        };
        let document = payload.document.clone();
        payload.on_end(move |end| {
            if end.errors.is_empty() {
                tally.count(&asked, || Some((*document).clone()));
            }
            end.proceed()
        })
    }

    /// The gate and the engine verify the same token each in its own way. Where they disagree, the engine would go on
    /// without a sender, and the subgraphs would answer as to nobody: that is no answer to somebody with a token.
    async fn on_graphql_analysis<'exec>(
        &'exec self,
        payload: &mut OnGraphqlAnalysisHookPayload<'exec>,
    ) -> OnGraphqlAnalysisHookResult {
        let by_engine = matches!(
            *payload.client_request_details.jwt,
            JwtRequestDetails::Authenticated { .. }
        );
        if admission(payload.context).is_some_and(|admission| admission.is_signed_in == by_engine) {
            return OnGraphqlAnalysisHookResult::Proceed;
        }
        tracing::error!(by_engine, "the gate and the engine disagree about a token");
        let violation = common::auth::unauthenticated();
        let error = GraphQLError::from_message_and_code(violation.message, violation.code);
        OnGraphqlAnalysisHookResult::EndWithResponse(PlanExecutionOutput {
            body: from_graphql_error_to_bytes(error),
            error_count: 1,
            status_code: StatusCode::UNAUTHORIZED,
        })
    }

    /// One subgraph is the router itself, and is not asked over HTTP.
    ///
    /// Another that refuses a request says why in a GraphQL error and in the status. The engine makes a second error of the
    /// status, as if the subgraph had not answered; it does so only where it knows the status.
    async fn on_subgraph_execute<'exec>(
        &'exec self,
        payload: OnSubgraphExecuteStartHookPayload<'exec>,
    ) -> OnSubgraphExecuteStartHookResult<'exec> {
        if payload.subgraph_name == nodes::SUBGRAPH {
            let headers = payload.router_http_request.headers;
            let answer = nodes::answer(payload.context, headers, &payload.execution_request).await;
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
        let admission = admission(context);
        let reader = errors::Reader {
            is_signed_in: admission
                .as_ref()
                .is_some_and(|admission| admission.is_signed_in),
            trace_id: admission
                .as_ref()
                .map_or("", |admission| admission.trace_id.as_str()),
            may_explore: self.0.introspection,
        };
        let (error, status_code) = errors::tell(error, status_code, &reader);
        OnGraphQLErrorHookPayload {
            error,
            status_code,
            context,
            request_context,
        }
        .proceed()
    }
}

/// What the engine would take too long to find out about a document.
pub(crate) fn bound(document: &expansion::Document, max_fields: usize) -> Result<(), Refusal> {
    if expansion::fields(document) > max_fields {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "OPERATION_TOO_LARGE",
            format!("The operation has more than {max_fields} fields; ask for less at once."),
        ));
    }
    if introspection::is_too_deep(document) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "MAX_DEPTH_EXCEEDED",
            "Introspection goes through too many lists inside one another; the standard introspection query does not.",
        ));
    }
    Ok(())
}

/// Counts what the client sends, where that is counted.
fn tally(context: &PluginContext) -> Option<Tally> {
    context.get_ref::<Admission>()?.tally.clone()
}

fn admission(context: &PluginContext) -> Option<Admission> {
    context
        .get_ref::<Admission>()
        .map(|admission| admission.clone())
}
