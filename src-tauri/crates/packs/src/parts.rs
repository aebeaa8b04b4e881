//! The files of a pack, each read into its noun. Both of Attune's dialects are understood.

use crate::entry;
use crate::fields::{Fields, Report};
use crate::runtimes::{self, RUNNERS, Runtimes};
use crate::schemas;
use crate::yaml::{Node, Place};
use model::{
    Action, OutputFormat, PackRef, ParameterDelivery, ParameterFormat, Ref, RuleBody, Runner, Schema, Sensor,
    StarterRule, Trigger, VersionRange, limits,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

const PARAMETERS: &[&str] = &["parameters", "param_schema", "parameter_schema", "parameters_schema"];
const OUTPUT: &[&str] = &["output", "output_schema", "out_schema", "payload_schema"];
const TIMEOUT: &[&str] = &["timeout", "timeout_seconds"];
/// Fields of Attune's that people read and the engine does not.
const FOR_PEOPLE: &[&str] = &[
    "tags",
    "keywords",
    "meta",
    "metadata",
    "examples",
    "docs",
    "documentation",
    "notes",
    "id",
    "pack",
    "pack_ref",
    "system",
    "is_adhoc",
    "category",
    "icon",
    "color",
];

/// What `pack.yaml` says.
pub(crate) struct Head {
    pub(crate) r#ref: PackRef,
    pub(crate) label: String,
    pub(crate) description: String,
    pub(crate) version: String,
    pub(crate) conf_schema: Schema,
    pub(crate) config: Map<String, Value>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) runtimes: Runtimes,
}

/// What every file of a pack needs to know of it.
pub(crate) struct Around<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) pack: &'a PackRef,
    pub(crate) runtimes: &'a Runtimes,
}

pub(crate) fn head(node: &Node, report: &mut Report) -> Option<Head> {
    let mut fields = Fields::of(node, "a pack", report)?;
    let name = fields.required_text(&["ref"], "`my_pack`");
    let version = fields.required_text(&["version"], "`1.0.0`");
    let label = fields.text(&["label", "name"]);
    let description = fields.text(&["description"]).unwrap_or_default();
    let schema = schemas::read(&mut fields, &["conf_schema", "config_schema"], Schema::any());
    let (node, config) = schemas::values(&mut fields, &["config"], &schema);
    let config = schema.with_defaults(config);
    let given =
        |error: &model::Invalid| error.field.split('.').next().is_some_and(|name| config.contains_key(name));
    let errors = schema.check(&Value::Object(config.clone())).err().unwrap_or_default();
    // What a person has yet to fill in is no fault of the pack.
    schemas::tell(&mut fields, "config", node, errors.into_iter().filter(given).collect());
    let env = environment(&mut fields);
    let runtimes = runtimes::of_pack(&mut fields);
    fields.skip(&[
        "author",
        "email",
        "homepage",
        "url",
        "repository",
        "license",
        "dependencies",
        "enabled",
        "is_standard",
        "environments",
        "stackstorm_version",
        "contributors",
    ]);
    fields.skip(FOR_PEOPLE);
    let name = name.and_then(|(text, place)| match text.parse::<PackRef>() {
        Ok(name) if name.as_str() == "default" => {
            fields
                .report
                .error(place, "`default` is the place of the rules that people make; choose another ref");
            None
        }
        Ok(name) => Some(name),
        Err(error) => {
            fields.report.error(place, error.message);
            None
        }
    });
    fields.finish();
    let (name, (version, _)) = (name?, version?);
    let label = label.unwrap_or_else(|| title(name.as_str()));
    Some(Head { r#ref: name, label, description, version, conf_schema: schema, config, env, runtimes })
}

fn environment(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some((node, map)) = fields.map(&["env"]) else { return env };
    for name in map.keys() {
        let place = node.place_of(name);
        let good = !name.starts_with(|first: char| first.is_ascii_digit())
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good || name.starts_with("ATTUNE_") {
            let message = format!(
                "`{}` cannot be set: expected a name such as LANG, not one of ATTUNE_*",
                name.escape_debug()
            );
            fields.report.error(place, message);
            continue;
        }
        match node.get(name).and_then(Node::as_text) {
            Some(text) if !text.contains('\0') => {
                env.insert(name.clone(), text.to_owned());
            }
            _ => fields.report.error(place, format!("`{name}`: expected text without NUL")),
        }
    }
    env
}

/// `echo_every_second` as `Echo every second`.
fn title(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The `ref` of a part, which must lie in the part's own pack.
fn own_ref(fields: &mut Fields<'_>, around: &Around<'_>, example: &str) -> Option<Ref> {
    let example = format!("`{}.{example}`", around.pack);
    let (text, place) = fields.required_text(&["ref"], &example)?;
    match text.parse::<Ref>() {
        Ok(name) if name.pack() == *around.pack => Some(name),
        Ok(name) => {
            let message = format!(
                "`{name}` belongs to the pack `{}`; here every ref begins with `{}.`",
                name.pack(),
                around.pack
            );
            fields.report.error(place, message);
            None
        }
        Err(error) => {
            fields.report.error(place, error.message);
            None
        }
    }
}

/// A ref to something of any pack.
fn any_ref(fields: &mut Fields<'_>, names: &[&'static str], example: &str) -> Option<(Ref, Place)> {
    let (text, place) = fields.required_text(names, example)?;
    match text.parse() {
        Ok(name) => Some((name, place)),
        Err(error) => {
            let error: model::Invalid = error;
            fields.report.error(place, error.message);
            None
        }
    }
}

/// Label and description.
fn names(fields: &mut Fields<'_>, name: Option<&Ref>) -> (String, String) {
    let label = fields.text(&["label", "name"]);
    let label = label.unwrap_or_else(|| name.map_or(String::new(), |name| title(name.name())));
    if label.len() > limits::LABEL_BYTES {
        fields.report.error(fields.place(), format!("`label` is longer than {} bytes", limits::LABEL_BYTES));
    }
    (label, fields.text(&["description"]).unwrap_or_default())
}

pub(crate) fn trigger(node: &Node, around: &Around<'_>, report: &mut Report) -> Option<Trigger> {
    let mut fields = Fields::of(node, "a trigger", report)?;
    let name = own_ref(&mut fields, around, "file_changed");
    let (label, description) = names(&mut fields, name.as_ref());
    let parameters = schemas::read(&mut fields, PARAMETERS, Schema::any());
    let output = schemas::read(&mut fields, OUTPUT, Schema::any());
    fields.skip(&["type", "enabled", "webhook_enabled", "webhook_config", "sensor_ref", "sensor"]);
    fields.skip(FOR_PEOPLE);
    fields.finish();
    Some(Trigger { r#ref: name?, label, description, parameters, output })
}

pub(crate) fn sensor(node: &Node, around: &Around<'_>, report: &mut Report) -> Option<Sensor> {
    let mut fields = Fields::of(node, "a sensor", report)?;
    let name = own_ref(&mut fields, around, "file_sensor");
    let (label, description) = names(&mut fields, name.as_ref());
    let program = program(&mut fields, around, "sensors");
    let types = fields.texts(&[
        "trigger_types",
        "trigger_type",
        "trigger_refs",
        "trigger_ref",
        "triggers",
        "trigger",
    ]);
    if types.is_empty() {
        fields
            .report
            .error(fields.place(), "`trigger_types` is missing: expected the refs of the triggers it serves");
    }
    let mut trigger_types = Vec::new();
    for (text, place) in types {
        match text.parse::<Ref>() {
            Ok(trigger) => trigger_types.push(trigger),
            Err(error) => fields.report.error(place, error.message),
        }
    }
    let schema = schemas::read(&mut fields, PARAMETERS, Schema::any());
    let (node, config) = schemas::values(&mut fields, &["config"], &schema);
    let config = schema.with_defaults(config);
    let errors = schema.check(&Value::Object(config.clone())).err().unwrap_or_default();
    schemas::tell(&mut fields, "config", node, errors);
    fields.skip(&["enabled", "poll_interval", "troubleshooting"]);
    fields.skip(FOR_PEOPLE);
    fields.finish();
    let Program { runner, runtime_version, entry_point, path } = program?;
    Some(Sensor {
        r#ref: name?,
        label,
        description,
        runner,
        runtime_version,
        entry_point,
        path,
        trigger_types,
        config,
    })
}

pub(crate) fn action(node: &Node, around: &Around<'_>, report: &mut Report) -> Option<Action> {
    let mut fields = Fields::of(node, "an action", report)?;
    let name = own_ref(&mut fields, around, "send_mail");
    let (label, description) = names(&mut fields, name.as_ref());
    let program = program(&mut fields, around, "actions");
    let deliveries = [("stdin", ParameterDelivery::Stdin), ("file", ParameterDelivery::File)];
    let formats = [
        ("json", ParameterFormat::Json),
        ("dotenv", ParameterFormat::Dotenv),
        ("yaml", ParameterFormat::Yaml),
    ];
    let outputs = [
        ("text", OutputFormat::Text),
        ("json", OutputFormat::Json),
        ("yaml", OutputFormat::Yaml),
        ("jsonl", OutputFormat::Jsonl),
    ];
    let delivery = fields.word(&["parameter_delivery"], &deliveries).unwrap_or_default();
    let format = fields.word(&["parameter_format"], &formats).unwrap_or_default();
    let output_format = fields.word(&["output_format"], &outputs).unwrap_or_default();
    let timeout_seconds = fields.number(TIMEOUT, "seconds");
    let success_codes = fields.codes(&["success_codes", "success_exit_codes"]);
    let parameters = schemas::read(&mut fields, PARAMETERS, Schema::any());
    let output = schemas::read(&mut fields, OUTPUT, Schema::any());
    fields.skip(&["enabled", "required_worker_runtimes", "retries"]);
    fields.skip(FOR_PEOPLE);
    fields.finish();
    let Program { runner, runtime_version, entry_point, path } = program?;
    Some(Action {
        r#ref: name?,
        label,
        description,
        runner,
        runtime_version,
        entry_point,
        path,
        folder: around.folder.to_path_buf(),
        parameter_delivery: delivery,
        parameter_format: format,
        output_format,
        timeout_seconds,
        success_codes,
        parameters,
        output,
    })
}

/// What runs, and how.
struct Program {
    runner: Runner,
    runtime_version: VersionRange,
    entry_point: String,
    path: Option<std::path::PathBuf>,
}

fn program(fields: &mut Fields<'_>, around: &Around<'_>, folder: &str) -> Option<Program> {
    let runner_names = &["runner_type", "runtime", "runtime_ref", "runner"];
    let runner = if fields.node(runner_names).is_some() {
        fields.word(runner_names, RUNNERS)
    } else {
        fields
            .report
            .error(fields.place(), "`runner_type` is missing: expected shell, python, node or native");
        None
    };
    let runtime_version = runtimes::of_part(fields, runner, around.runtimes);
    let entry_point = fields.required_text(&["entry_point", "entrypoint", "entry"], "`run.sh`");
    let (runner, (entry_point, place)) = (runner?, entry_point?);
    match entry::find(around.folder, folder, &entry_point, runner) {
        Ok(path) => Some(Program { runner, runtime_version, entry_point, path: Some(path) }),
        Err(_) if comes_with_the_app(around, folder, &entry_point, runner) => {
            Some(Program { runner, runtime_version, entry_point, path: None })
        }
        Err(mut message) => {
            if entry::is_shipped_name(&entry_point)
                && folder == "sensors"
                && message.starts_with("there is no file")
            {
                message.push_str(", nor beside the running program");
            }
            fields.report.error(place, message);
            None
        }
    }
}

/// A native sensor that its folder does not hold may be a program of the app.
fn comes_with_the_app(around: &Around<'_>, folder: &str, name: &str, runner: Runner) -> bool {
    let in_folder = around.folder.join(folder).join(name).symlink_metadata().is_ok();
    folder == "sensors" && runner == Runner::Native && !in_folder && entry::shipped_program(name).is_some()
}

/// What a rule's file says of other parts, to be looked up when all are read.
pub(crate) struct Named {
    pub(crate) rule: StarterRule,
    pub(crate) trigger: Place,
    pub(crate) action: Place,
}

pub(crate) fn rule(
    node: &Node,
    around: &Around<'_>,
    triggers: &[Trigger],
    actions: &[Action],
    report: &mut Report,
) -> Option<Named> {
    let mut fields = Fields::of(node, "a rule", report)?;
    let name = own_ref(&mut fields, around, "my_rule");
    let (label, description) = names(&mut fields, name.as_ref());
    let trigger = any_ref(&mut fields, &["trigger_ref", "trigger"], "`core.intervaltimer`");
    let action = any_ref(&mut fields, &["action_ref", "action"], "`core.echo`");
    let timing = trigger_params(&mut fields, trigger.as_ref(), triggers);
    let doing = action_params(&mut fields, action.as_ref(), actions);
    let conditions_node = fields.node(&["conditions", "condition"]);
    let conditions = conditions_node.map_or(Value::Null, Node::value);
    if let Err(errors) = rules::check_conditions(&conditions) {
        for error in errors {
            let inside = error.field.strip_prefix("conditions").unwrap_or(&error.field);
            let place = conditions_node.map_or(fields.place(), |node| node.place_of(inside));
            fields.report.error(place, error.to_string());
        }
    }
    let tags = fields.texts(&["tags", "keywords"]).into_iter().map(|(tag, _)| tag).collect();
    let timeout_seconds = fields.number(TIMEOUT, "seconds");
    if let Some((true, place)) = fields.flag(&["enabled"]) {
        fields.report.warn(place, "rules of a pack arrive disabled; a person enables them");
    }
    fields.skip(FOR_PEOPLE);
    fields.finish();
    let ((trigger_ref, trigger_place), (action_ref, action_place)) = (trigger?, action?);
    let body = RuleBody {
        label,
        description,
        trigger_ref,
        trigger_params: timing,
        conditions,
        action_ref,
        action_params: doing,
        tags,
        timeout_seconds,
    };
    Some(Named { rule: StarterRule { r#ref: name?, body }, trigger: trigger_place, action: action_place })
}

fn trigger_params(
    fields: &mut Fields<'_>,
    trigger: Option<&(Ref, Place)>,
    known: &[Trigger],
) -> Map<String, Value> {
    let trigger = trigger.and_then(|(name, _)| known.iter().find(|trigger| trigger.r#ref == *name));
    let schema = trigger.map_or_else(Schema::any, |trigger| trigger.parameters.clone());
    let (node, params) = schemas::values(fields, &["trigger_params", "trigger_parameters"], &schema);
    let full = Value::Object(schema.with_defaults(params.clone()));
    schemas::tell(fields, "trigger_params", node, schema.check(&full).err().unwrap_or_default());
    params
}

fn action_params(
    fields: &mut Fields<'_>,
    action: Option<&(Ref, Place)>,
    known: &[Action],
) -> Map<String, Value> {
    let action = action.and_then(|(name, _)| known.iter().find(|action| action.r#ref == *name));
    let schema = action.map_or_else(Schema::any, |action| action.parameters.clone());
    let (node, params) = schemas::values(fields, &["action_params", "action_parameters"], &schema);
    let mut errors = rules::check_templates(&params).err().unwrap_or_default();
    errors.extend(rules::check_parameters(&params, &schema));
    for error in &mut errors {
        if let Some(inside) = error.field.strip_prefix("action_params.") {
            error.field = inside.to_owned();
        }
    }
    schemas::tell(fields, "action_params", node, errors);
    params
}
