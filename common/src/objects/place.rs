//! Where objects are, as the environment says it.

use std::{path::PathBuf, str::FromStr};

use secrecy::SecretString;
use url::Url;

use crate::config::{ConfigError, Env, malformed};

/// What a variable that names a place may be.
pub const EXPECTS: &str = "file:DIR for a folder, or s3://bucket[/prefix] with the variables AWS_*";

/// What such a variable says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    /// The prefix is empty where all of the bucket is meant.
    Bucket {
        name: String,
        prefix: String,
    },
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return match folder {
                "" => Err("it names no folder"),
                _ => Ok(Self::Folder(folder.into())),
            };
        }
        let place = url
            .strip_prefix("s3://")
            .ok_or("it begins neither with file: nor with s3://")?;
        match place.split_once('/').unwrap_or((place, "")) {
            ("", _) => Err("it names no bucket"),
            (name, prefix) => Ok(Self::Bucket {
                name: name.to_owned(),
                prefix: prefix.to_owned(),
            }),
        }
    }
}

/// How S3 is reached, and as whom.
#[derive(Default)]
pub struct S3Access {
    /// Without it, the credentials of the machine or the pod's role are asked for (instance metadata).
    pub key: Option<S3Key>,
    /// `us-east-1` unless this says otherwise.
    pub region: Option<String>,
    /// Where another service than Amazon's is.
    pub endpoint: Option<String>,
    pub allow_http: bool,
    /// Whether the bucket is part of the host and not of the path.
    pub virtual_hosted: bool,
}

pub struct S3Key {
    pub id: String,
    pub secret: SecretString,
    /// Of credentials that end.
    pub session_token: Option<SecretString>,
}

impl S3Access {
    /// From what other programs that speak to S3 read from the environment as well.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const KEY: &str = "AWS_ACCESS_KEY_ID";
        const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
        const ENDPOINT: &str = "AWS_ENDPOINT";
        const ENDPOINT_EXPECTS: &str =
            "an https URL, or an http URL together with AWS_ALLOW_HTTP=true";
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
        Ok(Self {
            key,
            region: env.optional("AWS_REGION").map(str::to_owned),
            endpoint: endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            allow_http,
            virtual_hosted: env.flag("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", false)?,
        })
    }
}

fn missing(name: &str, expects: &'static str) -> ConfigError {
    ConfigError::Missing {
        name: name.to_owned(),
        expects,
    }
}
