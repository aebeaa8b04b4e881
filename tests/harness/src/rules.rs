//! Rules that tests make.

use serde_json::{Value, json};

/// A request for a rule on a timer: `rule.create` takes it.
#[must_use]
pub fn interval_rule(
    name: &str,
    params: &Value,
    action: &str,
    action_params: &Value,
    enabled: bool,
) -> Value {
    json!({
        "ref": name,
        "draft": {
            "label": name,
            "trigger_ref": "core.intervaltimer",
            "trigger_params": params,
            "action_ref": action,
            "action_params": action_params,
        },
        "enabled": enabled,
    })
}

/// A request for an enabled rule that echoes a message every so many seconds.
#[must_use]
pub fn echo_every(name: &str, seconds: u32, message: &str) -> Value {
    let params = json!({ "interval": seconds, "unit": "seconds" });
    interval_rule(name, &params, "core.echo", &json!({ "message": message }), true)
}
