//! The page to explore the graph with, or one that says why there is none.

use std::borrow::Cow;

use ::playground::Bundle;
use hive_router::ntex::{http::StatusCode, util::Bytes};

use super::{File, PagesError};

/// With and without the slash: what the page loads is named from the root.
const PATHS: [&str; 2] = ["/playground", "/playground/"];
const PAGE: &str = "index.html";
/// What is below this has the hash of its content in its name.
const HASHED: &str = "assets/";

/// Everything from here, what workers load and connections for live messages too. The editor makes styles as it goes, and has
/// pictures within its own; there is nothing else that a policy would have to allow.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
                      style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
const MISSING_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// The files by their paths.
pub(super) fn files(bundle: Bundle) -> Result<Vec<(Cow<'static, str>, File)>, PagesError> {
    let files = match bundle {
        Ok(files) => files,
        Err(reason) => return Ok(at_both(&missing(reason)).into()),
    };
    let page = files.iter().find(|file| file.path == PAGE);
    let page = served(page.ok_or(PagesError::NoPlaygroundPage)?);
    let others = files.iter().filter(|file| file.path != PAGE);
    let others = others.map(|file| (format!("/playground/{}", file.path).into(), served(file)));
    Ok(at_both(&page).into_iter().chain(others).collect())
}

fn at_both(page: &File) -> [(Cow<'static, str>, File); 2] {
    PATHS.map(|path| (path.into(), page.clone()))
}

fn served(file: &::playground::File) -> File {
    let served = File::new(Bytes::from_static(file.bytes), file.media_type)
        .with_gzipped(file.gzipped.map(Bytes::from_static))
        .with_policy(POLICY);
    if file.path.starts_with(HASHED) {
        served.immutable()
    } else {
        served
    }
}

/// What a program that was built without the page has in its place.
fn missing(reason: &str) -> File {
    let page = include_str!("missing.html").replace("{reason}", &escaped(reason));
    File::new(page.into(), "text/html; charset=utf-8")
        .with_status(StatusCode::NOT_FOUND)
        .with_policy(MISSING_POLICY)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::{
        HeaderMap,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
    };

    use super::*;

    const fn file(path: &'static str) -> ::playground::File {
        ::playground::File {
            path,
            media_type: "text/css",
            bytes: b"bytes",
            gzipped: None,
        }
    }

    fn paths<'a>(files: &'a [(Cow<'static, str>, File)]) -> Vec<&'a str> {
        files.iter().map(|(path, _)| path.as_ref()).collect()
    }

    #[test]
    fn every_file_has_a_path_and_only_what_has_a_hash_is_kept_for_ever() {
        const FILES: &[::playground::File] = &[
            file("assets/a-1.css"),
            file("index.html"),
            file("licences.txt"),
        ];
        let files = files(Ok(FILES)).unwrap();
        assert_eq!(
            paths(&files),
            [
                "/playground",
                "/playground/",
                "/playground/assets/a-1.css",
                "/playground/licences.txt"
            ]
        );
        for (path, file) in &files {
            let answer = file.answer(&HeaderMap::new());
            let kept = answer.headers().get(CACHE_CONTROL).unwrap();
            let kept = kept.to_str().unwrap().contains("immutable");
            assert_eq!(kept, path.contains("/assets/"), "{path}");
            assert!(
                answer.headers().contains_key(CONTENT_SECURITY_POLICY),
                "{path}"
            );
        }
    }

    #[test]
    fn a_bundle_without_a_page_is_a_defect() {
        const FILES: &[::playground::File] = &[file("assets/a-1.css")];
        assert!(files(Ok(FILES)).is_err());
    }

    #[test]
    fn without_a_bundle_a_page_says_why() {
        let files = files(Err("npm said <no> & left")).unwrap();
        assert_eq!(paths(&files), ["/playground", "/playground/"]);
        for (path, file) in &files {
            let answer = file.answer(&HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(
            escaped("npm said <no> & left"),
            "npm said &lt;no> &amp; left"
        );
    }
}
