use url::Url;

use super::Invalid;

const MAX_DISPLAY_NAME: usize = 100;
const MAX_BIO: usize = 300;
const MAX_AVATAR_URL: usize = 2048;
/// Of a URL as it is stored, escaped and with a path: three bytes for each of those that may be sent, if they are ASCII.
const MAX_STORED_URL: usize = 3 * MAX_AVATAR_URL + 1;

/// What becomes of a field: it stays when it was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T> Change<T> {
    /// Whether the field changes, and to what.
    pub fn as_parts(&self) -> (bool, Option<&T>) {
        match self {
            Self::Keep => (false, None),
            Self::Clear => (true, None),
            Self::Set(value) => (true, Some(value)),
        }
    }

    /// The same change with its value read by `parse`, where blank text clears the field.
    pub fn parse<U, E>(
        self,
        parse: impl FnOnce(T) -> Result<Option<U>, E>,
    ) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => parse(value)?.map_or(Change::Clear, Change::Set),
        })
    }
}

/// What somebody changes of their profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChanges {
    pub display_name: Change<DisplayName>,
    pub bio: Change<Bio>,
    pub avatar_url: Change<AvatarUrl>,
}

impl ProfileChanges {
    /// Of nothing but where the picture is.
    pub fn of_avatar(avatar_url: Change<AvatarUrl>) -> Self {
        Self {
            display_name: Change::Keep,
            bio: Change::Keep,
            avatar_url,
        }
    }
}

/// The name that others see: one line of 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Trims; `None` when nothing is left.
    pub fn parse(text: &str) -> Result<Option<Self>, Invalid> {
        let text = line_of("The display name", text, MAX_DISPLAY_NAME, |_| false)?;
        Ok(text.map(Self))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody says about themselves: 1 to 300 characters, line breaks allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bio(String);

impl Bio {
    /// Trims; `None` when nothing is left.
    pub fn parse(text: &str) -> Result<Option<Self>, Invalid> {
        let text = line_of("The bio", text, MAX_BIO, |c| c == '\n' || c == '\r')?;
        Ok(text.map(Self))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a picture of somebody is: an absolute `https` or `http` URL without credentials, sent in 2048 characters at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvatarUrl(String);

impl AvatarUrl {
    /// Trims. Blank text is no address: null is what takes a picture away.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.chars().nth(MAX_AVATAR_URL).is_some() {
            return Err(too_long("The avatar URL", MAX_AVATAR_URL));
        }
        // Other schemes, `javascript:` first of all, run where a client puts the URL into a page.
        let url = Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| {
                Invalid::new(
                    "INVALID_FORMAT",
                    "The avatar URL must be an absolute URL such as https://example.com/ada.png.",
                )
            })?;
        // Parsing escapes whatever a URL may not hold, so the result is ASCII.
        if url.as_str().len() > MAX_STORED_URL {
            return Err(too_long(
                "The avatar URL, once it is escaped,",
                MAX_STORED_URL,
            ));
        }
        Ok(Self(url.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn line_of(
    what: &str,
    text: &str,
    max: usize,
    allowed: fn(char) -> bool,
) -> Result<Option<String>, Invalid> {
    let text = text.trim();
    if text.chars().nth(max).is_some() {
        return Err(too_long(what, max));
    }
    // PostgreSQL stores no NUL, and nobody can read the others.
    if text.contains(|c: char| c.is_control() && !allowed(c)) {
        return Err(Invalid::new(
            "INVALID_FORMAT",
            format!("{what} has control characters in it; send printable text."),
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn too_long(what: &str, max: usize) -> Invalid {
    Invalid::new(
        "TOO_LONG",
        format!("{what} is too long; it may have {max} characters at most."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_has_100_characters_at_most_and_one_line() {
        let name = DisplayName::parse("  Ada 🪺 Lovelace ").unwrap().unwrap();
        assert_eq!(name.as_str(), "Ada 🪺 Lovelace");
        assert!(DisplayName::parse(&"é".repeat(100)).is_ok());
        assert_eq!(
            DisplayName::parse(&"é".repeat(101)).unwrap_err().code,
            "TOO_LONG"
        );
        for bad in ["a\0b", "a\nb", "a\u{1b}[31mb"] {
            assert_eq!(
                DisplayName::parse(bad).unwrap_err().code,
                "INVALID_FORMAT",
                "{bad:?}"
            );
        }
        assert_eq!(DisplayName::parse("  ").unwrap(), None);
    }

    #[test]
    fn a_bio_has_300_characters_at_most_and_may_have_lines() {
        assert_eq!(
            Bio::parse("one\ntwo").unwrap().unwrap().as_str(),
            "one\ntwo"
        );
        assert!(Bio::parse(&"x".repeat(300)).is_ok());
        assert_eq!(Bio::parse(&"x".repeat(301)).unwrap_err().code, "TOO_LONG");
        assert_eq!(Bio::parse("nul\0").unwrap_err().code, "INVALID_FORMAT");
    }

    #[test]
    fn an_avatar_url_is_http_and_nothing_that_runs() {
        let url = AvatarUrl::parse("https://example.com/a b.png").unwrap();
        assert_eq!(url.as_str(), "https://example.com/a%20b.png");
        for bad in [
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "/relative.png",
            "https://user:secret@example.com/a.png",
            "https://",
            "",
            " ",
        ] {
            assert_eq!(
                AvatarUrl::parse(bad).unwrap_err().code,
                "INVALID_FORMAT",
                "{bad}"
            );
        }
        let sent = |begin: &str, letter: &str, length: usize| {
            let letters = length - begin.len();
            AvatarUrl::parse(&format!("{begin}{}", letter.repeat(letters)))
        };
        // `'` is escaped in a query, and a host alone gets a path.
        for (begin, letter) in [("https://a.example/", "a"), ("https://a.example/?", "'")] {
            assert!(sent(begin, letter, 2048).is_ok(), "{letter}");
            assert_eq!(sent(begin, letter, 2049).unwrap_err().code, "TOO_LONG");
        }
        let host = format!("https://{}", "a.".repeat(1020));
        assert_eq!(host.len(), 2048);
        assert!(AvatarUrl::parse(&host).unwrap().as_str().ends_with("./"));
        assert_eq!(
            sent("https://a.example/", "é", 2048).unwrap_err().code,
            "TOO_LONG"
        );
    }

    #[test]
    fn blank_text_clears_a_field() {
        let change = Change::Set(" ").parse(DisplayName::parse);
        assert_eq!(change, Ok(Change::Clear));
    }
}
