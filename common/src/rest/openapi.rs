//! The OpenAPI document of a service, made from its handlers, and answers that many routes can give.

use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use utoipa::{
    IntoResponses,
    openapi::{
        ArrayBuilder, Contact, Content, InfoBuilder, License, OpenApi, PathItem, Ref, RefOr,
        Schema, Server,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
        tag::TagBuilder,
    },
};

use crate::error::ErrorEnvelope;

/// Any route: something is wrong on our side.
#[derive(IntoResponses)]
pub enum Faults {
    /// `INTERNAL`: something went wrong on our side; it is logged under the trace id.
    #[response(status = 500)]
    Internal(ErrorEnvelope),
    /// `SERVICE_UNAVAILABLE`: something that is needed does not answer; try again in a moment.
    #[response(status = 503)]
    Unavailable(ErrorEnvelope),
}

/// Routes that read a body.
#[derive(IntoResponses)]
pub enum BodyErrors {
    /// `BAD_REQUEST`: the body cannot be read, or is no JSON, or does not say that it is.
    #[response(status = 400)]
    Unreadable(ErrorEnvelope),
    /// `PAYLOAD_TOO_LARGE`: the body has more bytes than this route takes.
    #[response(status = 413)]
    TooLarge(ErrorEnvelope),
}

/// Routes that look at the access token, also where they work without.
#[derive(IntoResponses)]
pub enum NotSignedIn {
    /// `UNAUTHENTICATED`: the access token is missing where one is needed, or it is not good.
    #[response(status = 401)]
    Unauthenticated(ErrorEnvelope),
}

/// What a service says of itself in its document.
pub struct Document {
    pub title: &'static str,
    pub description: &'static str,
    /// Name and description of each group of routes.
    pub tags: &'static [(&'static str, &'static str)],
}

/// Completes what the routes say of themselves.
pub fn document(about: &Document, routes: OpenApi) -> OpenApi {
    let mut routes = with_pages_by_reference(routes);
    routes.info = InfoBuilder::new()
        .title(about.title)
        .description(Some(about.description))
        .version(env!("CARGO_PKG_VERSION"))
        .contact(Some(
            Contact::builder().name(Some("The Rookery project")).build(),
        ))
        .license(Some(
            License::builder()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ))
        .build();
    routes.servers = Some(vec![Server::new("/")]);
    routes.tags = Some(
        about
            .tags
            .iter()
            .map(|(name, description)| {
                TagBuilder::new()
                    .name(*name)
                    .description(Some(*description))
                    .build()
            })
            .collect(),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "An access token, as logging in and refreshing answer it; good for 15 minutes.",
        ))
        .build();
    routes
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(bearer));
    routes
}

/// Makes `PostPage`, whose items are a reference to `Post`, of each `Page_Post`, in which the library writes them out once
/// more: a generated client would have two classes for one thing.
fn with_pages_by_reference(mut routes: OpenApi) -> OpenApi {
    let Some(components) = &mut routes.components else {
        return routes;
    };
    let pages: Vec<String> = components
        .schemas
        .keys()
        .filter_map(|name| name.strip_prefix("Page_").map(ToOwned::to_owned))
        .collect();
    for item in &pages {
        let schema = components.schemas.remove(&format!("Page_{item}"));
        if let Some(RefOr::T(Schema::Object(mut page))) = schema {
            let items = ArrayBuilder::new()
                .items(Ref::from_schema_name(item))
                .description(Some("What is on the page."));
            page.properties.insert("items".to_owned(), items.into());
            components
                .schemas
                .insert(format!("{item}Page"), Schema::Object(page).into());
        }
    }
    for operation in routes.paths.paths.values_mut().flat_map(operations) {
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                response.content.values_mut().for_each(refer_to_page);
            }
        }
    }
    routes
}

fn refer_to_page(content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content
        && let Some(RefOr::Ref(reference)) = &mut content.schema
        && let Some(item) = reference
            .ref_location
            .strip_prefix("#/components/schemas/Page_")
    {
        let page = Ref::from_schema_name(format!("{item}Page"));
        reference.ref_location = page.ref_location;
    }
}

/// The operations of a path that can answer a page.
fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    path.get.iter_mut()
}

/// `GET /openapi.json`.
pub fn serve(document: &OpenApi) -> Router {
    // It is made of plain structs, whose serialization cannot fail.
    let text = document.to_json().unwrap_or_default();
    let answer = move || {
        let text = text.clone();
        async move {
            let content_type = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::OK, content_type, text).into_response()
        }
    };
    Router::new().route("/openapi.json", get(answer))
}
