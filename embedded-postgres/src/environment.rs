use std::ffi::OsString;

/// A variable of this process, `None` when it is not there or empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this crate reads its environment"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
