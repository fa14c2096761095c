//! Posts and who likes them.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    people::{DAY, id_at, up_to},
    random::{Random, Stream},
    shape::{Shape, UNTIL},
    text::Corpus,
};

const YEAR: i64 = 365 * DAY;
/// The most likes of one post.
const MOST_LIKES: u64 = 1_000;

/// What is drawn for a post, without its text.
pub struct Post {
    pub id: Uuid,
    /// Number of the author.
    pub author: u64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Different people like it.
    pub likes: u64,
    random: Random,
}

impl Post {
    /// A post by its number, from the oldest to the newest: first the old ones of quiet authors, then those of the year.
    pub fn of(shape: &Shape, number: u64) -> Self {
        let mut random = Random::of(shape.seed, Stream::Post, number);
        let (created_at, author) = match number.checked_sub(shape.old_posts()) {
            // 13 to 24 months ago.
            None => {
                let at = slot(
                    UNTIL - 730 * DAY,
                    335 * DAY,
                    shape.old_posts(),
                    number,
                    &mut random,
                );
                // Twice everybody, the second time in another order.
                let quiet = u64::from(shape.quiet_authors);
                let turn = if number < quiet {
                    number
                } else {
                    2 * quiet - 1 - number
                };
                (at, u64::from(shape.authors) + turn)
            }
            Some(number) => {
                let at = slot(UNTIL - YEAR, YEAR, shape.posts, number, &mut random);
                (at, random.skewed(u64::from(shape.authors), 3))
            }
        };
        let id = id_at(created_at, &mut random);
        // One in eight is liked; with 1.64 likes on the average that is 0.2 a post.
        let is_liked = random.below(1_000) < 122;
        let likes = if is_liked {
            random
                .heavy_tailed()
                .min(MOST_LIKES)
                .min(shape.people() / 4)
        } else {
            0
        };
        Self {
            id,
            author,
            created_at,
            likes,
            random,
        }
    }

    /// Its text.
    pub fn text<'a>(&mut self, corpus: &'a Corpus) -> &'a str {
        // Up to 30 to 280 characters, cut between words: 20 at least. Short ones more often, 110 on the average.
        let most = 30 + self.random.skewed(251, 2);
        corpus.excerpt(self.random.bits(), usize::try_from(most).unwrap_or(280))
    }

    /// Who likes it (by number), and when.
    pub fn likers(&self, shape: &Shape, number: u64) -> Vec<(u64, i64)> {
        let mut random = Random::of(shape.seed, Stream::Likes, number);
        let mut seen = HashSet::new();
        let mut likers = Vec::new();
        while (likers.len() as u64) < self.likes {
            let person = random.skewed(shape.people(), 2);
            if seen.insert(person) {
                let at = self.created_at + up_to(&mut random, 3 * DAY);
                likers.push((person, at.min(UNTIL)));
            }
        }
        likers
    }
}

/// A moment in the slot of a row: rows that are spread evenly over a span, in order, at no regular distance.
fn slot(from: i64, span: i64, rows: u64, row: u64, random: &mut Random) -> i64 {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX).max(1);
    let row = i64::try_from(row).unwrap_or_default();
    let width = (span / rows).max(1);
    from + width * row + up_to(random, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape::new("3000".parse().unwrap(), None, 1)
    }

    #[test]
    fn posts_come_in_the_order_of_their_times_and_ids() {
        let shape = shape();
        let posts: Vec<_> = (0..shape.all_posts())
            .map(|n| Post::of(&shape, n))
            .collect();
        assert!(
            posts
                .windows(2)
                .all(|two| two[0].created_at < two[1].created_at && two[0].id < two[1].id)
        );
        assert!(posts.last().unwrap().created_at < UNTIL);
        assert!(posts.iter().all(|post| post.id.get_version_num() == 7));
    }

    #[test]
    fn quiet_authors_wrote_twice_and_long_ago() {
        let shape = shape();
        let mut counts = vec![0; shape.writers() as usize];
        for number in 0..shape.old_posts() {
            let post = Post::of(&shape, number);
            counts[usize::try_from(post.author).unwrap()] += 1;
            let age = (UNTIL - post.created_at) / DAY;
            assert!((395..=730).contains(&age), "{age} days");
        }
        assert!(
            counts[shape.authors as usize..]
                .iter()
                .all(|count| *count == 2)
        );
    }

    #[test]
    fn a_post_has_as_many_likers_as_likes() {
        let shape = shape();
        let mut likes = 0;
        for number in 0..shape.all_posts() {
            let post = Post::of(&shape, number);
            let people: HashSet<_> = post
                .likers(&shape, number)
                .into_iter()
                .map(|(person, _)| person)
                .collect();
            assert_eq!(people.len() as u64, post.likes);
            likes += post.likes;
        }
        assert!((500..1_000).contains(&likes), "{likes}");
    }

    #[test]
    fn texts_are_as_long_as_the_schema_allows() {
        let (shape, corpus) = (shape(), Corpus::of(1));
        for number in 0..shape.all_posts() {
            let text = Post::of(&shape, number).text(&corpus).to_owned();
            assert_eq!(text.trim(), text);
            assert!((20..=280).contains(&text.chars().count()), "{text}");
        }
    }
}
