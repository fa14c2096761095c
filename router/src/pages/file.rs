//! A file that is part of the program.

use std::{
    error::Error,
    hash::{DefaultHasher, Hasher},
    rc::Rc,
    task::{Context, Poll},
};

use hive_router::ntex::{
    http::{
        HeaderMap, Response, StatusCode,
        body::{Body, BodySize, MessageBody},
        header::{self, HeaderValue},
    },
    util::Bytes,
};

#[derive(Clone)]
pub(crate) struct File {
    bytes: Bytes,
    media_type: String,
    /// Strong: the bytes are the same for everybody.
    etag: String,
    policy: Option<&'static str>,
}

impl File {
    pub(super) fn new(bytes: Bytes, media_type: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        Self {
            etag: format!("\"{:016x}\"", hasher.finish()),
            bytes,
            media_type: media_type.to_owned(),
            policy: None,
        }
    }

    /// With the `Content-Security-Policy` of a page, which also holds for what is opened without it.
    #[must_use]
    pub(super) fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The file, or 304 to somebody who has it. Cached copies are asked about every time (a name does not change with its
    /// content), which costs a small answer.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let mut response = if is_known(request, &self.etag) {
            Response::with_body(StatusCode::NOT_MODIFIED, Body::None)
        } else {
            self.whole()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        insert(headers, header::ETAG, &self.etag);
        if let Some(policy) = self.policy {
            let policy = HeaderValue::from_static(policy);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    fn whole(&self) -> Response {
        let body = Body::from_message(Verbatim(Some(self.bytes.clone())));
        let mut response = Response::with_body(StatusCode::OK, body);
        let headers = response.headers_mut();
        insert(headers, header::CONTENT_TYPE, &self.media_type);
        headers.insert(header::CONTENT_LENGTH, self.bytes.len().into());
        response.head_mut().no_chunking(true);
        response
    }
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    // Both are short and printable.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether `If-None-Match` names it (RFC 9110, 13.1.2), in the weak comparison that it asks for.
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

/// A body whose length is among the headers. The engine would compress it anew for everybody who asks, which of the
/// scripts of a page are megabytes, and leave it the entity tag of what it was.
struct Verbatim(Option<Bytes>);

impl MessageBody for Verbatim {
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next_chunk(
        &mut self,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(file: &File, known: &str) -> StatusCode {
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, HeaderValue::from_str(known).unwrap());
        file.answer(&request).status()
    }

    #[test]
    fn who_has_a_file_does_not_get_it_again() {
        let file = File::new(Bytes::from_static(b"one"), "text/plain");
        let other = File::new(Bytes::from_static(b"two"), "text/plain");
        assert_ne!(file.etag, other.etag);
        let etag = &file.etag;
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("{}, {etag}", other.etag),
            "*".to_owned(),
        ] {
            assert_eq!(status(&file, &known), StatusCode::NOT_MODIFIED, "{known}");
        }
        for unknown in [other.etag.as_str(), "", "x", etag.trim_matches('"')] {
            assert_eq!(status(&file, unknown), StatusCode::OK, "{unknown}");
        }
    }
}
