//! The page to explore the graph with: `GraphiQL`, with everything it loads, as files for whoever serves it.
//!
//! `build/` makes them of `app/` when the crate is built, if the machine has Node; `app/` is a project of npm and Vite.

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to where the page is: `index.html`, `assets/index-LxktsLmN.js`. What is below `assets/` has a name that
    /// changes with its content.
    pub path: &'static str,
    /// As `Content-Type` has it.
    pub media_type: &'static str,
    pub bytes: &'static [u8],
    /// The same, compressed; `None` where that is not worth it.
    pub gzipped: Option<&'static [u8]>,
}

/// The files, or why there are none: half a sentence, to follow "the playground is missing:".
pub type Bundle = Result<&'static [File], &'static str>;

/// What this program was built with.
pub const BUNDLE: Bundle = include!(concat!(env!("OUT_DIR"), "/bundle.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_with_its_licences_or_a_reason_why_not() {
        match BUNDLE {
            Ok(files) => {
                for path in ["index.html", "licences.txt"] {
                    assert!(files.iter().any(|file| file.path == path), "{path}");
                }
                assert!(files.iter().all(|file| !file.bytes.is_empty()));
            }
            Err(reason) => assert!(!reason.is_empty()),
        }
    }
}
