//! Data sets: made from a seed, the same every time (`bench generate`).

mod copy;
mod follows;
mod load;
mod manifest;
mod people;
mod posts;
mod progress;
mod random;
mod schema;
mod shape;
mod text;

use std::path::PathBuf;

use crate::{
    database::{Database, Purpose},
    failure::{Failure, Result},
};

pub use manifest::Manifest;
pub use people::ids;
pub use shape::{Kind, Posts, Shape, UNTIL, Viewer};

/// Makes a data set.
#[derive(clap::Args, Clone)]
pub struct Generate {
    /// Posts of the year: 100k, 1m, 10m or any number; the old ones of quiet authors come on top
    #[arg(long)]
    pub posts: Posts,
    /// Authors of these posts [default: 100,000 for 10m, 20,000 for 1m and 100k]
    #[arg(long)]
    pub authors: Option<u32>,
    /// The same seed gives the same data
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder of the database, made when missing; PostgreSQL's account has to get through to it
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// Makes the data set, unless it is there.
pub async fn generate(arguments: &Generate) -> Result<Manifest> {
    let shape = Shape::new(arguments.posts, arguments.authors, arguments.seed);
    if let Some(there) = Manifest::read(&arguments.data_dir)? {
        if there.shape == shape {
            println!("{} is there already", arguments.data_dir.display());
            return Ok(there);
        }
        return Err(Failure::new(format!(
            "{} holds another data set ({} posts, seed {}): choose another folder, or remove it",
            arguments.data_dir.display(),
            there.shape.posts,
            there.shape.seed
        )));
    }
    let database = Database::open(&arguments.data_dir, Purpose::Load, shape.posts).await?;
    let loaded = load::load(&database, &shape).await;
    database.stop().await?;
    let manifest = loaded?;
    manifest.write(&arguments.data_dir)?;
    println!("{manifest}");
    Ok(manifest)
}
