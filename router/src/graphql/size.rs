use super::{Document, expansion, introspection};

/// Why a document is refused before validation, which would take too long on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SizeError {
    #[error("The operation has more than {0} fields; ask for less at once.")]
    TooManyFields(usize),
    #[error(
        "Introspection goes through too many lists inside one another; the standard introspection query does not."
    )]
    IntrospectionTooDeep,
}

impl SizeError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TooManyFields(_) => "OPERATION_TOO_LARGE",
            Self::IntrospectionTooDeep => "MAX_DEPTH_EXCEEDED",
        }
    }
}

/// Bounds the work that validation and planning do for a document.
pub(crate) fn check_size(document: &Document, max_fields: usize) -> Result<(), SizeError> {
    if expansion::count_fields(document) > max_fields {
        return Err(SizeError::TooManyFields(max_fields));
    }
    if introspection::is_too_deep(document) {
        return Err(SizeError::IntrospectionTooDeep);
    }
    Ok(())
}
