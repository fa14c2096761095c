//! The environment variables that the processes are started with.

use std::collections::BTreeMap;

use common::config::Env;
use contexts::Context;
use secrecy::ExposeSecret;

use crate::{
    children::Plan, database::Database, error::Error, folder::DataFolder, ports::Ports,
    process::Process, services,
};

pub const AWS_SECRETS: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

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

/// The variables of one process, over those of the launcher.
pub struct Variables<'a> {
    env: &'a Env,
    values: BTreeMap<&'static str, String>,
}

impl Variables<'_> {
    pub fn set(&mut self, name: &'static str, value: String) {
        self.values.insert(name, value);
    }

    /// Sets the user's value, or `value` if the user gives none.
    pub fn default(&mut self, name: &'static str, value: String) {
        let value = self.env.optional(name).map_or(value, str::to_owned);
        self.set(name, value);
    }

    /// Passes on those of the restricted variables that this process may have, if the user gives them.
    pub fn pass_on(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(value) = self.env.optional(name) {
                self.set(name, value.to_owned());
            }
        }
    }
}

impl Launch<'_> {
    pub fn plan(&self, process: Process) -> Result<Plan, Error> {
        let mut variables = Variables {
            env: self.env,
            values: BTreeMap::new(),
        };
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
                services::configure(context, self, &mut variables)?;
            }
        }
        let set = variables.values;
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
