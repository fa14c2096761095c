/// The mails we send. Each carries a token that proves that its reader owns the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    VerifyEmail,
    ResetPassword,
}

impl MailKind {
    /// As the database names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }

    /// The kind of that name in the database.
    pub fn named(text: &str) -> Option<Self> {
        [Self::VerifyEmail, Self::ResetPassword]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// How long its token is good, in seconds. A reset link is worth an account, so it lives for an hour; the other
    /// only confirms, and people read mail the next morning.
    pub fn token_seconds(self) -> i64 {
        match self {
            Self::VerifyEmail => 24 * 60 * 60,
            Self::ResetPassword => 60 * 60,
        }
    }
}
