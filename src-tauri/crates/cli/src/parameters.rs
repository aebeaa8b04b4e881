//! `name=value` on the command line, as the values that a schema wants.

use serde_json::{Map, Value};

/// The values of some pairs. Where the schema wants a text it is taken as it stands, so that
/// `message=5` is the text `5`; elsewhere what reads as JSON is JSON.
pub(crate) fn values(pairs: &[(String, String)], schema: Option<&Value>) -> Map<String, Value> {
    let text_wanted = |name: &str| {
        let property = schema.and_then(|schema| schema.get("properties")?.get(name)?.get("type"));
        property.and_then(Value::as_str) == Some("string")
    };
    let value = |(name, text): &(String, String)| {
        let plain = || Value::String(text.clone());
        let value = if text_wanted(name) {
            plain()
        } else {
            door::read_json(text.as_bytes()).unwrap_or_else(|_| plain())
        };
        (name.clone(), value)
    };
    pairs.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_what_the_schema_wants() {
        let schema = json!({"properties": {"message": {"type": "string"}, "interval": {"type": "integer"}}});
        let pairs =
            [("message", "5"), ("interval", "5"), ("unit", "seconds"), ("list", "[1, 2]"), ("big", "1e400")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = Value::Object(values(&pairs, Some(&schema)));
        let expected =
            json!({"message": "5", "interval": 5, "unit": "seconds", "list": [1, 2], "big": "1e400"});
        assert_eq!(values, expected);
    }
}
