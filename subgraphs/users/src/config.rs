//! The settings of the service, read from the environment and checked once at start.

use std::sync::Arc;

use common::{
    auth::IssuerKeys,
    client_address::TrustedProxies,
    clock::SharedClock,
    config::{ConfigError, Env, malformed},
    objects::{self, Objects, Place},
};
use contexts::Context;
use kit::ServiceConfig;
use url::Url;

use crate::{
    app::{
        Links,
        ports::{AvatarStore, Mailer},
    },
    clients::mail,
};

pub struct Config {
    pub service: ServiceConfig,
    pub keys: IssuerKeys,
    /// Whose word is taken for where somebody signs in from.
    pub proxies: TrustedProxies,
    pub mailer: Arc<dyn Mailer>,
    pub avatars: Arc<dyn AvatarStore>,
    pub links: Links,
    pub require_verified_email: bool,
}

impl Config {
    /// Needs a tokio runtime, on which the SMTP connections will live. Makes the folder of mails and that of avatars.
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        let keys = IssuerKeys::from_env(env, clock)?;
        let public_url = public_url(env)?;
        Ok(Self {
            service: ServiceConfig::from_env(Context::Users, env)?,
            keys,
            proxies: TrustedProxies::of_service(env)?,
            mailer: mailer(env, &public_url)?,
            avatars: avatars(env)?,
            links: Links::under(public_url),
            require_verified_email: env.flag("REQUIRE_VERIFIED_EMAIL", true)?,
        })
    }
}

/// No default: mails with links to the wrong place are worse than a process that does not start.
fn public_url(env: &Env) -> Result<Url, ConfigError> {
    const NAME: &str = "PUBLIC_URL";
    const EXPECTS: &str =
        "the http or https URL that people reach Rookery at, such as https://rookery.example.com";
    let url: Url = env
        .required(NAME, EXPECTS)?
        .parse()
        .map_err(|error| malformed(NAME, EXPECTS, error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(malformed(NAME, EXPECTS, "it is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(malformed(NAME, EXPECTS, "it has credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(malformed(NAME, EXPECTS, "it has a query or a fragment"));
    }
    Ok(url)
}

fn mailer(env: &Env, public_url: &Url) -> Result<Arc<dyn Mailer>, ConfigError> {
    const URL: &str = "SMTP_URL";
    const FROM: &str = "MAIL_FROM";
    const FROM_EXPECTS: &str = "the sender of mails, such as Rookery <no-reply@example.com>";
    let url = env.required(URL, mail::EXPECTS)?.into();
    let from = match env.parsed(FROM, FROM_EXPECTS)? {
        Some(from) => from,
        None => mail::default_sender(public_url.domain().unwrap_or("localhost"))
            .map_err(|error| malformed(FROM, FROM_EXPECTS, error))?,
    };
    mail::mailer(&url, from).map_err(|error| malformed(URL, mail::EXPECTS, error))
}

fn avatars(env: &Env) -> Result<Arc<dyn AvatarStore>, ConfigError> {
    const URL: &str = "AVATAR_STORE_URL";
    let place = env.parsed(URL, objects::EXPECTS)?;
    let place = place.unwrap_or_else(|| Place::Folder("avatars".into()));
    Ok(Arc::new(Objects::at(&place, env, URL)?))
}
