//! Handles in a text: `@username`.

/// The most people a message can mention; later handles are text and nothing more.
pub const MAX_HANDLES: usize = 50;
/// The longest username there is.
const MAX_LENGTH: usize = 30;

/// A handle without its `@`, in lower case: usernames are the same in any case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handle(String);

impl Handle {
    /// The handle of a user of this name.
    pub fn of(username: &str) -> Self {
        Self(username.to_ascii_lowercase())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The handles in a text, in its order, each once, at most [`MAX_HANDLES`].
///
/// As on GitHub, an `@` begins a handle only where a word could begin, and what follows the handle must end it. So these
/// mention nobody: `ada@example.com`, `@ada.example`, `https://example.com/@ada`, `@ada/team`, `@ada@example.com`.
pub fn handles(text: &str) -> Vec<Handle> {
    let mut found: Vec<Handle> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let end = after.find(|c| !is_in_word(c)).unwrap_or(after.len());
        let (name, rest) = after.split_at(end);
        if name.is_empty()
            || name.len() > MAX_LENGTH
            || !may_precede(before.chars().next_back())
            || !may_follow(rest)
        {
            continue;
        }
        let handle = Handle::of(name);
        if !found.contains(&handle) {
            found.push(handle);
            if found.len() == MAX_HANDLES {
                break;
            }
        }
    }
    found
}

/// Letters of other scripts end a handle and may stand before one: not every script puts spaces between words.
fn is_in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn may_precede(before: Option<char>) -> bool {
    before.is_none_or(|c| !is_in_word(c) && !matches!(c, '@' | '/'))
}

/// Dots end a handle when they end the word, and are part of a domain when it goes on.
fn may_follow(rest: &str) -> bool {
    let dots_end = rest.trim_start_matches('.');
    match (dots_end.len() < rest.len(), dots_end.chars().next()) {
        (_, None) => true,
        (true, Some(c)) => !is_in_word(c),
        (false, Some(c)) => !is_in_word(c) && !matches!(c, '@' | '/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        handles(text)
            .iter()
            .map(|h| h.as_str().to_owned())
            .collect()
    }

    #[test]
    fn a_handle_is_found_wherever_a_word_may_stand() {
        for text in [
            "@ada",
            "hello @ada",
            "(@ada)",
            "\"@ada\"",
            "@ada, look",
            "@ada.",
            "@ada...",
            "@ada. Look",
            "look:@ada!",
            ".@ada",
            "@ada's",
            "@ada-lovelace",
            "你好@ada你好",
            "é@ada",
            "¡@ada!",
            "@ada\n",
            "@ada?",
        ] {
            assert_eq!(names(text), ["ada"], "{text}");
        }
    }

    #[test]
    fn words_addresses_and_paths_mention_nobody() {
        for text in [
            "ada@example.com",
            "mail ada.l+x@example.com now",
            "+@example.com",
            "@ada.example",
            "@ada@example.com",
            "@@ada",
            "x@ada",
            "1@ada",
            "_@ada",
            "https://example.com/@ada",
            "@ada/team",
            "@",
            "@ ada",
            "@-ada",
            "@é",
        ] {
            assert!(handles(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_handle_has_at_most_30_characters() {
        let (longest, too_long) = ("a".repeat(30), "a".repeat(31));
        assert_eq!(names(&format!("@{longest}")), [longest]);
        assert!(handles(&format!("@{too_long}")).is_empty());
    }

    #[test]
    fn a_handle_counts_once_in_any_case_and_in_the_order_of_the_text() {
        assert_eq!(
            names("@Grace_H and @ada, @GRACE_h @Ada"),
            ["grace_h", "ada"]
        );
    }

    #[test]
    fn a_text_mentions_at_most_50() {
        use std::fmt::Write;
        let text = (0..60).fold(String::new(), |mut text, n| {
            write!(text, "@user{n} ").unwrap();
            text
        });
        let names = names(&text);
        assert_eq!((names.len(), names[49].as_str()), (MAX_HANDLES, "user49"));
    }
}
