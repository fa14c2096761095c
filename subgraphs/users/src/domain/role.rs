/// What an account may do, as its access tokens name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What everybody may.
    User,
    /// May take away what others wrote.
    Moderator,
}

impl Role {
    pub const ALL: [Self; 2] = [Self::User, Self::Moderator];

    /// The role of this name; `None` when there is none.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
        }
    }
}
