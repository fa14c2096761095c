//! Reading several fields of an input, so that all that are wrong are named at once.

use common::error::Detail;

use super::AppError;
use crate::domain::Invalid;

#[derive(Default)]
pub(super) struct Fields(Vec<Detail>);

impl Fields {
    /// The value of a field; `None` when it is wrong, which [`Fields::refused`] then says.
    pub(super) fn take<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed
            .map_err(|invalid| self.0.push(detail(field, invalid)))
            .ok()
    }

    pub(super) fn refused(self) -> AppError {
        AppError::Invalid(self.0)
    }
}

/// The error for one wrong field.
pub(super) fn refuse(field: &'static str, invalid: Invalid) -> AppError {
    AppError::Invalid(vec![detail(field, invalid)])
}

fn detail(field: &'static str, invalid: Invalid) -> Detail {
    Detail {
        field: field.into(),
        code: invalid.code,
        message: invalid.message,
    }
}
