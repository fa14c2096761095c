//! Texts of posts.

use super::random::{Random, Stream};

const WORDS: [&str; 64] = [
    "the", "a", "of", "and", "to", "in", "is", "it", "that", "we", "for", "was", "on", "with",
    "as", "be", "at", "this", "have", "from", "or", "had", "by", "but", "some", "what", "there",
    "can", "out", "other", "were", "all", "your", "when", "up", "use", "word", "how", "said", "an",
    "each", "she", "which", "do", "their", "time", "if", "will", "way", "about", "many", "then",
    "them", "would", "write", "like", "so", "these", "her", "long", "engine", "compiler", "naïve",
    "☕",
];

/// Words of the corpus; an excerpt of any place of it is a text.
const LENGTH: u64 = 20_000;

/// A long text, of which posts are excerpts: cutting is much faster than making each text of its own.
pub struct Corpus {
    text: String,
    /// Where words begin.
    words: Vec<usize>,
}

impl Corpus {
    /// The corpus of a seed.
    pub fn of(seed: u64) -> Self {
        let mut random = Random::of(seed, Stream::Words, 0);
        let (mut text, mut words) = (String::new(), Vec::new());
        for _ in 0..LENGTH {
            let word = usize::try_from(random.skewed(WORDS.len() as u64, 2)).unwrap_or_default();
            words.push(text.len());
            text.push_str(WORDS.get(word).unwrap_or(&"the"));
            text.push_str(if random.below(12) == 0 { ". " } else { " " });
        }
        Self { text, words }
    }

    /// Whole words of at most `most` characters, from a place that `draw` decides.
    pub fn excerpt(&self, draw: u64, most: usize) -> &str {
        // An excerpt ends long before the last 200 words do.
        let place = usize::try_from(draw % (LENGTH - 200)).unwrap_or_default();
        let begin = self.words.get(place).copied().unwrap_or_default();
        let rest = self.text.get(begin..).unwrap_or_default();
        let end = rest
            .char_indices()
            .nth(most)
            .map_or(rest.len(), |(at, _)| at);
        let cut = rest.get(..end).unwrap_or_default();
        let cut = cut
            .rfind(' ')
            .and_then(|space| cut.get(..space))
            .unwrap_or(cut);
        cut.trim_end()
    }
}
