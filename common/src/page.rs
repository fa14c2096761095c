//! Pages by keyset: a bounded number of rows and an opaque cursor that says where the next page begins.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{Timestamp, error::Violation};

/// The most items a page may have, in both APIs.
pub const MAX_PAGE_SIZE: u32 = 100;

/// The place of a row in a list that is ordered by time and, where times are equal, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyset {
    pub at: Timestamp,
    pub id: Uuid,
}

/// Tells the lists apart, so that a cursor of one is not taken for a cursor of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorKind(pub u8);

impl Keyset {
    /// The opaque cursor of this place: kind, microseconds and id, base64url.
    pub fn to_cursor(self, kind: CursorKind) -> String {
        let mut bytes = Vec::with_capacity(25);
        bytes.push(kind.0);
        bytes.extend_from_slice(&self.at.as_micros().to_be_bytes());
        bytes.extend_from_slice(self.id.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place a cursor means; `None` when it is no cursor of this kind.
    pub fn from_cursor(kind: CursorKind, cursor: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (found, rest) = bytes.split_first()?;
        let (micros, id) = rest.split_first_chunk::<8>()?;
        // Nothing of ours is older than 1970; PostgreSQL has no times before 4713 BC and would fail on a forged one.
        let micros = i64::from_be_bytes(*micros);
        let at = Timestamp::from_micros(micros).filter(|_| micros >= 0)?;
        (*found == kind.0).then_some(Self {
            at,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// Which part of a list is asked for: at most `limit` rows after a place, or from the beginning, or, for pages that are
/// counted, after `skip` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    limit: u32,
    skip: u32,
    pub after: Option<Keyset>,
}

impl Window {
    /// The window that `first` and `after` of a connection ask for.
    pub fn of(first: i32, after: Option<&str>, kind: CursorKind) -> Result<Self, Violation> {
        let limit = u32::try_from(first)
            .ok()
            .filter(|n| (1..=MAX_PAGE_SIZE).contains(n))
            .ok_or_else(|| {
                Violation::invalid_field(
                    "first",
                    "OUT_OF_RANGE",
                    format!("`first` is {first}; it must be from 1 to {MAX_PAGE_SIZE}."),
                )
            })?;
        let after = after
            .map(|cursor| {
                Keyset::from_cursor(kind, cursor).ok_or_else(|| {
                    Violation::invalid_field(
                        "after",
                        "INVALID_CURSOR",
                        "`after` is no cursor of this list; pass `endCursor` of the page before, or leave it out.",
                    )
                })
            })
            .transpose()?;
        Ok(Self {
            limit,
            skip: 0,
            after,
        })
    }

    /// The window of at most `limit` rows, after `skip` rows from the beginning or after a place.
    pub(crate) fn counted(limit: u32, skip: u32, after: Option<Keyset>) -> Self {
        Self { limit, skip, after }
    }

    /// The most items the page may have.
    pub fn limit(self) -> usize {
        self.limit as usize
    }

    /// How many rows to ask the database for: one more than the page holds tells whether there is a next page.
    pub fn fetch(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// How many rows the database is to leave out before these.
    pub fn skip(self) -> i64 {
        i64::from(self.skip)
    }

    /// How many rows have to be found: those that are left out, and those that are fetched.
    pub fn reach(self) -> usize {
        self.skip as usize + self.limit as usize + 1
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// A page of the rows that [`Window::fetch`] asked for.
    pub fn of(mut rows: Vec<T>, window: Window) -> Self {
        let has_next = rows.len() > window.limit();
        rows.truncate(window.limit());
        Self {
            items: rows,
            has_next,
        }
    }

    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            has_next: false,
        }
    }

    /// The same page of something made from each item.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            has_next: self.has_next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: CursorKind = CursorKind(b't');

    fn place() -> Keyset {
        Keyset {
            at: Timestamp::from_micros(1_700_000_000_123_456).unwrap(),
            id: Uuid::from_u128(7),
        }
    }

    #[test]
    fn a_cursor_keeps_its_place_to_the_microsecond() {
        assert_eq!(
            Keyset::from_cursor(KIND, &place().to_cursor(KIND)),
            Some(place())
        );
    }

    #[test]
    fn a_cursor_of_another_list_or_a_forged_one_is_refused() {
        assert_eq!(
            Keyset::from_cursor(KIND, &place().to_cursor(CursorKind(b'x'))),
            None
        );
        for forged in [
            "",
            "!",
            "AAAA",
            "dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw",
        ] {
            assert_eq!(Keyset::from_cursor(KIND, forged), None, "{forged}");
            let violation = Window::of(20, Some(forged), KIND).unwrap_err();
            assert_eq!(violation.code, "VALIDATION_FAILED");
            assert_eq!(violation.details[0].field, "after");
        }
    }

    #[test]
    fn a_forged_cursor_from_before_all_time_is_refused() {
        let at = Timestamp::from_micros(-6_000_000_000_000_000_000).unwrap();
        let cursor = Keyset { at, ..place() }.to_cursor(KIND);
        assert_eq!(Keyset::from_cursor(KIND, &cursor), None);
    }

    #[test]
    fn a_page_has_from_1_to_100_items() {
        for bad in [i32::MIN, -1, 0, 101, i32::MAX] {
            assert_eq!(
                Window::of(bad, None, KIND).unwrap_err().details[0].field,
                "first"
            );
        }
        for good in [1, 100] {
            assert!(Window::of(good, None, KIND).is_ok());
        }
    }

    #[test]
    fn one_row_more_than_asked_for_means_a_next_page() {
        let window = Window::of(2, None, KIND).unwrap();
        assert_eq!(
            Page::of(vec![1, 2, 3], window),
            Page {
                items: vec![1, 2],
                has_next: true
            }
        );
        assert_eq!(
            Page::of(vec![1, 2], window),
            Page {
                items: vec![1, 2],
                has_next: false
            }
        );
    }
}
