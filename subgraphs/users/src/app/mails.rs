//! The words of our mails, and where our links lead.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::domain::MailKind;

/// Where people reach us: what links in mails and URLs of avatars begin with.
#[derive(Clone, Debug)]
pub struct Links(Url);

impl Links {
    /// Under a base URL, which may have a path of its own.
    pub fn under(mut base: Url) -> Self {
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Self(base)
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    fn to(&self, page: &str, token: &SecretString) -> SecretString {
        let path = format!("{page}?token={}", token.expose_secret());
        self.url(&path).into()
    }
}

/// Subject and plain text of a mail. ASCII and short lines, so that no encoding stands between a reader and the token.
pub(super) fn compose(
    kind: MailKind,
    links: &Links,
    token: &SecretString,
) -> (&'static str, SecretString) {
    let (subject, ask, page, ends) = match kind {
        MailKind::VerifyEmail => (
            "Verify your e-mail address",
            "Please verify that this is your e-mail address:",
            "verify-email",
            "The link works once, for 24 hours. If you did not register, ignore this mail.",
        ),
        MailKind::ResetPassword => (
            "Reset your password",
            "Somebody, hopefully you, asked for a new password for your account:",
            "reset-password",
            "The link works once, for one hour. If it was not you, ignore this mail; nothing changes.",
        ),
    };
    let link = links.to(page, token);
    let text = format!(
        "Hello,\n\n{ask}\n\n{}\n\nOr enter this token:\n\n{}\n\n{ends}\n",
        link.expose_secret(),
        token.expose_secret(),
    );
    (subject, text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_the_link_under_the_public_url_and_the_token_by_itself() {
        let token = SecretString::from("t0ken");
        for base in ["https://example.com/app", "https://example.com/app/"] {
            let links = Links::under(Url::parse(base).unwrap());
            let (subject, text) = compose(MailKind::ResetPassword, &links, &token);
            let text = text.expose_secret();
            assert_eq!(subject, "Reset your password");
            assert!(
                text.contains("\nhttps://example.com/app/reset-password?token=t0ken\n"),
                "{text}"
            );
            assert!(text.contains("\nt0ken\n"), "{text}");
            assert!(text.is_ascii());
        }
    }
}
