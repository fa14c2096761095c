//! What the users service is told by its environment, read and checked once at start.

use std::{net::SocketAddr, sync::Arc};

use common::{
    auth::IssuerKeys,
    client_address::TrustedProxies,
    clock::SharedClock,
    config::{ConfigError, Env, malformed},
    postgres::PostgresConfig,
    server::listen_addr,
};
use url::Url;

use crate::{
    app::{
        Links,
        ports::{AvatarStore, Mailer},
    },
    clients::{
        avatars::{self, Objects, Place, S3Access, S3Key},
        mail,
    },
};

/// Where the service listens unless `LISTEN_ADDR` says otherwise.
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4001);

pub struct Config {
    pub listen_addr: SocketAddr,
    pub postgres: PostgresConfig,
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
            listen_addr: listen_addr(env, DEFAULT_ADDRESS)?,
            postgres: PostgresConfig::from_env(env)?,
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
    let place = env.parsed(URL, avatars::EXPECTS)?;
    let objects = match place.unwrap_or_else(|| Place::Folder("avatars".into())) {
        Place::Folder(path) => Objects::in_folder(&path),
        Place::Bucket { name, prefix } => Objects::in_bucket(&name, &prefix, s3_access(env)?),
    };
    let objects = objects.map_err(|error| malformed(URL, avatars::EXPECTS, error))?;
    Ok(Arc::new(objects))
}

/// What other programs that speak to S3 read from the environment as well.
fn s3_access(env: &Env) -> Result<S3Access, ConfigError> {
    const KEY: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    const ENDPOINT: &str = "AWS_ENDPOINT";
    const ENDPOINT_EXPECTS: &str = "an https URL, or an http URL together with AWS_ALLOW_HTTP=true";
    let key = match (env.optional(KEY), env.optional(SECRET)) {
        (None, None) => None,
        (Some(id), Some(secret)) => Some(S3Key {
            id: id.to_owned(),
            secret: secret.into(),
            session_token: env.optional("AWS_SESSION_TOKEN").map(Into::into),
        }),
        (Some(_), None) => return Err(missing(SECRET, "the secret of AWS_ACCESS_KEY_ID")),
        (None, Some(_)) => return Err(missing(KEY, "the id of AWS_SECRET_ACCESS_KEY")),
    };
    let allow_http = env.flag("AWS_ALLOW_HTTP", false)?;
    let endpoint: Option<Url> = env.parsed(ENDPOINT, ENDPOINT_EXPECTS)?;
    if let Some(url) = &endpoint
        && url.scheme() != "https"
        && !(url.scheme() == "http" && allow_http)
    {
        return Err(malformed(ENDPOINT, ENDPOINT_EXPECTS, "it is neither"));
    }
    Ok(S3Access {
        key,
        region: env.optional("AWS_REGION").map(str::to_owned),
        endpoint: endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()),
        allow_http,
        virtual_hosted: env.flag("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", false)?,
    })
}

fn missing(name: &str, expects: &'static str) -> ConfigError {
    ConfigError::Missing {
        name: name.to_owned(),
        expects,
    }
}
