//! The outermost layer: what is true of every request and every answer, whoever gives it.

mod client;
mod cors;
mod in_flight;
mod trace;

use std::sync::Arc;

use common::{client_address::TrustedProxies, trace::TRACE_ID_HEADER};
use hive_router::ntex::{
    Middleware, SharedCfg,
    http::{ConnectionType, header},
    service::{Service, ServiceCtx},
    web::{DefaultError, Error, WebRequest, WebResponse},
};
use http::HeaderValue;

pub(crate) use cors::Cors;
pub(crate) use in_flight::InFlight;
pub(crate) use trace::{REQUEST_ID, TRACEPARENT, TraceId};

use crate::inside::Password;

/// Puts every request into a trace, says where it comes from, answers CORS and counts what is in flight.
#[derive(Clone)]
pub(crate) struct Edge {
    pub(crate) cors: Arc<Cors>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) in_flight: InFlight,
    /// Of the router when it asks itself.
    pub(crate) password: Password,
}

impl<S> Middleware<S, SharedCfg> for Edge {
    type Service = EdgeService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> EdgeService<S> {
        EdgeService {
            service,
            edge: self.clone(),
        }
    }
}

pub(crate) struct EdgeService<S> {
    service: S,
    edge: Edge,
}

impl<S> Service<WebRequest<DefaultError>> for EdgeService<S>
where
    S: Service<WebRequest<DefaultError>, Response = WebResponse, Error = Error>,
{
    type Response = WebResponse;
    type Error = Error;

    hive_router::ntex::forward_ready!(service);

    async fn call(
        &self,
        mut request: WebRequest<DefaultError>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Error> {
        let in_flight = self.edge.in_flight.enter();
        let trace_id = TraceId::begin(request.headers_mut());
        request.extensions_mut().insert(trace_id.clone());
        let errand = self.edge.password.take(request.headers_mut());
        client::settle(&self.edge.proxies, errand.is_some(), &mut request);
        if let Some(errand) = errand {
            request.extensions_mut().insert(errand);
        }
        let origin = request.headers().get(header::ORIGIN).cloned();

        let mut response = match self.edge.cors.preflight(request.head()) {
            Some(answer) => request.into_response(answer),
            None => ctx.call(&self.service, request).await?,
        };

        let headers = response.headers_mut();
        self.edge.cors.apply(origin.as_ref(), headers);
        if let Ok(value) = HeaderValue::from_str(trace_id.as_str()) {
            headers.insert(TRACE_ID_HEADER, value.into());
        }
        // Nothing here is meant to be run or styled with, whatever a browser would make of it.
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            header::HeaderValue::from_static("nosniff"),
        );
        if self.edge.in_flight.is_stopping() {
            response
                .response_mut()
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        Ok(response.map_body(|_head, body| in_flight.until_sent(body)))
    }
}
