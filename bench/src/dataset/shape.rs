//! How large a data set is, and in what proportions.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How many somebody of the viewers follows.
pub const FOLLOWEES: [u32; 5] = [10, 100, 1_000, 5_000, 10_000];
/// Viewers of each kind and number of followees.
pub const VIEWERS: u32 = 10;
/// 2026-01-01T00:00:00Z, in microseconds: nothing in a data set is later.
pub const UNTIL: i64 = 1_767_225_600_000_000;

/// Whom a viewer follows.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Authors of this year, the more active the likelier.
    Busy,
    /// Authors with two posts each, more than a year old.
    Quiet,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Busy, Self::Quiet];

    /// As in account names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Quiet => "quiet",
        }
    }
}

/// A number of posts: `100k`, `1m`, `10m` or a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posts(pub u64);

impl FromStr for Posts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let (digits, unit) = match lower.as_bytes().last() {
            Some(b'k') => (lower.trim_end_matches('k'), 1_000),
            Some(b'm') => (lower.trim_end_matches('m'), 1_000_000),
            _ => (lower.as_str(), 1),
        };
        digits
            .replace('_', "")
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit))
            .filter(|posts| (100..=1_000_000_000).contains(posts))
            .map(Self)
            .ok_or_else(|| "a number of posts from 100, such as 100k, 1m or 10m".to_owned())
    }
}

/// The numbers a data set is made from: the same numbers, the same data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub seed: u64,
    /// Posts of the year that ends with [`UNTIL`].
    pub posts: u64,
    /// Who wrote them.
    pub authors: u32,
    /// Authors of two old posts each, beside these.
    pub quiet_authors: u32,
}

/// A viewer of the benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Viewer {
    pub kind: Kind,
    pub followees: u32,
    pub number: u32,
}

impl Viewer {
    /// `bench_busy_1000_03`
    pub fn username(self) -> String {
        format!(
            "bench_{}_{}_{:02}",
            self.kind.name(),
            self.followees,
            self.number
        )
    }
}

impl Shape {
    /// 100,000 authors write 10 million posts, and 20,000 one million or 100,000: as many as it takes for somebody to follow
    /// 10,000 of them. Smaller sets have five posts an author, and fewer sizes of viewers.
    pub fn new(posts: Posts, authors: Option<u32>, seed: u64) -> Self {
        let Posts(posts) = posts;
        let scaled = (posts / 5).min((posts / 100).clamp(20_000, 100_000));
        let authors = authors
            .unwrap_or_else(|| u32::try_from(scaled).unwrap_or(u32::MAX))
            .max(12);
        Self {
            seed,
            posts,
            authors,
            quiet_authors: (authors / 10).max((authors / 5 * 3).min(12_000)),
        }
    }

    /// Everybody who is no viewer.
    pub fn writers(&self) -> u32 {
        self.authors + self.quiet_authors
    }

    /// Everybody.
    pub fn people(&self) -> u64 {
        u64::from(self.writers()) + self.viewers().len() as u64
    }

    /// Posts of this year and old ones.
    pub fn all_posts(&self) -> u64 {
        self.posts + self.old_posts()
    }

    pub fn old_posts(&self) -> u64 {
        u64::from(self.quiet_authors) * 2
    }

    /// The sizes of viewers that have enough authors to follow.
    pub fn sizes(&self, kind: Kind) -> impl Iterator<Item = u32> + use<> {
        let most = match kind {
            Kind::Busy => self.authors / 2,
            Kind::Quiet => self.quiet_authors / 6 * 5,
        };
        FOLLOWEES.into_iter().filter(move |size| *size <= most)
    }

    /// The viewers, in the order of their rows.
    pub fn viewers(&self) -> Vec<Viewer> {
        let mut viewers = Vec::new();
        for kind in Kind::ALL {
            for followees in self.sizes(kind) {
                viewers.extend((0..VIEWERS).map(|number| Viewer {
                    kind,
                    followees,
                    number,
                }));
            }
        }
        viewers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(posts: &str) -> Shape {
        Shape::new(posts.parse().unwrap(), None, 1)
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, posts) in [("100k", 100_000), ("10M", 10_000_000), ("3_000", 3_000)] {
            assert_eq!(text.parse(), Ok(Posts(posts)));
        }
        for bad in ["", "k", "99", "-1", "1g", "1.5m", "10000m"] {
            assert!(bad.parse::<Posts>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sets_that_are_compared_have_viewers_of_all_sizes() {
        for (posts, authors) in [("100k", 20_000), ("1m", 20_000), ("10m", 100_000)] {
            let shape = shape(posts);
            assert_eq!((shape.authors, shape.quiet_authors), (authors, 12_000));
            assert_eq!(shape.viewers().len(), 100);
        }
    }

    #[test]
    fn a_small_set_leaves_out_the_sizes_that_it_has_no_authors_for() {
        let shape = shape("3000");
        assert_eq!(shape.authors, 600);
        assert_eq!(shape.sizes(Kind::Busy).collect::<Vec<_>>(), [10, 100]);
        assert_eq!(shape.sizes(Kind::Quiet).collect::<Vec<_>>(), [10, 100]);
    }

    #[test]
    fn a_viewer_is_known_by_name() {
        let viewer = Viewer {
            kind: Kind::Busy,
            followees: 1_000,
            number: 3,
        };
        assert_eq!(viewer.username(), "bench_busy_1000_03");
    }
}
