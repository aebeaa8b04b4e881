//! `attune rule`.

use crate::arguments::{Rule, RuleCreate};
use crate::client::Client;
use crate::failure::Failure;
use crate::lists::word;
use crate::parameters::values;
use crate::screen::Screen;
use crate::text::{duration, facts, inline, moment, moment_or_none, table};
use api::wire::{
    ActionList, Empty, RuleCreateRequest, RuleDraft, RuleList, RuleRequest, RuleRow, RuleStateView, RuleView,
    TriggerList,
};
use model::limits;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

pub(crate) async fn run(client: &Client, screen: &Screen, command: Rule) -> Result<(), Failure> {
    match command {
        Rule::List => list(client, screen).await,
        Rule::Show { r#ref } => {
            let rule: RuleView = client.call("rule.show", &RuleRequest { r#ref }).await?;
            screen.show(&rule, || describe(&rule))
        }
        Rule::Create(asked) => create(client, screen, *asked).await,
        Rule::Enable { r#ref } => {
            let rule: RuleView = client.call("rule.enable", &RuleRequest { r#ref }).await?;
            screen.show(&rule, || switched_on(&rule))
        }
        Rule::Disable { r#ref } => {
            let rule: RuleView = client.call("rule.disable", &RuleRequest { r#ref }).await?;
            screen.show(&rule, || format!("{} is off\n", inline(&rule.r#ref)))
        }
        Rule::Delete { r#ref } => {
            let done: Empty = client.call("rule.delete", &RuleRequest { r#ref: r#ref.clone() }).await?;
            screen.show(&done, || format!("{} is deleted; its history stays\n", inline(&r#ref)))
        }
    }
}

fn switched_on(rule: &RuleView) -> String {
    let name = inline(&rule.r#ref);
    match (rule.state, rule.next_fire) {
        (RuleStateView::Finished, _) => format!("{name} has finished: its schedule has no instant left\n"),
        (_, Some(next)) => format!("{name} is on; it fires next at {}\n", moment(next)),
        (_, None) => format!("{name} is on\n"),
    }
}

async fn list(client: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer: RuleList = client.call("rule.list", &Empty {}).await?;
    screen.show(&answer, || {
        let row = |row: &RuleRow| {
            let last = row.last.as_ref().map_or_else(String::new, |last| match last.duration_ms {
                Some(ms) => format!("{} in {}", word(&last.status), duration(ms)),
                None => word(&last.status),
            });
            let state = if row.rule.fault.is_some() { "broken".to_owned() } else { word(&row.rule.state) };
            vec![
                row.rule.r#ref.clone(),
                state,
                row.rule.sentence.clone(),
                row.rule.action_ref.clone(),
                moment_or_none(row.rule.next_fire),
                last,
                row.rule.label.clone(),
            ]
        };
        let head = &["REF", "STATE", "WHEN", "THEN", "NEXT", "LAST RUN", "LABEL"];
        table(head, &answer.rules.iter().map(row).collect::<Vec<_>>())
    })
}

fn describe(rule: &RuleView) -> String {
    let json = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    facts(&[
        ("ref", rule.r#ref.clone()),
        ("label", rule.label.clone()),
        ("description", rule.description.clone()),
        ("tags", rule.tags.join(", ")),
        ("state", word(&rule.state)),
        ("fault", rule.fault.clone().unwrap_or_default()),
        ("when", format!("{} ({})", rule.sentence, rule.trigger_ref)),
        ("parameters", json(&Value::Object(rule.trigger_params.clone()))),
        ("if", json(&rule.conditions)),
        ("then", rule.action_ref.clone()),
        ("with", json(&Value::Object(rule.action_params.clone()))),
        ("timeout", rule.timeout_seconds.map(|seconds| format!("{seconds} s")).unwrap_or_default()),
        ("zone", rule.zone.clone().unwrap_or_default()),
        ("next fire", moment_or_none(rule.next_fire)),
        ("fires", if rule.execution_count > 0 { rule.execution_count.to_string() } else { String::new() }),
        ("version", rule.version.to_string()),
        ("changed", moment(rule.updated)),
    ])
}

async fn create(client: &Client, screen: &Screen, asked: RuleCreate) -> Result<(), Failure> {
    let written = match &asked.file {
        Some(path) => read_file(path)?,
        None => Written::default(),
    };
    let request = merge(client, asked, written).await?;
    let rule: RuleView = client.call("rule.create", &request).await?;
    screen.show(&rule, || {
        let name = inline(&rule.r#ref);
        if rule.state == RuleStateView::Finished {
            format!("{name} is made, and it has finished: its schedule has no instant left\n")
        } else if request.enabled {
            format!("{name} is made and on: {}\n", inline(&rule.sentence))
        } else {
            format!("{name} is made; switch it on with `attune rule enable {name}`\n")
        }
    })
}

/// What a file may say of a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    r#ref: Option<String>,
    enabled: bool,
    #[serde(flatten)]
    draft: RuleDraftFile,
}

/// The draft, where options may supply what is missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RuleDraftFile {
    label: String,
    description: String,
    tags: Vec<String>,
    trigger_ref: String,
    trigger_params: serde_json::Map<String, Value>,
    conditions: Value,
    action_ref: String,
    action_params: serde_json::Map<String, Value>,
    timeout_seconds: Option<u64>,
}

/// YAML 1.2, of which JSON is a part: `no` and `on` are texts.
fn read_file(path: &Path) -> Result<Written, Failure> {
    let wrong = |what: String| Failure::Usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    if text.len() > limits::YAML_BYTES {
        return Err(wrong(format!("larger than {} bytes", limits::YAML_BYTES)));
    }
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| wrong(error.to_string()))
}

/// Options go before what the file says; values take the types that trigger and action want.
async fn merge(client: &Client, asked: RuleCreate, written: Written) -> Result<RuleCreateRequest, Failure> {
    let Written { r#ref, enabled, draft } = written;
    let trigger_ref = asked.trigger.unwrap_or(draft.trigger_ref);
    let action_ref = asked.action.unwrap_or(draft.action_ref);
    let mut trigger_params = draft.trigger_params;
    if !asked.params.is_empty() {
        let known: TriggerList = client.call("trigger.list", &Empty {}).await?;
        let trigger = known.triggers.iter().find(|trigger| trigger.r#ref == trigger_ref);
        trigger_params.extend(values(&asked.params, trigger.map(|trigger| &trigger.parameters)));
    }
    let mut action_params = draft.action_params;
    if !asked.set.is_empty() {
        let known: ActionList = client.call("action.list", &Empty {}).await?;
        let action = known.actions.iter().find(|action| action.r#ref == action_ref);
        action_params.extend(values(&asked.set, action.map(|action| &action.parameters)));
    }
    let conditions = match asked.conditions {
        Some(text) => door::read_json(text.as_bytes())
            .map_err(|error| Failure::Usage(format!("--conditions is not JSON: {error}")))?,
        None => draft.conditions,
    };
    Ok(RuleCreateRequest {
        r#ref: asked.r#ref.or(r#ref),
        draft: RuleDraft {
            label: asked.label.unwrap_or(draft.label),
            description: asked.description.unwrap_or(draft.description),
            tags: if asked.tags.is_empty() { draft.tags } else { asked.tags },
            trigger_ref,
            trigger_params,
            conditions,
            action_ref,
            action_params,
            timeout_seconds: asked.timeout.or(draft.timeout_seconds),
        },
        enabled: asked.enabled || enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Written, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rule.yaml");
        std::fs::write(&path, text).unwrap();
        read_file(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_holds_a_rule_in_yaml_or_json() {
        let yaml = "ref: default.x\nlabel: X\ntrigger_ref: core.intervaltimer\ntrigger_params:\n  interval: 5\n\
                    action_ref: core.echo\naction_params:\n  message: no\n";
        let rule = read(yaml).unwrap();
        assert_eq!(rule.r#ref.as_deref(), Some("default.x"));
        assert_eq!(rule.draft.trigger_params["interval"], 5);
        assert_eq!(rule.draft.action_params["message"], "no");
        let rule = read(r#"{"label": "Y", "enabled": true, "timeout_seconds": 3}"#).unwrap();
        assert_eq!(
            (rule.draft.label.as_str(), rule.enabled, rule.draft.timeout_seconds),
            ("Y", true, Some(3))
        );
    }

    #[test]
    fn a_wrong_file_is_named_with_what_is_wrong() {
        assert!(read("label: [").unwrap_err().contains("rule.yaml"));
        assert!(read("label: a\nlabel: b\n").is_err());
    }
}
