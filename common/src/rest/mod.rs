//! What the REST adapters of the services share: requests read with errors in our envelope, pages, and the OpenAPI
//! document of each service.

mod body;
mod caller;
mod openapi;
mod page;
mod params;

pub use body::{Json, OptionalJson};
pub use caller::{Caller, SignedIn};
pub use openapi::{BodyErrors, Document, Faults, NotSignedIn, document, serve};
pub use page::{PageBody, PageQuery, PageRequest};
pub use params::{Id, Query};

/// The name in backquotes that the words of an error go on with after a prefix: which field is missing or known twice,
/// the libraries that read bodies and parameters say in words only.
fn named(text: &str, prefix: &str) -> Option<String> {
    let name = text.strip_prefix(prefix)?.split('`').next()?;
    Some(name.to_owned())
}
