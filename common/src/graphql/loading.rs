//! Values that the fields of a request load in batches.

use std::{any::TypeId, hash::Hash, sync::Arc};

use async_graphql::{
    Context, Request,
    dataloader::{DataLoader, Loader},
};

use crate::{
    auth::{Identity, Viewer},
    error::{Error, Fault, Violation},
};

/// Why a batch could not be loaded. Every field that waits for the batch gets a clone.
#[derive(Clone, Debug)]
pub enum LoadError {
    Violation(Violation),
    Fault(Arc<Fault>),
}

impl<E: Into<Error>> From<E> for LoadError {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Violation(violation) => Self::Violation(violation),
            Error::Fault(fault) => Self::Fault(Arc::new(fault)),
        }
    }
}

impl LoadError {
    fn into_error(self) -> Error {
        match self {
            Self::Violation(violation) => violation.into(),
            Self::Fault(fault) => Fault::shared(fault).into(),
        }
    }
}

/// Loads the value of a key, in one batch with the keys that other fields of the request ask for. `L` is the loader that
/// the request was given by [`super::with_loader`].
pub async fn load<L, K>(ctx: &Context<'_>, key: K) -> async_graphql::Result<Option<L::Value>>
where
    L: Loader<K, Error = LoadError>,
    K: Clone + Eq + Hash + Send + Sync + 'static,
{
    let loaded = ctx.data::<DataLoader<L>>()?.load_one(key).await;
    Ok(loaded.map_err(LoadError::into_error)?)
}

/// The viewer who sends a request, if it has one.
pub fn viewer_of(request: &Request) -> Option<&Arc<Viewer>> {
    let identity = request.data.get(&TypeId::of::<Identity>())?;
    identity.downcast_ref::<Identity>()?.viewer()
}
