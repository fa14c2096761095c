//! The ports of a system: the router's, and those after it for the services.

use std::net::TcpListener;

use contexts::{LAST_PORT, ROUTER_PORT};

use crate::{
    error::Error,
    process::{Process, local},
};

/// The highest port of a router: the services need the ports after it.
pub const MAX_ROUTER_PORT: u16 = u16::MAX - (LAST_PORT - ROUTER_PORT);

#[derive(Clone, Copy, Debug)]
pub struct Ports {
    router: u16,
}

impl Ports {
    /// Checks that all ports are free, so that a conflict is reported before the database starts.
    pub fn claim(router: u16) -> Result<Self, Error> {
        let ports = Self { router };
        for port in Process::all().map(|process| ports.of(process)) {
            TcpListener::bind(local(port)).map_err(|source| Error::Port { port, source })?;
        }
        Ok(ports)
    }

    pub fn of(self, process: Process) -> u16 {
        match process {
            Process::Router => self.router,
            Process::Service(context) => self.router + (context.port() - ROUTER_PORT),
        }
    }

    pub fn url(self, process: Process) -> String {
        format!("http://{}", local(self.of(process)))
    }
}
