//! The environment variables that the processes are started with.

use common::config::Env;
use contexts::Context;
use secrecy::ExposeSecret;

use crate::{
    children::Plan,
    database::Database,
    error::Error,
    folder::DataFolder,
    ports::Ports,
    process::Process,
    services,
    variables::{AWS_SECRETS, Variables},
};

/// Only the router reads these. The proxies in front of it are not in front of a service, whose client is the router.
const ROUTER_ONLY: [&str; 2] = ["TRUSTED_PROXIES", "RATE_LIMIT_STORE_URL"];

const PRIVATE_KEY: [&str; 2] = ["JWT_PRIVATE_KEY", "JWT_PRIVATE_KEY_FILE"];

/// Variables that hold secrets or belong to one process. Every other process is started without them.
fn restricted() -> impl Iterator<Item = &'static str> {
    ["MIGRATION_DATABASE_URL", "DATABASE_URL"]
        .into_iter()
        .chain(AWS_SECRETS)
        .chain(PRIVATE_KEY)
        .chain(ROUTER_ONLY)
        .chain(Context::ALL.map(Context::database_url_variable))
}

/// What the launcher knows when it starts the processes.
pub struct Launch<'a> {
    pub env: &'a Env,
    pub ports: Ports,
    pub folder: &'a DataFolder,
    pub database: &'a Database,
}

impl Launch<'_> {
    pub fn plan(&self, process: Process) -> Result<Plan, Error> {
        let mut variables = Variables::new(self.env);
        variables.default("LOG_FORMAT", "pretty".to_owned());
        // The lines for single requests, at level `info`, would hide what the launcher prints.
        variables.default("RUST_LOG", "warn".to_owned());
        self.set_keys(process, &mut variables)?;
        match process {
            Process::Router => {
                for context in Context::ALL {
                    let url = self.ports.url(Process::Service(context));
                    variables.set(context.url_variable(), url);
                }
                variables.pass_on(&ROUTER_ONLY);
            }
            Process::Service(context) => {
                let url = self.database.service_urls.get(context).expose_secret();
                variables.set("DATABASE_URL", url.to_owned());
                services::configure(context, self.ports, self.folder, &mut variables)?;
            }
        }
        let set = variables.into_values();
        let mut unset: Vec<_> = restricted()
            .filter(|name| !set.contains_key(name))
            .collect();
        if set.contains_key("JWT_PUBLIC_KEY_FILE") {
            unset.push("JWT_PUBLIC_KEY");
        }
        Ok(Plan {
            process,
            port: self.ports.of(process),
            set,
            unset,
        })
    }

    /// Sets the keys of the environment, or those in the folder. Only the users service gets the private key.
    fn set_keys(&self, process: Process, variables: &mut Variables) -> Result<(), Error> {
        let given = PRIVATE_KEY
            .into_iter()
            .find_map(|name| Some((name, self.env.optional(name)?.to_owned())));
        let signs = process == Process::USERS;
        if let Some((name, value)) = given {
            if signs {
                variables.set(name, value);
            }
            return Ok(());
        }
        let (private, public) = self.folder.keys()?;
        variables.set("JWT_PUBLIC_KEY_FILE", public.display().to_string());
        if signs {
            variables.set("JWT_PRIVATE_KEY_FILE", private.display().to_string());
        }
        Ok(())
    }
}
