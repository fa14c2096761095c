//! What the programs of the system are started with.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use contexts::Context;
use secrecy::ExposeSecret;

use super::{Setting, keys::Keys};
use crate::database::Database;

/// All variables of a process but `PATH` and where it listens.
pub type Environment = BTreeMap<String, String>;

/// What every process needs to verify tokens.
pub fn verifying(keys: &Keys) -> Environment {
    of([
        (
            "JWT_PUBLIC_KEY_FILE",
            keys.public_file.display().to_string(),
        ),
        ("RUST_LOG", "warn".to_owned()),
    ])
}

/// A service. It knows the services that were started before it; users writes its files below the folder.
pub fn service(
    keys: &Keys,
    database: &Database,
    folder: &Path,
    context: Context,
    services: &[(Context, SocketAddr)],
) -> Environment {
    let mut environment = verifying(keys);
    let url = database.service_url(context).expose_secret();
    environment.insert("DATABASE_URL".to_owned(), url.to_owned());
    environment.extend(urls(services));
    if context == Context::Users {
        let folder = folder.display();
        environment.extend(of([
            (
                "JWT_PRIVATE_KEY_FILE",
                keys.private_file.display().to_string(),
            ),
            ("SMTP_URL", format!("file:{folder}/mail")),
            ("AVATAR_STORE_URL", format!("file:{folder}/avatars")),
            ("PUBLIC_URL", "http://127.0.0.1:4000".to_owned()),
        ]));
    }
    environment
}

/// The router, without rate limits.
pub fn router(keys: &Keys, services: &[(Context, SocketAddr)]) -> Environment {
    let mut environment = verifying(keys);
    environment.extend(urls(services));
    environment.extend(of([
        ("RATE_LIMIT_USER", "0".to_owned()),
        ("RATE_LIMIT_ANONYMOUS", "0".to_owned()),
    ]));
    environment
}

/// Over these, what was asked for on the command line for a process of this name.
pub fn with(mut environment: Environment, set: &[Setting], name: &str) -> Environment {
    let settings = set.iter().filter(|setting| setting.service == name);
    environment.extend(settings.map(|setting| (setting.name.clone(), setting.value.clone())));
    environment
}

/// The base URLs of services, by their variables.
fn urls(services: &[(Context, SocketAddr)]) -> impl Iterator<Item = (String, String)> {
    services.iter().map(|(context, address)| {
        let name = context.url_variable().to_owned();
        (name, format!("http://{address}"))
    })
}

fn of<const N: usize>(variables: [(&str, String); N]) -> Environment {
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
