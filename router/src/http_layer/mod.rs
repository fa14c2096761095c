//! The outermost layer: what holds for every request and every response.

mod client_address;
mod cors;
mod in_flight;

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

use crate::{loopback::LoopbackSecret, request::TraceId};

/// Starts or continues the trace, resolves the client address, answers CORS and counts requests in flight.
#[derive(Clone)]
pub(crate) struct HttpLayer {
    pub(crate) cors: Arc<Cors>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) in_flight: InFlight,
    pub(crate) loopback_secret: LoopbackSecret,
}

impl<S> Middleware<S, SharedCfg> for HttpLayer {
    type Service = HttpLayerService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> HttpLayerService<S> {
        HttpLayerService {
            service,
            layer: self.clone(),
        }
    }
}

pub(crate) struct HttpLayerService<S> {
    service: S,
    layer: HttpLayer,
}

impl<S> Service<WebRequest<DefaultError>> for HttpLayerService<S>
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
        let in_flight = self.layer.in_flight.enter();
        let trace_id = TraceId::begin(request.headers_mut());
        request.extensions_mut().insert(trace_id.clone());
        let purpose = self.layer.loopback_secret.verify(request.headers_mut());
        client_address::resolve(&self.layer.proxies, purpose.is_some(), &mut request);
        if let Some(purpose) = purpose {
            request.extensions_mut().insert(purpose);
        }
        let origin = request.headers().get(header::ORIGIN).cloned();

        let mut response = match self.layer.cors.preflight(request.head()) {
            Some(answer) => request.into_response(answer),
            None => ctx.call(&self.service, request).await?,
        };

        let headers = response.headers_mut();
        self.layer.cors.apply(origin.as_ref(), headers);
        if let Ok(value) = HeaderValue::from_str(trace_id.as_str()) {
            headers.insert(TRACE_ID_HEADER, value.into());
        }
        // No response is a script or a style sheet, whatever its content looks like to a browser.
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            header::HeaderValue::from_static("nosniff"),
        );
        if self.layer.in_flight.is_stopping() {
            response
                .response_mut()
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        Ok(response.map_body(|_head, body| in_flight.until_sent(body)))
    }
}
