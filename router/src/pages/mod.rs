//! What the router serves of itself: the description of the REST API, a page to read and try it with, and one for the graph.
//! All of it is part of the program.

mod file;
mod playground;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use ::playground::Bundle;
use hive_router::ntex::util::Bytes;
use utoipa_swagger_ui::Config;

pub(crate) use file::File;

/// The documents of the services, merged. `xtask` writes it.
const OPENAPI: &str = include_str!("../../../schema/openapi.json");
const OPENAPI_PATH: &str = "/openapi.json";

/// The page is there with and without the slash: the one is what people type, the other what its links are relative to.
const PAGE_PATHS: [&str; 2] = ["/docs", "/docs/"];
const BASE: (&str, &str) = ("<head>", "<head>\n    <base href=\"/docs/\">");
const PAGE: &str = "index.html";

/// What the page loads: the name that the vendored distribution has it under, and its path here.
const ASSETS: [(&str, &str); 7] = [
    ("favicon-16x16.png", "/docs/favicon-16x16.png"),
    ("favicon-32x32.png", "/docs/favicon-32x32.png"),
    ("index.css", "/docs/index.css"),
    ("swagger-initializer.js", "/docs/swagger-initializer.js"),
    ("swagger-ui-bundle.js", "/docs/swagger-ui-bundle.js"),
    (
        "swagger-ui-standalone-preset.js",
        "/docs/swagger-ui-standalone-preset.js",
    ),
    ("swagger-ui.css", "/docs/swagger-ui.css"),
];

/// Nothing from anywhere else, neither code nor data, so that what a description says can at most look bad. The page has
/// styles and pictures within itself, but no scripts.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
                      frame-ancestors 'none'";

/// Why the pages cannot be served: a defect of the build, found at every start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PagesError {
    #[error("the page of the REST API: {0}")]
    Vendored(String),
    #[error("the page of the REST API: there is no {0}")]
    Missing(&'static str),
    #[error("the playground: there is no index.html")]
    NoPlaygroundPage,
}

/// The files by their paths.
pub(crate) struct Pages(BTreeMap<Cow<'static, str>, File>);

impl Pages {
    /// All of them; without a playground there is nothing at its paths.
    pub(crate) fn new(playground: Option<Bundle>) -> Result<Self, PagesError> {
        let config = Arc::new(config());
        let mut files = BTreeMap::new();
        let openapi = File::new(Bytes::from_static(OPENAPI.as_bytes()), "application/json");
        files.insert(OPENAPI_PATH.into(), openapi);
        for (name, path) in ASSETS {
            let (bytes, media_type) = vendored(name, &config)?;
            let file = File::new(bytes, &media_type).with_policy(POLICY);
            files.insert(path.into(), file);
        }
        let (page, _media_type) = vendored(PAGE, &config)?;
        let (head, with_base) = BASE;
        let page = String::from_utf8_lossy(&page).replacen(head, with_base, 1);
        if !page.contains(with_base) {
            return Err(PagesError::Missing("<head>"));
        }
        let page = File::new(page.into(), "text/html; charset=utf-8").with_policy(POLICY);
        files.extend(PAGE_PATHS.map(|path| (path.into(), page.clone())));
        if let Some(bundle) = playground {
            files.extend(playground::files(bundle)?);
        }
        Ok(Self(files))
    }

    /// The file at a path.
    pub(crate) fn find(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

fn config() -> Config<'static> {
    Config::new([OPENAPI_PATH])
        .deep_linking(true)
        .display_request_duration(true)
        .persist_authorization(true)
        .try_it_out_enabled(true)
        // It would send the description to a site that validates it.
        .validator_url("none")
        // Without the bar that asks for the address of another description.
        .use_base_layout()
}

fn vendored(
    name: &'static str,
    config: &Arc<Config<'static>>,
) -> Result<(Bytes, String), PagesError> {
    let file = utoipa_swagger_ui::serve(name, config.clone())
        .map_err(|error| PagesError::Vendored(error.to_string()))?
        .ok_or(PagesError::Missing(name))?;
    Ok((file.bytes.into_owned().into(), file.content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_page_loads_is_there() {
        let pages = Pages::new(None).unwrap();
        for path in PAGE_PATHS.into_iter().chain([OPENAPI_PATH]) {
            assert!(pages.find(path).is_some(), "{path}");
        }
        for path in ["/docs/swagger-ui.js", "/playground"] {
            assert!(pages.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn the_description_is_openapi_3_1() {
        let openapi: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
        assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1."));
        assert!(openapi["paths"].is_object());
    }
}
