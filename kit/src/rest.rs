use axum::Router;
use common::rest::{Document, document, serve};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// The REST API of a service: its routes and the OpenAPI document that describes them.
pub struct RestApi<S> {
    routes: Router<S>,
    document: OpenApi,
}

impl<S: Clone + Send + Sync + 'static> RestApi<S> {
    pub fn new(about: &Document, routes: OpenApiRouter<S>) -> Self {
        let (routes, described) = routes.split_for_parts();
        Self {
            routes,
            document: document(about, described),
        }
    }

    /// The description of the routes.
    pub fn openapi(self) -> OpenApi {
        self.document
    }

    /// The routes and `/openapi.json`. Handlers extract their arguments from `state`.
    pub fn routes(self, state: S) -> Router {
        self.routes.with_state(state).merge(serve(&self.document))
    }
}
