//! What the fields of a request load in batches.

use std::collections::HashMap;

use async_graphql::{Request, dataloader::Loader};
use common::{
    graphql::{LoadError, with_loader},
    page::{Page, Window},
};

use crate::{
    app::{App, Listing, Relation},
    domain::{Block, Follow, User, UserId},
};

/// Loads for all viewers alike: keys say whose view a value is of.
pub(super) struct Reader {
    app: App,
}

/// Gives a request its reader.
pub(super) fn add(app: &App, request: Request) -> Request {
    let app = app.clone();
    with_loader(request, Reader { app })
}

impl Loader<UserId> for Reader {
    type Value = User;
    type Error = LoadError;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, LoadError> {
        Ok(self.app.users(ids).await?)
    }
}

/// A handle, folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Handle(pub String);

impl Loader<Handle> for Reader {
    type Value = User;
    type Error = LoadError;

    async fn load(&self, handles: &[Handle]) -> Result<HashMap<Handle, User>, LoadError> {
        let usernames: Vec<String> = handles.iter().map(|handle| handle.0.clone()).collect();
        let users = self.app.users_by_username(&usernames).await?;
        Ok(users
            .into_iter()
            .map(|(folded, user)| (Handle(folded), user))
            .collect())
    }
}

/// Loads as `()` where one follows the other, and as nothing where not.
impl Loader<Follow> for Reader {
    type Value = ();
    type Error = LoadError;

    async fn load(&self, follows: &[Follow]) -> Result<HashMap<Follow, ()>, LoadError> {
        let found = self.app.follows_among(follows).await?;
        Ok(found.into_iter().map(|follow| (follow, ())).collect())
    }
}

/// Loads as `()` where one blocks the other, and as nothing where not.
impl Loader<Block> for Reader {
    type Value = ();
    type Error = LoadError;

    async fn load(&self, blocks: &[Block]) -> Result<HashMap<Block, ()>, LoadError> {
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

impl Loader<List> for Reader {
    type Value = Page<Listing>;
    type Error = LoadError;

    async fn load(&self, lists: &[List]) -> Result<HashMap<List, Page<Listing>>, LoadError> {
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
