//! What is measured, and what it has to be.

mod database;
mod depth;
mod followees;
mod freshness;
mod opponent;
mod session;
mod tail;
mod writes;

use clap::ValueEnum;

use crate::failure::Result;

pub use session::Session;

/// A question with an answer in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// What a page costs by the number of followees
    Followees,
    /// The 50th page against the first
    Depth,
    /// A large data set against a small one (--compare)
    Size,
    /// The whole system against PostgreSQL alone
    Database,
    /// The whole system against one process with one statement
    Opponent,
    /// Slow requests at half of the load that it can bear
    Tail,
    /// A post is in the very next read
    Freshness,
    /// What a post costs, and what posts cost those who read
    Writes,
}

impl Scenario {
    /// Those that need one system only, in an order in which what is written comes last.
    const OF_ONE_SYSTEM: [Self; 7] = [
        Self::Followees,
        Self::Depth,
        Self::Database,
        Self::Opponent,
        Self::Tail,
        Self::Freshness,
        Self::Writes,
    ];

    /// Those of the chosen ones, or of all, that one system answers.
    pub fn of_one_system(chosen: &[Self]) -> impl Iterator<Item = Self> {
        Self::OF_ONE_SYSTEM
            .into_iter()
            .filter(|scenario| chosen.is_empty() || chosen.contains(scenario))
    }

    /// Whether it was asked for, by name or by asking for everything.
    pub fn is_in(self, chosen: &[Self]) -> bool {
        chosen.is_empty() || chosen.contains(&self)
    }

    /// Measures on a running system.
    pub async fn run(self, session: &mut Session<'_>) -> Result<()> {
        match self {
            Self::Followees => followees::run(session).await,
            Self::Depth => depth::run(session).await,
            Self::Size => followees::sizes(session, "size").await.map(drop),
            Self::Database => database::run(session).await,
            Self::Opponent => opponent::run(session).await,
            Self::Tail => tail::run(session).await,
            Self::Freshness => freshness::run(session).await,
            Self::Writes => writes::run(session).await,
        }
    }
}

pub use followees::compare_sizes;
