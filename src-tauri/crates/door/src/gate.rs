//! The first three checks of every request: is it for us, is it from us, who is it.

use crate::refusal::Refusal;
use crate::route::{Route, Scope};
use api::Caller;
use axum::http::header::{ALLOW, AUTHORIZATION, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};

/// The sub-protocol that a notifier speaks.
pub(crate) const SUBPROTOCOL: &str = "attune.v1";
/// What comes before the token where it travels as a sub-protocol, because a browser cannot set headers.
const SUBPROTOCOL_TOKEN: &str = "attune.jwt.";

/// The request must name this machine and our port, once. A page that made another name point here
/// (DNS rebinding) fails at this.
pub(crate) fn check_host(parts: &Parts, port: u16) -> Result<(), Refusal> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal::malformed("a request has exactly one Host header").and_close());
    };
    let in_target =
        parts.uri.authority().is_none_or(|authority| is_ours(authority.as_str().as_bytes(), port));
    if is_ours(host.as_bytes(), port) && in_target {
        return Ok(());
    }
    Err(Refusal::forbidden(format!("this door answers to 127.0.0.1:{port} and localhost:{port} only"))
        .and_close())
}

fn is_ours(host: &[u8], port: u16) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let Some((name, found)) = host.rsplit_once(':') else { return false };
    let digits_only = found.bytes().all(|byte| byte.is_ascii_digit()) && !found.starts_with('0');
    (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
        && digits_only
        && found.parse() == Ok(port)
}

/// A page of another origin is refused whatever it asks; our own is the one that the Host header names.
/// No preflight is ever answered, so no other origin can be let in.
pub(crate) fn check_origin(parts: &Parts) -> Result<(), Refusal> {
    let host = parts.headers.get(HOST).map_or(&[][..], HeaderValue::as_bytes);
    let own = |origin: &HeaderValue| {
        origin.as_bytes().strip_prefix(b"http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    };
    if !parts.headers.get_all(ORIGIN).iter().all(own) {
        return Err(Refusal::forbidden("pages of other origins may not speak to the engine").and_close());
    }
    if parts.method == Method::OPTIONS {
        let refusal =
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "OPTIONS is not answered");
        return Err(refusal.with(ALLOW, HeaderValue::from_static("GET, POST")));
    }
    Ok(())
}

/// Whether the request says in a way of its own how long it is; `chunked` alone is the only such way.
pub(crate) fn is_chunked(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(false),
        (Some(one), None) if one.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(Refusal::malformed("Transfer-Encoding may be `chunked` only").and_close()),
    }
}

/// The token: from the Authorization header (`Bearer`, in any case, then one space or more), or for a
/// notifier from the sub-protocols. Never from the query.
pub(crate) fn token<'r>(parts: &'r Parts, route: Option<&Route>) -> Result<&'r str, Refusal> {
    let mut found = parts.headers.get_all(AUTHORIZATION).iter();
    let token = match (found.next(), found.next()) {
        (Some(header), None) => bearer(header),
        (None, _) if route.is_some_and(|route| route.path == "/ws") => subprotocol_token(&parts.headers),
        _ => None,
    };
    token.ok_or_else(|| {
        Refusal::unauthorized(
            "a token is needed: `Authorization: Bearer …`, as the engine's runtime file has it",
        )
    })
}

fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ')).then_some(token)
}

fn subprotocol_token(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|header| header.to_str().ok());
    offered
        .flat_map(|header| header.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(SUBPROTOCOL_TOKEN))
        .filter(|token| !token.is_empty())
}

/// The scope of a caller.
pub(crate) fn scope(caller: &Caller) -> Scope {
    match caller {
        Caller::Admin => Scope::Admin,
        Caller::Sensor { .. } => Scope::Sensor,
        Caller::Execution { .. } => Scope::Execution,
    }
}

pub(crate) fn check_scope(route: &Route, caller: &Caller) -> Result<(), Refusal> {
    let scope = scope(caller);
    if route.scopes.contains(&scope) {
        return Ok(());
    }
    let allowed: Vec<&str> = route.scopes.iter().map(|scope| scope.as_str()).collect();
    let allowed = allowed.join(" or ");
    let message = format!("this needs a token of scope {allowed}; yours is of scope {}", scope.as_str());
    Err(Refusal::forbidden(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri("/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_this_machine_and_this_port_are_our_names() {
        for ours in ["127.0.0.1:4000", "localhost:4000", "LOCALHOST:4000"] {
            assert!(check_host(&parts(&[("host", ours)]), 4000).is_ok(), "{ours}");
        }
        for other in [
            "127.0.0.1",
            "localhost",
            "127.0.0.1:4001",
            "evil.com:4000",
            "[::1]:4000",
            "localhost.:4000",
            "127.1:4000",
        ] {
            assert!(check_host(&parts(&[("host", other)]), 4000).is_err(), "{other}");
        }
        assert!(check_host(&parts(&[]), 4000).is_err());
        assert!(check_host(&parts(&[("host", "localhost:4000"), ("host", "localhost:4000")]), 4000).is_err());
        assert!(check_host(&parts(&[("host", "localhost:+4000")]), 4000).is_err());
    }

    #[test]
    fn our_own_origin_is_the_one_that_was_asked() {
        let from = |origin| check_origin(&parts(&[("host", "localhost:4000"), ("origin", origin)]));
        assert!(from("http://localhost:4000").is_ok());
        for other in [
            "null",
            "file://",
            "http://127.0.0.1:4000",
            "https://localhost:4000",
            "http://localhost:3000",
            "",
        ] {
            assert!(from(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_token_is_found_where_it_may_travel() {
        let find = |headers: &[(&str, &str)]| {
            let ws = crate::route::ROUTES.iter().find(|route| route.path == "/ws");
            token(&parts(headers), ws).ok().map(str::to_owned)
        };
        assert_eq!(find(&[("authorization", "Bearer abc")]).as_deref(), Some("abc"));
        assert_eq!(find(&[("authorization", "bearer   abc ")]).as_deref(), Some("abc"));
        assert_eq!(find(&[("sec-websocket-protocol", "attune.v1, attune.jwt.abc")]).as_deref(), Some("abc"));
        for headers in [
            &[("authorization", "Basic abc")][..],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer a b")],
            &[("authorization", "Bearer abc"), ("authorization", "Bearer abc")],
            &[("sec-websocket-protocol", "attune.v1, attune.jwt.")],
        ] {
            assert_eq!(find(headers), None, "{headers:?}");
        }
    }
}
