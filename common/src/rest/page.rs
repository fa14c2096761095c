//! Pages of lists: counted, or continued after a cursor.

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    error::{Detail, Violation},
    page::{CursorKind, Keyset, MAX_PAGE_SIZE, Page, Window},
    respond::json,
};

/// Rows that a counted page may leave out before it: the database reads all of them. Cursors have no such limit.
const MAX_OFFSET: u32 = 10_000;

/// Which page a client asks for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Counts from 1. Pages further than 10,000 items into a list are had with `cursor` only.
    // Text, because with a cursor it may be anything.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 10_001, default = 1)]
    page: Option<String>,
    /// How many items at most.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u32>,
    /// `next_cursor` of the page before. With it `page` counts for nothing.
    cursor: Option<String>,
}

impl PageQuery {
    /// A counted page.
    pub fn of(page: u32, page_size: u32) -> Self {
        Self {
            page: Some(page.to_string()),
            page_size: Some(page_size),
            cursor: None,
        }
    }

    /// The page of a list whose cursors are of this kind. Everything that is wrong is named at once.
    pub fn read(&self, default_size: u32, kind: CursorKind) -> Result<PageRequest, Violation> {
        let mut wrong = Vec::new();
        let mut refuse = |field: &'static str, code, message| {
            wrong.push(Detail {
                field: field.into(),
                code,
                message,
            });
        };
        let size = self.page_size.unwrap_or(default_size);
        if !(1..=MAX_PAGE_SIZE).contains(&size) {
            let message = format!("`page_size` is {size}; it must be from 1 to {MAX_PAGE_SIZE}.");
            refuse("page_size", "OUT_OF_RANGE", message);
        }
        let cursor = self.cursor.as_deref();
        let after = cursor.and_then(|cursor| Keyset::from_cursor(kind, cursor));
        let number = self.number();
        let skip = number
            .unwrap_or_default()
            .saturating_sub(1)
            .saturating_mul(size);
        if cursor.is_some() {
            if after.is_none() {
                let message = "`cursor` is no cursor of this list; pass `next_cursor` of the page before, or leave it out.";
                refuse("cursor", "INVALID_CURSOR", message.to_owned());
            }
        } else if number.is_none() {
            let message = "`page` must be a whole number, from 1.".to_owned();
            refuse("page", "MALFORMED", message);
        } else if number == Some(0) {
            let message = "`page` is 0; pages count from 1.".to_owned();
            refuse("page", "OUT_OF_RANGE", message);
        } else if skip > MAX_OFFSET {
            let message = format!(
                "This page begins more than {MAX_OFFSET} items into the list, where counted pages end. Pass \
                 `next_cursor` of the page before as `cursor`, which has no such limit."
            );
            refuse("page", "OUT_OF_RANGE", message);
        }
        if !wrong.is_empty() {
            return Err(Violation::invalid(wrong));
        }
        Ok(PageRequest {
            window: Window::counted(size, if cursor.is_some() { 0 } else { skip }, after),
            number: number.filter(|_| cursor.is_none()),
            size,
            kind,
        })
    }
}

impl PageQuery {
    /// The number of a counted page; the largest there is for one that is larger still.
    fn number(&self) -> Option<u32> {
        match &self.page {
            None => Some(1),
            Some(text) if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) => {
                None
            }
            Some(text) => Some(text.parse().unwrap_or(u32::MAX)),
        }
    }
}

/// A page that can be had.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    pub window: Window,
    number: Option<u32>,
    size: u32,
    kind: CursorKind,
}

impl PageRequest {
    /// Answers a page of the list. `place` is the place of an item in the list, `show` makes what clients get of an item.
    pub fn respond<T, U: Serialize>(
        self,
        page: Page<T>,
        place: impl Fn(&T) -> Keyset,
        show: impl FnMut(T) -> U,
    ) -> Response {
        let next = page.items.last().map(place);
        json(StatusCode::OK, &self.answer(page.map(show), next))
    }

    /// The page as it is answered. `next` is the place of the last item of the page before it was made ready to be shown.
    fn answer<T>(self, page: Page<T>, next: Option<Keyset>) -> PageBody<T> {
        let next = next.filter(|_| page.has_next);
        PageBody {
            items: page.items,
            page: self.number,
            page_size: self.size,
            has_next: page.has_next,
            next_cursor: next.map(|place| place.to_cursor(self.kind)),
        }
    }
}

/// A part of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub struct PageBody<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The number that was asked for; null when it was a cursor.
    #[schema(required)]
    pub page: Option<u32>,
    /// How many items were asked for at most.
    pub page_size: u32,
    /// Whether there is more after this page.
    pub has_next: bool,
    /// What to pass as `cursor` for the page after this one; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Timestamp;

    const KIND: CursorKind = CursorKind(b't');

    fn query(page: Option<u32>, page_size: Option<u32>, cursor: Option<&str>) -> PageQuery {
        PageQuery {
            page: page.map(|page| page.to_string()),
            page_size,
            cursor: cursor.map(str::to_owned),
        }
    }

    fn wrong(query: &PageQuery) -> Vec<String> {
        let violation = query.read(20, KIND).unwrap_err();
        assert_eq!(violation.code, "VALIDATION_FAILED");
        violation
            .details
            .iter()
            .map(|detail| detail.field.to_string())
            .collect()
    }

    #[test]
    fn a_page_is_counted_from_1_and_has_the_size_of_the_route_by_default() {
        let first = query(None, None, None).read(50, KIND).unwrap();
        assert_eq!((first.window.limit(), first.window.skip()), (50, 0));
        let third = query(Some(3), Some(7), None).read(50, KIND).unwrap();
        assert_eq!((third.window.limit(), third.window.skip()), (7, 14));
        assert_eq!(third.window.reach(), 22);
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        assert_eq!(wrong(&query(Some(0), Some(0), None)), ["page_size", "page"]);
        assert_eq!(
            wrong(&query(None, Some(101), Some("!"))),
            ["page_size", "cursor"]
        );
    }

    #[test]
    fn beyond_10000_items_a_cursor_is_asked_for() {
        assert!(query(Some(101), Some(100), None).read(20, KIND).is_ok());
        let violation = query(Some(102), Some(100), None)
            .read(20, KIND)
            .unwrap_err();
        assert!(
            violation.message.contains("`cursor`"),
            "{}",
            violation.message
        );
        assert_eq!(wrong(&query(Some(u32::MAX), Some(100), None)), ["page"]);
    }

    #[test]
    fn with_a_cursor_the_number_counts_for_nothing() {
        let place = Keyset {
            at: Timestamp::from_micros(7).unwrap(),
            id: Uuid::from_u128(7),
        };
        let cursor = place.to_cursor(KIND);
        let request = query(Some(u32::MAX), None, Some(&cursor))
            .read(20, KIND)
            .unwrap();
        assert_eq!(
            (request.window.after, request.window.skip()),
            (Some(place), 0)
        );
        let items = vec![1];
        let more = request.answer(
            Page {
                items: items.clone(),
                has_next: true,
            },
            Some(place),
        );
        assert_eq!((more.page, more.next_cursor), (None, Some(cursor)));
        let last = request.answer(
            Page {
                items,
                has_next: false,
            },
            Some(place),
        );
        assert_eq!(last.next_cursor, None);
    }
}
