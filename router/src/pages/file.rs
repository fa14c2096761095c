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
    status: StatusCode,
    media_type: String,
    identity: Form,
    /// Compressed when the program was built.
    gzipped: Option<Form>,
    cache_control: &'static str,
    policy: Option<&'static str>,
}

/// The bytes of a file in one content coding.
#[derive(Clone)]
struct Form {
    bytes: Bytes,
    /// Strong: the bytes are the same for everybody.
    etag: String,
}

impl File {
    pub(super) fn new(bytes: Bytes, media_type: &str) -> Self {
        Self {
            status: StatusCode::OK,
            media_type: media_type.to_owned(),
            identity: Form::new(bytes),
            gzipped: None,
            // Cached copies are asked about every time, which costs a small answer.
            cache_control: "no-cache",
            policy: None,
        }
    }

    /// What is served with another status than 200, and never as "not modified".
    #[must_use]
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With the `Content-Security-Policy` of a page, which also holds for what is opened without it.
    #[must_use]
    pub(super) fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// With the same content in gzip, for whoever takes that.
    #[must_use]
    pub(super) fn with_gzipped(mut self, bytes: Option<Bytes>) -> Self {
        self.gzipped = bytes.map(Form::new);
        self
    }

    /// Under a name that changes with the content: a cached copy is good for as long as anybody asks for it.
    #[must_use]
    pub(super) fn immutable(mut self) -> Self {
        self.cache_control = "public, max-age=31536000, immutable";
        self
    }

    /// The file, or 304 to somebody who has it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let gzipped = self.gzipped.as_ref().filter(|_| takes_gzip(request));
        let form = gzipped.unwrap_or(&self.identity);
        let mut response = if self.status == StatusCode::OK && is_known(request, &form.etag) {
            Response::with_body(StatusCode::NOT_MODIFIED, Body::None)
        } else {
            self.whole(form, gzipped.is_some())
        };
        let headers = response.headers_mut();
        let cache_control = HeaderValue::from_static(self.cache_control);
        headers.insert(header::CACHE_CONTROL, cache_control);
        insert(headers, header::ETAG, &form.etag);
        if self.gzipped.is_some() {
            let vary = HeaderValue::from_static("accept-encoding");
            headers.insert(header::VARY, vary);
        }
        if let Some(policy) = self.policy {
            let policy = HeaderValue::from_static(policy);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    fn whole(&self, form: &Form, is_gzipped: bool) -> Response {
        let body = Body::from_message(Verbatim(Some(form.bytes.clone())));
        let mut response = Response::with_body(self.status, body);
        let headers = response.headers_mut();
        insert(headers, header::CONTENT_TYPE, &self.media_type);
        headers.insert(header::CONTENT_LENGTH, form.bytes.len().into());
        if is_gzipped {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response.head_mut().no_chunking(true);
        response
    }
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        Self {
            etag: format!("\"{:016x}\"", hasher.finish()),
            bytes,
        }
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

/// Whether `Accept-Encoding` names gzip (RFC 9110, 12.5.3) and does not refuse it.
fn takes_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|item| {
            let (coding, weight) = item.split_once(';').unwrap_or((item, "q=1"));
            coding.trim().eq_ignore_ascii_case("gzip").then_some(weight)
        })
        .any(|weight| {
            let weight = weight.trim().trim_start_matches(['q', 'Q', '=']);
            weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
        })
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

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut request = HeaderMap::new();
        request.insert(name, HeaderValue::from_str(value).unwrap());
        request
    }

    fn status(file: &File, known: &str) -> StatusCode {
        file.answer(&asked(header::IF_NONE_MATCH, known)).status()
    }

    #[test]
    fn who_has_a_file_does_not_get_it_again() {
        let file = File::new(Bytes::from_static(b"one"), "text/plain");
        let other = File::new(Bytes::from_static(b"two"), "text/plain");
        let (etag, other) = (&file.identity.etag, &other.identity.etag);
        assert_ne!(etag, other);
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("{other}, {etag}"),
            "*".to_owned(),
        ] {
            assert_eq!(status(&file, &known), StatusCode::NOT_MODIFIED, "{known}");
        }
        for unknown in [other.as_str(), "", "x", etag.trim_matches('"')] {
            assert_eq!(status(&file, unknown), StatusCode::OK, "{unknown}");
        }
        let missing = file.clone().with_status(StatusCode::NOT_FOUND);
        assert_eq!(status(&missing, etag), StatusCode::NOT_FOUND);
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        let plain = File::new(Bytes::from_static(b"one"), "text/plain");
        let file = plain
            .clone()
            .with_gzipped(Some(Bytes::from_static(b"packed")));
        let coding = |file: &File, accepted: &str| {
            let answer = file.answer(&asked(header::ACCEPT_ENCODING, accepted));
            let headers = answer.headers();
            let coding = headers
                .get(header::CONTENT_ENCODING)
                .map(|coding| coding.to_str().unwrap().to_owned());
            (coding, headers.get(header::ETAG).unwrap().clone())
        };
        let (gzip, packed) = coding(&file, "gzip");
        assert_eq!(gzip.as_deref(), Some("gzip"));
        for taken in ["br, GZIP", "gzip;q=0.1, br", "gzip; q=1"] {
            assert_eq!(coding(&file, taken).0, gzip, "{taken}");
        }
        for refused in ["", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip", "identity"] {
            let (none, etag) = coding(&file, refused);
            assert_eq!(none, None, "{refused}");
            assert_ne!(etag, packed, "other bytes");
        }
        assert_eq!(coding(&plain, "gzip").0, None);
        let vary = |file: &File| {
            file.answer(&HeaderMap::new())
                .headers()
                .contains_key(header::VARY)
        };
        assert!(vary(&file) && !vary(&plain));
    }
}
