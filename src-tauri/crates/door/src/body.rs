//! Reading the body of a request: type first, then size, then content.

use crate::json;
use crate::refusal::Refusal;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use model::limits;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Time to send a whole body; on the loopback a megabyte takes milliseconds.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a JSON body; none where it is empty.
pub(crate) async fn read_json(parts: &Parts, body: Incoming) -> Result<Option<Value>, Refusal> {
    check_type(&parts.headers, body.is_end_stream())?;
    check_declared_size(&parts.headers)?;
    let bytes = read(body).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    json::read(&bytes)
        .map(Some)
        .map_err(|error| Refusal::malformed(format!("the body is not taken: {error}")))
}

fn unsupported(error: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", error).and_close()
}

/// JSON, in UTF-8, not compressed. A request without a body needs no type.
fn check_type(headers: &HeaderMap, empty: bool) -> Result<(), Refusal> {
    if headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
        return Err(unsupported("a compressed body is not taken; send it as it is"));
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let text = match (types.next(), types.next()) {
        (None, _) if empty => return Ok(()),
        (Some(one), None) => one.to_str().unwrap_or(""),
        _ => "",
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let charset_is_fine = parameters.split(';').map(str::trim).all(|parameter| {
        parameter.is_empty()
            || parameter.eq_ignore_ascii_case("charset=utf-8")
            || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
    });
    if essence.trim().eq_ignore_ascii_case("application/json") && charset_is_fine {
        return Ok(());
    }
    Err(unsupported("the body must be JSON and say so: `Content-Type: application/json`"))
}

fn too_large() -> Refusal {
    let message = format!("a request body has at most {} bytes", limits::BODY_BYTES);
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).and_close()
}

fn check_declared_size(headers: &HeaderMap) -> Result<(), Refusal> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limits::BODY_BYTES as u64) { Err(too_large()) } else { Ok(()) }
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match timeout(BODY_TIMEOUT, Limited::new(body, limits::BODY_BYTES).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::malformed("the body ended before its time").and_close()),
        Err(_) => {
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time")
                .and_close())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_taken() {
        let check = |name: Option<&str>, empty| {
            let mut headers = HeaderMap::new();
            if let Some(name) = name {
                headers.insert(CONTENT_TYPE, name.parse().unwrap());
            }
            check_type(&headers, empty).is_ok()
        };
        assert!(check(Some("application/json"), false));
        assert!(check(Some("Application/JSON; charset=UTF-8"), false));
        assert!(check(None, true));
        for other in [
            None,
            Some("text/plain"),
            Some("application/json; charset=utf-16"),
            Some("multipart/form-data; boundary=x"),
        ] {
            assert!(!check(other, false), "{other:?}");
        }
    }
}
