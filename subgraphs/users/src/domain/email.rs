use email_address::{EmailAddress, Options};

use super::Invalid;

/// RFC 5321, 4.5.3.1.3 allows a path of 256 octets with its angle brackets, so an address has 254 at most.
const MAX_BYTES: usize = 254;

/// A well-formed e-mail address, as it was typed.
///
/// Two addresses that differ only in the case of ASCII letters are one account's: no mail provider of note tells them
/// apart, and people do not either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Takes what RFC 5321 would deliver to over the Internet: a domain with a dot, no `Name <…>` and no IP address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(Invalid::new(
                "TOO_LONG",
                format!("The e-mail address may have {MAX_BYTES} bytes at most."),
            ));
        }
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        EmailAddress::parse_with_options(text, options)
            .ok()
            .filter(|_| !text.contains(char::is_control))
            .map(|_| Self(text.to_owned()))
            .ok_or_else(|| {
                Invalid::new(
                    "INVALID_FORMAT",
                    "This is not an e-mail address such as ada@example.com.",
                )
            })
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the unique index compares: `lower()` in collation "C" folds ASCII only, as this does.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_can_reach_are_accepted_as_typed() {
        for good in [
            "ada@example.com",
            "Ada.Lovelace+news@Mail.Example.COM",
            "o'brien@example.ie",
            "用户@例子.广告",
        ] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(
            Email::parse(" Ada@Example.com ").unwrap().folded(),
            "ada@example.com"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "Ada <ada@example.com>",
            "a da@example.com",
            "ada@exa mple.com",
            "ada@example.com\r\nBcc: all@example.com",
            "ada\0@example.com",
            "ada@example..com",
        ] {
            assert_eq!(
                Email::parse(bad).unwrap_err().code,
                "INVALID_FORMAT",
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_address_has_254_bytes_at_most() {
        let of_length = |length: usize| {
            let domain = format!(
                "{}.{}.{}.com",
                "b".repeat(60),
                "c".repeat(60),
                "d".repeat(60)
            );
            let local = "a".repeat(length - domain.len() - 1);
            format!("{local}@{domain}")
        };
        assert!(Email::parse(&of_length(250)).is_ok());
        assert_eq!(Email::parse(&of_length(255)).unwrap_err().code, "TOO_LONG");
    }
}
