//! What is in a data folder, for those who use it: `dataset.json`.

use std::{fmt, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use super::shape::Shape;
use crate::failure::{Failure, Result};

const FILE: &str = "dataset.json";

/// The numbers that a data set was made from, and the rows that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub shape: Shape,
    pub people: u64,
    pub posts: u64,
    pub likes: u64,
    pub follows: u64,
}

impl Manifest {
    /// That of a folder; `None` when no data set was finished there.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// That of a folder which has to have one.
    pub fn of(folder: &Path) -> Result<Self> {
        Self::read(folder)?.ok_or_else(|| {
            Failure::new(format!(
                "{} holds no data set: make one with bench generate",
                folder.display()
            ))
        })
    }

    /// Written last: where it is, the data set is whole.
    pub fn write(&self, folder: &Path) -> Result<()> {
        Ok(fs::write(
            folder.join(FILE),
            serde_json::to_vec_pretty(self)?,
        )?)
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} posts by {} authors and {} quiet ones, {} likes, {} follows, {} accounts (seed {})",
            self.posts,
            self.shape.authors,
            self.shape.quiet_authors,
            self.likes,
            self.follows,
            self.people,
            self.shape.seed
        )
    }
}
