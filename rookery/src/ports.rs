//! The four ports of a system: the router's and the three after it.

use std::net::TcpListener;

use crate::{Process, error::Error, local};

#[derive(Clone, Copy, Debug)]
pub struct Ports(u16);

impl Ports {
    /// The ports from `first` on, all of them free. Found out here, and not by the first process that fails.
    pub fn claim(first: u16) -> Result<Self, Error> {
        let ports = Self(first);
        for port in first..=first.saturating_add(3) {
            TcpListener::bind(local(port)).map_err(|source| Error::Port { port, source })?;
        }
        Ok(ports)
    }

    pub fn of(self, process: Process) -> u16 {
        match process {
            Process::Router => self.0,
            Process::Users => self.0 + 1,
            Process::Posts => self.0 + 2,
            Process::Messaging => self.0 + 3,
        }
    }

    pub fn url(self, process: Process) -> String {
        format!("http://{}", local(self.of(process)))
    }
}
