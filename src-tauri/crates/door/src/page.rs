//! The page in a browser: the files of one folder, needed by nobody but the person and open to anybody on
//! this machine, because they hold no data.

use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use std::path::Path;
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Only files of our own, and connections to ourselves; styles may be set by the page's own scripts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self' ws://127.0.0.1:PORT ws://localhost:PORT; img-src 'self' data:; font-src 'self'; \
    manifest-src 'self'; frame-src 'none'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; \
    form-action 'none'";

/// The folder of a built page.
#[derive(Clone)]
pub(crate) struct Page {
    files: ServeDir,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Page {
    pub(crate) fn new(folder: &Path, port: u16) -> Self {
        let policy = POLICY.replace("PORT", &port.to_string());
        let headers = vec![
            (
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
            ),
            (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("same-origin"),
            ),
        ];
        // The page keeps its places behind `#`, so a path is a file or nothing.
        Self { files: ServeDir::new(folder), headers }
    }

    /// Whether a path is the page's: everything but what looks like the engine's.
    pub(crate) fn serves(&self, method: &Method, path: &str) -> bool {
        let engine = ["/api/", "/auth/", "/ws/"].iter().any(|prefix| path.starts_with(prefix));
        matches!(*method, Method::GET | Method::HEAD) && !engine && path != "/api" && path != "/auth"
    }

    pub(crate) async fn answer(&self, parts: Parts) -> Result<Response<Body>, Refusal> {
        let request = Request::from_parts(parts, Body::empty());
        let response = match self.files.clone().oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        };
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Refusal::not_found("the folder of the page has no such file; was the page built?"));
        }
        let mut response = response;
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        Ok(response)
    }
}
