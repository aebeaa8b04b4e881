//! The one table of routes: the router, the OpenAPI document and the matrix of tokens are made from it.

use axum::http::Method;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A sensor process, for its own triggers.
    Sensor,
    /// A running action that declares `api_access`.
    Execution,
    /// The person: window, command line, browser.
    Admin,
}

impl Scope {
    /// The word used in messages and in the OpenAPI document.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Execution => "execution",
            Self::Admin => "admin",
        }
    }
}

/// One route.
#[derive(Debug)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: Method,
    /// Its path; one part may be a name in braces.
    pub path: &'static str,
    /// Whose token opens it; empty: it needs none.
    pub scopes: &'static [Scope],
    /// What it does, in a sentence.
    pub summary: &'static str,
    pub(crate) endpoint: Endpoint,
}

/// What answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Health,
    TriggerRules,
    Rule,
    Trigger,
    PostEvent,
    PostMisfire,
    Refresh,
    Notifier,
    Rpc,
    OpenApi,
}

const WATCHERS: &[Scope] = &[Scope::Sensor, Scope::Admin];
const EVERYONE: &[Scope] = &[Scope::Sensor, Scope::Execution, Scope::Admin];

/// Every route.
pub static ROUTES: &[Route] = &[
    Route {
        method: Method::POST,
        path: "/api/v1/events",
        scopes: EVERYONE,
        summary: "Posts an event: 201, or 200 where its dedupe_key is known with the same content.",
        endpoint: Endpoint::PostEvent,
    },
    Route {
        method: Method::POST,
        path: "/api/v1/misfires",
        scopes: WATCHERS,
        summary: "Reports planned instants of a timer rule that were missed: 201, or 200 where they had come to \
                  their end before.",
        endpoint: Endpoint::PostMisfire,
    },
    Route {
        method: Method::POST,
        path: "/api/v1/rpc/{command}",
        scopes: &[Scope::Admin],
        summary: "Runs a command of the contract.",
        endpoint: Endpoint::Rpc,
    },
    Route {
        method: Method::GET,
        path: "/health",
        scopes: &[],
        summary: "Says that the engine is there, and nothing else.",
        endpoint: Endpoint::Health,
    },
    Route {
        method: Method::GET,
        path: "/api/v1/triggers/{ref}/rules",
        scopes: WATCHERS,
        summary: "The enabled rules of a trigger, in pages.",
        endpoint: Endpoint::TriggerRules,
    },
    Route {
        method: Method::GET,
        path: "/api/v1/triggers/{ref}",
        scopes: WATCHERS,
        summary: "One trigger.",
        endpoint: Endpoint::Trigger,
    },
    Route {
        method: Method::GET,
        path: "/api/v1/rules/{ref}",
        scopes: WATCHERS,
        summary: "One rule, as a sensor sees it.",
        endpoint: Endpoint::Rule,
    },
    Route {
        method: Method::POST,
        path: "/auth/refresh",
        scopes: &[Scope::Sensor],
        summary: "Replaces the token that it comes with.",
        endpoint: Endpoint::Refresh,
    },
    Route {
        method: Method::POST,
        path: "/api/v1/auth/refresh",
        scopes: &[Scope::Sensor],
        summary: "Replaces the token that it comes with.",
        endpoint: Endpoint::Refresh,
    },
    Route {
        method: Method::GET,
        path: "/ws",
        scopes: WATCHERS,
        summary: "The notifier: a WebSocket that tells what changes.",
        endpoint: Endpoint::Notifier,
    },
    Route {
        method: Method::GET,
        path: "/api/v1/openapi.json",
        scopes: EVERYONE,
        summary: "This document.",
        endpoint: Endpoint::OpenApi,
    },
];

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    /// A route, with the raw text of the named part.
    Route(&'static Route, &'p str),
    /// The path is there, but for this method only.
    OtherMethod(&'static Method),
    Nothing,
}

pub(crate) fn find<'p>(method: &Method, path: &'p str) -> Found<'p> {
    let mut other = Found::Nothing;
    for route in ROUTES {
        match parameter(route.path, path) {
            Some(raw) if route.method == *method => return Found::Route(route, raw),
            Some(_) => other = Found::OtherMethod(&route.method),
            None => {}
        }
    }
    other
}

/// The text in place of the braces, where the path fits the pattern; empty for a pattern without braces.
fn parameter<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let Some((before, rest)) = pattern.split_once('{') else { return (pattern == path).then_some("") };
    let (_, after) = rest.split_once('}')?;
    let raw = path.strip_prefix(before)?.strip_suffix(after)?;
    (!raw.is_empty() && !raw.contains('/')).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_route() {
        let lead = |method: &Method, path: &str| match find(method, path) {
            Found::Route(route, raw) => format!("{:?} {raw}", route.endpoint),
            Found::OtherMethod(method) => format!("only {method}"),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(lead(&Method::GET, "/health"), "Health ");
        assert_eq!(lead(&Method::GET, "/api/v1/triggers/core.x/rules"), "TriggerRules core.x");
        assert_eq!(lead(&Method::GET, "/api/v1/triggers/core.x"), "Trigger core.x");
        assert_eq!(lead(&Method::POST, "/api/v1/rpc/rule.list"), "Rpc rule.list");
        assert_eq!(lead(&Method::GET, "/api/v1/rpc/rule.list"), "only POST");
        for path in
            ["/", "/health/", "//health", "/api/v1/rules/", "/api/v1/rules/a/b", "/api/v1/triggers//rules"]
        {
            assert_eq!(lead(&Method::GET, path), "nothing", "{path}");
        }
    }
}
