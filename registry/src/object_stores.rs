//! Object stores by URL: a folder or a bucket.

use std::future::Future;

use common::config::Env;
use common::objects::{EXPECTS, Objects, Place};

use crate::failure::{Failure, Result};

/// Opens a store for reading. `option` is the option that named it, for error messages.
pub fn open(place: &str, option: &'static str) -> Result<Objects> {
    // Credentials come from the usual variables, such as `AWS_ACCESS_KEY_ID`.
    Objects::to_read(&parsed(place, option)?, &Env::process(), option)
        .map_err(|error| Failure::new(error.to_string()))
}

/// Opens a store for writing and creates a missing folder.
pub fn open_to_write(place: &str, option: &'static str) -> Result<Objects> {
    Objects::at(&parsed(place, option)?, &Env::process(), option)
        .map_err(|error| Failure::new(error.to_string()))
}

fn parsed(place: &str, option: &str) -> Result<Place> {
    place
        .parse()
        .map_err(|error| Failure::new(format!("{option} {place}: {error}; expected {EXPECTS}")))
}

/// Runs asynchronous store operations.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no runtime: {error}")))?
        .block_on(work)
}
