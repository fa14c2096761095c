//! The processes of the system: the router, and one service for each context.

use std::net::SocketAddr;

use contexts::Context;

/// A process of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Router,
    Service(Context),
}

impl Process {
    /// The process that signs tokens.
    pub const USERS: Self = Self::Service(Context::Users);

    /// All processes, in the order of their ports.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Router).chain(Context::ALL.map(Self::Service))
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Service(context) => context.name(),
        }
    }

    /// Finds a process by its name; an error lists the names.
    pub fn by_name(name: &str) -> Result<Self, String> {
        Self::all()
            .find(|process| process.name() == name)
            .ok_or_else(|| {
                let names: Vec<_> = Self::all().map(Self::name).collect();
                format!("expected one of {}", names.join(", "))
            })
    }
}

/// The address that a process of the system listens on.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
