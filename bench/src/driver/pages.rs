//! Places in a timeline, found by turning its pages.

use std::collections::HashSet;

use uuid::Uuid;

use super::{call::Target, connection::Connection};
use crate::failure::{Failure, Result};

/// A place to read on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub cursor: String,
    /// The posts of the pages before it.
    pub before: Vec<Uuid>,
}

/// The place after so many pages; `None` where the timeline ends before it.
pub async fn page_after(
    connection: &mut Connection,
    target: Target,
    token: &str,
    pages: usize,
) -> Result<Option<Place>> {
    let mut place: Option<Place> = None;
    let mut seen = HashSet::new();
    for _ in 0..pages {
        let after = place.as_ref().map(|place| place.cursor.as_str());
        let page = connection.page(&target.read(token, after)?).await?;
        for id in &page.ids {
            if !seen.insert(*id) {
                return Err(Failure::new(format!(
                    "post {id} is on two pages of a timeline"
                )));
            }
        }
        let Some(cursor) = page.end_cursor.filter(|_| page.has_next) else {
            return Ok(None);
        };
        let mut before = place.map_or_else(Vec::new, |place| place.before);
        before.extend(page.ids);
        place = Some(Place { cursor, before });
    }
    Ok(place)
}
