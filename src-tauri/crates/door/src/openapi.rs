//! The OpenAPI 3.1 document, made from the table of routes and the table of commands.

use crate::route::{Endpoint, ROUTES, Route};
use api::{ApiError, COMMANDS, CommandInfo};
use hyper::body::Bytes;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(make().to_string()));

/// The document, as JSON.
pub(crate) fn document() -> Bytes {
    DOCUMENT.clone()
}

fn make() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut schemas = SchemaGenerator::new(settings);
    let error = schemas.subschema_for::<ApiError>();
    let mut paths = Map::new();
    for route in ROUTES {
        if route.endpoint == Endpoint::Rpc {
            for command in COMMANDS {
                let path = route.path.replace("{command}", command.name);
                insert(&mut paths, path, route, command_operation(command, &mut schemas));
            }
        } else {
            insert(&mut paths, route.path.to_owned(), route, plain_operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Attune Studio",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the engine answers on the loopback interface. Every error is an ApiError.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "responses": {
                "refused": {
                    "description": "Refused; `code` says why.",
                    "content": { "application/json": { "schema": error } },
                },
            },
        },
    })
}

fn insert(paths: &mut Map<String, Value>, path: String, route: &Route, mut operation: Value) {
    let scopes: Vec<&str> = route.scopes.iter().map(|scope| scope.as_str()).collect();
    operation["security"] = if scopes.is_empty() { json!([]) } else { json!([{ "bearer": scopes }]) };
    operation["responses"]["default"] = json!({ "$ref": "#/components/responses/refused" });
    paths.insert(path, json!({ route.method.as_str().to_ascii_lowercase(): operation }));
}

fn command_operation(command: &CommandInfo, schemas: &mut SchemaGenerator) -> Value {
    json!({
        "operationId": command.name,
        "summary": command.summary,
        "requestBody": { "content": { "application/json": { "schema": (command.request)(schemas) } } },
        "responses": {
            "200": {
                "description": "Done.",
                "content": { "application/json": { "schema": (command.response)(schemas) } },
            },
        },
    })
}

fn plain_operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": format!("{:?}{}", route.endpoint, if route.path.starts_with("/auth") { "Short" } else { "" }),
        "summary": route.summary,
        "responses": {
            "200": { "description": "Done.", "content": { "application/json": { "schema": { "type": "object" } } } },
        },
    });
    let mut parameters = Vec::new();
    if route.path.contains("{ref}") {
        parameters
            .push(json!({ "name": "ref", "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    match route.endpoint {
        Endpoint::TriggerRules => {
            for name in ["page", "page_size"] {
                parameters.push(
                    json!({ "name": name, "in": "query", "schema": { "type": "integer", "minimum": 1 } }),
                );
            }
        }
        Endpoint::PostEvent => {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": event_schema() } } });
            operation["responses"]["201"] = operation["responses"]["200"].clone();
            operation["responses"]["200"]["description"] = json!("Known already: the first event's id.");
        }
        Endpoint::PostMisfire => {
            operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": misfire_schema() } } });
            operation["responses"]["201"] = operation["responses"]["200"].clone();
            operation["responses"]["200"]["description"] = json!("They had come to their end before.");
        }
        Endpoint::Notifier => {
            operation["responses"] = json!({ "101": { "description": "The stream is open." } })
        }
        _ => {}
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

fn event_schema() -> Value {
    json!({
        "type": "object",
        "required": ["trigger_ref"],
        "properties": {
            "trigger_ref": { "type": "string", "description": "Whose occurrence it is; `trigger_type` is an alias." },
            "payload": { "type": "object", "description": "The facts, as the trigger's output schema has them." },
            "trigger_instance_id": { "type": "string", "pattern": "^rule_[0-9]+$", "description": "The one rule that it is for." },
            "dedupe_key": { "type": "string", "minLength": 1, "maxLength": 256, "description": "Posted again under the same key, it is the same event." },
        },
    })
}

fn misfire_schema() -> Value {
    json!({
        "type": "object",
        "required": ["rule_id", "first", "last", "count", "reason"],
        "properties": {
            "rule_id": { "type": "integer", "minimum": 1, "description": "Whose instants." },
            "first": { "type": "string", "format": "date-time", "description": "The first planned instant." },
            "last": { "type": "string", "format": "date-time", "description": "The last; the same where it is one." },
            "count": { "type": "integer", "minimum": 1, "description": "How many planned instants these are." },
            "reason": { "enum": ["asleep", "not_running", "clock_changed", "limit"], "description": "Why they did not fire." },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_and_command_is_in_the_document() {
        let document = make();
        for route in ROUTES.iter().filter(|route| route.endpoint != Endpoint::Rpc) {
            assert!(document["paths"][route.path].is_object(), "{}", route.path);
        }
        for command in COMMANDS {
            let operation = &document["paths"][format!("/api/v1/rpc/{}", command.name)]["post"];
            assert_eq!(operation["security"], json!([{ "bearer": ["admin"] }]));
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
        }
    }
}
