//! What one request asks for at the same time is read by one query.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use common::{
    error::{Error, Fault},
    page::{Page, Window},
};

use crate::{
    app::{self, App, Listing, Relation},
    domain::{Block, Follow, User, UserId},
};

pub(super) struct Loaders {
    app: App,
}

impl Loaders {
    pub(super) fn new(app: App) -> Self {
        Self { app }
    }
}

/// Everybody who waits for a batch gets its error.
#[derive(Clone, Debug)]
pub(super) struct BatchError(Arc<Error>);

impl From<app::Error> for BatchError {
    fn from(error: app::Error) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl From<BatchError> for Error {
    fn from(BatchError(error): BatchError) -> Self {
        match &*error {
            Self::Violation(violation) => Self::Violation(violation.clone()),
            Self::Fault(Fault::Internal(source)) => {
                Self::Fault(Fault::internal(source.to_string()))
            }
            Self::Fault(Fault::Unavailable(source)) => {
                Self::Fault(Fault::unavailable(source.to_string()))
            }
        }
    }
}

/// The value of a key, loaded together with those of the request's other resolvers.
pub(super) async fn load<K, V>(ctx: &Context<'_>, key: K) -> async_graphql::Result<Option<V>>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    V: Send + Sync + Clone + 'static,
    Loaders: Loader<K, Value = V, Error = BatchError>,
{
    let loader = ctx.data::<DataLoader<Loaders>>()?;
    Ok(loader.load_one(key).await.map_err(Error::from)?)
}

impl Loader<UserId> for Loaders {
    type Value = User;
    type Error = BatchError;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, BatchError> {
        Ok(self.app.users(ids).await?)
    }
}

/// A handle, folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Handle(pub String);

impl Loader<Handle> for Loaders {
    type Value = User;
    type Error = BatchError;

    async fn load(&self, handles: &[Handle]) -> Result<HashMap<Handle, User>, BatchError> {
        let usernames: Vec<String> = handles.iter().map(|handle| handle.0.clone()).collect();
        let users = self.app.users_by_username(&usernames).await?;
        Ok(users
            .into_iter()
            .map(|(folded, user)| (Handle(folded), user))
            .collect())
    }
}

/// Loads as `()` where one follows the other, and as nothing where not.
impl Loader<Follow> for Loaders {
    type Value = ();
    type Error = BatchError;

    async fn load(&self, follows: &[Follow]) -> Result<HashMap<Follow, ()>, BatchError> {
        let found = self.app.follows_among(follows).await?;
        Ok(found.into_iter().map(|follow| (follow, ())).collect())
    }
}

/// Loads as `()` where one blocks the other, and as nothing where not.
impl Loader<Block> for Loaders {
    type Value = ();
    type Error = BatchError;

    async fn load(&self, blocks: &[Block]) -> Result<HashMap<Block, ()>, BatchError> {
        let found = self.app.blocks_among(blocks).await?;
        Ok(found.into_iter().map(|block| (block, ())).collect())
    }
}

/// A page of somebody's followers or followees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct List {
    pub of: UserId,
    pub relation: Relation,
    pub window: Window,
}

impl Loader<List> for Loaders {
    type Value = Page<Listing>;
    type Error = BatchError;

    async fn load(&self, lists: &[List]) -> Result<HashMap<List, Page<Listing>>, BatchError> {
        let mut alike: HashMap<(Relation, Window), Vec<UserId>> = HashMap::new();
        for list in lists {
            alike
                .entry((list.relation, list.window))
                .or_default()
                .push(list.of);
        }
        let mut loaded = HashMap::with_capacity(lists.len());
        for ((relation, window), ids) in alike {
            let pages = self.app.related(relation, &ids, window).await?;
            loaded.extend(pages.into_iter().map(|(of, page)| {
                let list = List {
                    of,
                    relation,
                    window,
                };
                (list, page)
            }));
        }
        Ok(loaded)
    }
}
