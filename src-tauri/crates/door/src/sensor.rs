//! What sensors ask and post: the wire of the protocol on one side, [`Api`] on the other.

use crate::json;
use crate::refusal::{Refusal, json_response};
use api::{Api, ApiError, Caller, NewEvent};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use model::{Invalid, Misfire, MissReason, Ref, RuleId, Timestamp, limits, nearest};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The named part of a path: percent-decoded, UTF-8, without control characters.
pub(crate) fn decode(raw: &str) -> Result<String, Refusal> {
    let malformed = || Refusal::malformed("the path holds a character that no name has");
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().ok_or_else(malformed)?, rest.next().ok_or_else(malformed)?];
            let mut decoded = [0_u8];
            hex::decode_to_slice(digits, &mut decoded).map_err(|_| malformed())?;
            decoded[0]
        } else {
            byte
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    if text.chars().any(char::is_control) { Err(malformed()) } else { Ok(text) }
}

/// A name that cannot be a ref names nothing.
fn check_ref(kind: &str, name: &str) -> Result<(), Refusal> {
    name.parse::<Ref>().map(|_| ()).map_err(|_| ApiError::not_found(kind, name, None).into())
}

fn data(value: &impl Serialize) -> Result<Response<Body>, Refusal> {
    let value = serde_json::to_value(value).map_err(|error| {
        let message = format!("the answer could not be written: {error}");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    })?;
    Ok(json_response(StatusCode::OK, json!({ "data": value }).to_string()))
}

pub(crate) fn rule(api: &Api, caller: &Caller, name: &str) -> Result<Response<Body>, Refusal> {
    check_ref("rule", name)?;
    data(&api.sensor_rule(caller, name)?)
}

pub(crate) fn trigger(api: &Api, caller: &Caller, name: &str) -> Result<Response<Body>, Refusal> {
    check_ref("trigger", name)?;
    data(&api.sensor_trigger(caller, name)?)
}

pub(crate) fn rules(
    api: &Api,
    caller: &Caller,
    trigger: &str,
    query: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    check_ref("trigger", trigger)?;
    let asked = PageAsked::read(query.unwrap_or(""))?;
    let found = api.sensor_rules(caller, trigger, asked.page, asked.page_size)?;
    let total = u64::try_from(found.total).unwrap_or(u64::MAX);
    let pages = total.div_ceil(u64::from(asked.page_size));
    let answer = json!({
        "items": found.items,
        "pagination": {
            "page": asked.page,
            "page_size": asked.page_size,
            "total_items": total,
            "total_pages": pages,
            "has_previous": asked.page > 1,
            "has_next": u64::from(asked.page) < pages,
        },
    });
    Ok(json_response(StatusCode::OK, answer.to_string()))
}

/// Which page of a list: `page` from 1, `page_size` brought into 1 to 200.
#[derive(Debug, PartialEq, Eq)]
struct PageAsked {
    page: u32,
    page_size: u32,
}

impl PageAsked {
    fn read(query: &str) -> Result<Self, Refusal> {
        let longest = u32::try_from(limits::PAGE_ROWS).unwrap_or(u32::MAX);
        let mut asked = Self { page: 1, page_size: longest.min(50) };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if !matches!(name, "page" | "page_size") {
                continue;
            }
            if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::malformed(format!("`{name}` is a whole number from 1")));
            }
            // Digits that do not fit are a large number all the same.
            let number = value.parse().unwrap_or(u32::MAX);
            match name {
                "page" if number == 0 => return Err(Refusal::malformed("`page` is a whole number from 1")),
                "page" => asked.page = number,
                _ => asked.page_size = number.clamp(1, longest),
            }
        }
        Ok(asked)
    }
}

/// Posts an event; the body is what `POST /api/v1/events` takes.
pub(crate) async fn post_event(
    api: &Api,
    caller: &Caller,
    body: Option<Value>,
) -> Result<Response<Body>, Refusal> {
    let event = read_event(body.unwrap_or(Value::Null))?;
    let posted = api.post_event(caller, event).await?;
    let status = if posted.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json_response(status, format!(r#"{{"data":{{"id":{},"repeated":{}}}}}"#, posted.id, !posted.created)))
}

/// `config` and `source` are accepted and mean nothing: the token says who posts. So do names we do not
/// know, because clients of other versions may have more to say.
fn read_event(body: Value) -> Result<NewEvent, ApiError> {
    let Value::Object(mut fields) = body else {
        return Err(Invalid::new("", "an event is a JSON object with `trigger_ref` and `payload`").into());
    };
    let alias = text(&mut fields, "trigger_type")?;
    let Some(trigger_ref) = text(&mut fields, "trigger_ref")?.or(alias) else {
        return Err(Invalid::new(
            "trigger_ref",
            "missing: expected the ref of a trigger, such as core.intervaltimer",
        )
        .into());
    };
    let payload = fields.shift_remove("payload").unwrap_or_else(|| Value::Object(Map::new()));
    let trigger_instance_id = text(&mut fields, "trigger_instance_id")?;
    let dedupe_key = text(&mut fields, "dedupe_key")?;
    check_dedupe_key(dedupe_key.as_deref())?;
    let body_hash = json::event_digest(&trigger_ref, &payload, trigger_instance_id.as_deref());
    Ok(NewEvent { trigger_ref, payload, trigger_instance_id, dedupe_key, body_hash })
}

fn check_dedupe_key(key: Option<&str>) -> Result<(), Invalid> {
    let longest = limits::DEDUPE_KEY_BYTES;
    match key.map(str::len) {
        Some(0) => Err(Invalid::new("dedupe_key", "empty: leave it out, or name the event")),
        Some(length) if length > longest => {
            Err(Invalid::new("dedupe_key", format!("at most {longest} bytes long; this one has {length}")))
        }
        _ => Ok(()),
    }
}

/// Reports missed instants; the body is what `POST /api/v1/misfires` takes.
pub(crate) async fn post_misfire(
    api: &Api,
    caller: &Caller,
    body: Option<Value>,
) -> Result<Response<Body>, Refusal> {
    let misfire = read_misfire(body.unwrap_or(Value::Null))?;
    let id = api.post_misfire(caller, misfire).await?;
    let status = if id.is_some() { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json_response(status, json!({ "data": { "id": id, "repeated": id.is_none() } }).to_string()))
}

/// Names that we do not know mean nothing, because clients of other versions may have more to say.
fn read_misfire(body: Value) -> Result<Misfire, ApiError> {
    let Value::Object(mut fields) = body else {
        let message = "a report is a JSON object with `rule_id`, `first`, `last`, `count` and `reason`";
        return Err(Invalid::new("", message).into());
    };
    // That a rule was switched off is for the engine to say.
    let known = || MissReason::ALL.into_iter().filter(|reason| *reason != MissReason::Disabled);
    let reasons: Vec<&str> = known().map(MissReason::as_str).collect();
    let reason = required(&mut fields, "reason", &format!("one of {}", reasons.join(", ")))?;
    let Some(reason) = known().find(|known| known.as_str() == reason) else {
        let hint = nearest(&reason, reasons.iter().copied());
        let hint = hint.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let shown: String = reason.chars().take(60).collect();
        let message = format!("found `{shown}`, expected one of {}{hint}", reasons.join(", "));
        return Err(Invalid::new("reason", message).into());
    };
    Ok(Misfire {
        rule: RuleId(number(&fields, "rule_id", "the id of a rule, such as 12")?),
        first: instant(&mut fields, "first")?,
        last: instant(&mut fields, "last")?,
        count: number(&fields, "count", "how many planned instants were missed")?.unsigned_abs(),
        reason,
    })
}

fn required(fields: &mut Map<String, Value>, name: &str, expected: &str) -> Result<String, Invalid> {
    text(fields, name)?.ok_or_else(|| Invalid::new(name, format!("missing: expected {expected}")))
}

fn instant(fields: &mut Map<String, Value>, name: &str) -> Result<Timestamp, Invalid> {
    let text = required(fields, name, "a planned instant in RFC 3339, such as 2026-03-28T08:30:00Z")?;
    text.parse().map_err(|error: model::NotATime| Invalid::new(name, error.to_string()))
}

/// A whole number from 1 on.
fn number(fields: &Map<String, Value>, name: &str, expected: &str) -> Result<i64, Invalid> {
    let Some(value) = fields.get(name).filter(|value| !value.is_null()) else {
        return Err(Invalid::new(name, format!("missing: expected {expected}")));
    };
    value
        .as_i64()
        .filter(|number| *number >= 1)
        .ok_or_else(|| Invalid::new(name, format!("expected {expected}: a whole number from 1 on")))
}

/// A text, or nothing where it is absent or null.
fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Invalid> {
    match fields.shift_remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Invalid::new(name, "expected a text")),
    }
}

/// Replaces a token, in every shape in which clients look for the new one.
pub(crate) fn refresh(api: &Api, now: Timestamp, token: &str) -> Result<Response<Body>, Refusal> {
    let fresh = api.refresh(token)?;
    let expires_in = fresh.expires_at.map(|end| (end.millis_since(now) / 1_000).max(0));
    let answer = json!({
        "token": fresh.secret,
        "expires_at": fresh.expires_at,
        "data": {
            "token": fresh.secret,
            "expires_at": fresh.expires_at,
            "access_token": fresh.secret,
            "refresh_token": fresh.secret,
            "token_type": "Bearer",
            "expires_in": expires_in,
        },
    });
    Ok(json_response(StatusCode::OK, answer.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_path_is_decoded_and_never_holds_control_characters() {
        assert_eq!(decode("core.x").unwrap(), "core.x");
        assert_eq!(decode("..%2F..%2fetc").unwrap(), "../../etc");
        assert_eq!(decode("caf%C3%A9").unwrap(), "café");
        for wrong in ["core.%00x", "%0a", "%", "%2", "%zz", "%ff"] {
            assert!(decode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_is_within_its_limits() {
        let read = |query: &str| PageAsked::read(query).ok().map(|asked| (asked.page, asked.page_size));
        assert_eq!(read(""), Some((1, 50)));
        assert_eq!(read("page=3&page_size=20&x=1"), Some((3, 20)));
        assert_eq!(read("page_size=1000000"), Some((1, 200)));
        assert_eq!(read("page_size=99999999999999999999"), Some((1, 200)));
        assert_eq!(read("page_size=0"), Some((1, 1)));
        for wrong in ["page=0", "page=-1", "page=", "page=1.5", "page_size=ten"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_report_is_read_or_its_wrong_field_is_named() {
        let good = json!({
            "rule_id": 12, "first": "2026-03-28T08:00:00+01:00", "last": "2026-03-28T07:02:00Z", "count": 3,
            "reason": "asleep", "more": 1,
        });
        let read = read_misfire(good.clone()).unwrap();
        assert_eq!((read.rule, read.count, read.reason), (RuleId(12), 3, MissReason::Asleep));
        assert_eq!(read.first.to_string(), "2026-03-28T07:00:00Z");
        for (field, value, part) in [
            ("rule_id", json!("rule_12"), "a whole number"),
            ("rule_id", json!(-1), "a whole number"),
            ("rule_id", json!(null), "missing"),
            ("first", json!(1_774_656_000), "expected a text"),
            ("first", json!("2026-03-28T08:00:00"), "with an offset"),
            ("last", json!(null), "missing"),
            ("count", json!(0), "from 1 on"),
            ("count", json!(1.5), "from 1 on"),
            ("count", json!(u64::MAX), "from 1 on"),
            ("reason", json!("aslep"), "did you mean `asleep`?"),
            ("reason", json!("disabled"), "found `disabled`"),
            ("reason", json!(["asleep"]), "expected a text"),
        ] {
            let mut wrong = good.clone();
            wrong[field] = value;
            let error = read_misfire(wrong).unwrap_err().error;
            assert!(error.starts_with(&format!("{field}: ")) && error.contains(part), "{error}");
        }
        assert!(read_misfire(json!([])).unwrap_err().error.contains("JSON object"));
    }

    #[test]
    fn an_event_is_read_or_its_wrong_field_is_named() {
        let event =
            read_event(json!({"trigger_type": "core.x", "source": "me", "dedupe_key": null})).unwrap();
        assert_eq!(
            (event.trigger_ref.as_str(), event.payload, event.dedupe_key),
            ("core.x", json!({}), None)
        );
        let wrong = |body| read_event(body).unwrap_err().error;
        assert!(wrong(json!([])).contains("JSON object"));
        assert!(wrong(json!({})).starts_with("trigger_ref: missing"));
        assert!(wrong(json!({"trigger_ref": 5})).starts_with("trigger_ref: expected a text"));
        assert!(wrong(json!({"trigger_ref": "core.x", "dedupe_key": 5})).starts_with("dedupe_key: "));
        assert_eq!(
            read_event(json!({"trigger_ref": "core.x", "payload": null})).unwrap().payload,
            Value::Null
        );
    }
}
