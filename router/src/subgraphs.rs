//! Base URLs of the services behind the graph and the REST API.

use common::config::{ConfigError, Env, malformed};
use contexts::Context;
use url::Url;

/// The base URL of each context's service.
#[derive(Clone, Debug)]
pub struct Subgraphs(Vec<(Context, Url)>);

impl Subgraphs {
    #[cfg(test)]
    pub(crate) fn new(url: impl Fn(Context) -> Url) -> Self {
        Self(Context::ALL.map(|context| (context, url(context))).into())
    }

    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let urls = Context::ALL
            .into_iter()
            .map(|context| Ok((context, base_url(env, context)?)));
        urls.collect::<Result<_, _>>().map(Self)
    }

    /// Name in the supergraph and base URL of each service.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        self.0.iter().map(|(context, url)| (context.name(), url))
    }

    /// Base URL of one service. `None` cannot happen for a value read from the environment.
    pub(crate) fn url(&self, context: Context) -> Option<&Url> {
        let mut urls = self.0.iter();
        urls.find(|(other, _url)| *other == context)
            .map(|(_context, url)| url)
    }
}

fn base_url(env: &Env, context: Context) -> Result<Url, ConfigError> {
    // Plain HTTP only: the services are on a private network, and the client of the readiness check has no TLS compiled
    // in. With an https URL the router would start and never be ready.
    const EXPECTS: &str = "the base URL of the service, such as http://127.0.0.1:4001";
    let name = context.url_variable();
    let default = format!("http://127.0.0.1:{}", context.port());
    let url: Url = env
        .optional(name)
        .unwrap_or(&default)
        .parse()
        .map_err(|error| malformed(name, EXPECTS, error))?;
    if url.scheme() != "http" || !url.has_host() {
        return Err(malformed(name, EXPECTS, "not an http URL"));
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(malformed(name, EXPECTS, "more than a base URL"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users_at(url: &'static str) -> Result<String, ConfigError> {
        let subgraphs = Subgraphs::from_env(&Env::of([("USERS_URL", url)]))?;
        Ok(subgraphs.url(Context::Users).unwrap().to_string())
    }

    #[test]
    fn each_service_has_a_default_url() {
        let subgraphs = Subgraphs::from_env(&Env::default()).unwrap();
        let urls: Vec<_> = subgraphs.iter().map(|(_, url)| url.to_string()).collect();
        assert_eq!(urls.len(), Context::ALL.len());
        assert_eq!(urls[0], "http://127.0.0.1:4001/");
    }

    #[test]
    fn accepts_plain_http_base_urls_only() {
        assert_eq!(
            users_at("http://users:4001/api").unwrap(),
            "http://users:4001/api"
        );
        for bad in [
            "https://users",
            "users:4001",
            "http://users?x=1",
            "http://me@users",
            "file:///etc/passwd",
        ] {
            assert!(users_at(bad).is_err(), "{bad}");
        }
    }
}
