//! Conditions: a tree of `all`, `any`, `none` over comparisons, a flat list, or one expression.

use crate::compare::{kept, kind};
use crate::expression::{Expression, Failure};
use crate::operator::{OPERATORS, Test, test};
use crate::path::Path;
use crate::scope::{Looking, Scope, Seen};
use model::{Invalid, Reason, RuleId, Timestamp, limits, nearest};
use serde_json::{Map, Value};

/// What every path of this module's errors begins with.
const FIELD: &str = "conditions";

/// Compiled conditions.
#[derive(Debug)]
pub(crate) enum Condition {
    /// Nothing is asked.
    Always,
    Group {
        group: Group,
        path: String,
        inner: Vec<Condition>,
    },
    Leaf(Box<Leaf>),
    Expression {
        path: String,
        expression: Box<Expression>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Group {
    All,
    Any,
    None,
}

const GROUPS: &[(&str, Group)] = &[("all", Group::All), ("any", Group::Any), ("none", Group::None)];

#[derive(Debug)]
pub(crate) struct Leaf {
    path: String,
    field: Path,
    operator: &'static str,
    test: Test,
    /// The value in the rule.
    value: Value,
}

/// Why a look did not match: false, or impossible.
#[derive(Debug, PartialEq)]
pub(crate) enum Miss {
    False(Box<Reason>),
    Broken(Box<Reason>),
}

/// Checks the conditions of a rule.
///
/// # Errors
/// Every place that is wrong, such as `conditions.all.1`.
pub fn check_conditions(conditions: &Value) -> Result<(), Vec<Invalid>> {
    Condition::compile(conditions).map(drop)
}

/// What conditions make of one event `{id, trigger, created, payload}`: none where they match, else the
/// reason why not.
///
/// # Errors
/// What is wrong with the conditions themselves.
pub fn eval_condition(conditions: &Value, event: &Value) -> Result<Option<Reason>, Vec<Invalid>> {
    let condition = Condition::compile(conditions)?;
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let payload = event.get("payload").unwrap_or(&Value::Null);
    let created: Timestamp = text("created").parse().unwrap_or_default();
    let id = event.get("id").and_then(Value::as_i64).unwrap_or_default();
    let seen = Seen::new(id, text("trigger"), created, payload);
    let config = minijinja::context! {};
    let scope = Scope::new(&seen, Looking { rule_ref: "", rule_id: RuleId(0), config: &config });
    Ok(match condition.look(&scope) {
        Ok(()) => None,
        Err(Miss::False(reason) | Miss::Broken(reason)) => Some(*reason),
    })
}

impl Condition {
    pub(crate) fn compile(conditions: &Value) -> Result<Self, Vec<Invalid>> {
        let mut compiling = Compiling { errors: Vec::new(), leaves: 0 };
        let condition = match conditions {
            Value::Null => Self::Always,
            Value::Array(items) if items.is_empty() => Self::Always,
            Value::Array(items) => compiling.flat(items),
            Value::Object(map) if map.is_empty() => Self::Always,
            Value::Object(map) => compiling.node(map, "", limits::NESTING),
            other => {
                let message = format!(
                    "expected a tree of all, any and none, a list, or {{expression: …}}, found {}",
                    kind(other)
                );
                compiling.wrong("", message)
            }
        };
        if compiling.errors.is_empty() { Ok(condition) } else { Err(compiling.errors) }
    }

    /// # Errors
    /// Where the conditions do not hold: the first that is false.
    pub(crate) fn look(&self, scope: &Scope<'_>) -> Result<(), Miss> {
        match self {
            Self::Always => Ok(()),
            Self::Leaf(leaf) => leaf.look(scope.event),
            Self::Expression { path, expression } => {
                let at = |message| {
                    Box::new(Reason { path: path.clone(), message: Some(message), ..Reason::default() })
                };
                match expression.holds(scope) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(Miss::False(at("the expression is false".to_owned()))),
                    // A missing field is an answer, not a mistake.
                    Err(Failure::Undefined(message)) => Err(Miss::False(at(message))),
                    Err(Failure::Broken(message)) => Err(Miss::Broken(at(message))),
                }
            }
            Self::Group { inner, .. } if inner.is_empty() => Ok(()),
            Self::Group { group: Group::All, inner, .. } => inner.iter().try_for_each(|one| one.look(scope)),
            Self::Group { group: Group::Any, inner, .. } => any(inner, scope),
            Self::Group { group: Group::None, path, inner } => none(inner, path, scope),
        }
    }

    /// The condition in a reason, as far as it has one.
    fn reason(&self, scope: &Scope<'_>) -> Box<Reason> {
        match self {
            Self::Leaf(leaf) => leaf.reason(leaf.field.find(scope.event).as_deref(), None),
            Self::Group { path, .. } | Self::Expression { path, .. } => {
                Box::new(Reason { path: path.clone(), ..Reason::default() })
            }
            Self::Always => Box::default(),
        }
    }
}

fn any(inner: &[Condition], scope: &Scope<'_>) -> Result<(), Miss> {
    let mut first = None;
    for one in inner {
        match one.look(scope) {
            Ok(()) => return Ok(()),
            Err(Miss::Broken(reason)) => return Err(Miss::Broken(reason)),
            Err(Miss::False(reason)) => first = first.or(Some(reason)),
        }
    }
    let mut reason = first.unwrap_or_default();
    if inner.len() > 1 {
        let own = reason.message.take().map_or(String::new(), |message| format!(": {message}"));
        reason.message = Some(format!("none of the {} conditions holds{own}", inner.len()));
    }
    Err(Miss::False(reason))
}

fn none(inner: &[Condition], path: &str, scope: &Scope<'_>) -> Result<(), Miss> {
    for (index, one) in inner.iter().enumerate() {
        match one.look(scope) {
            Err(Miss::False(_)) => {}
            Err(broken) => return Err(broken),
            Ok(()) => {
                let mut reason = one.reason(scope);
                reason.path = join(path, &index.to_string());
                reason.message = Some("this holds, and it must not".to_owned());
                return Err(Miss::False(reason));
            }
        }
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

struct Compiling {
    errors: Vec<Invalid>,
    leaves: usize,
}

impl Compiling {
    fn wrong(&mut self, path: &str, message: impl Into<String>) -> Condition {
        self.errors.push(Invalid::new(join(FIELD, path).trim_end_matches('.'), message));
        Condition::Always
    }

    /// Attune's flat list: every one must hold, and fields begin inside the payload.
    fn flat(&mut self, items: &[Value]) -> Condition {
        let inner = items.iter().enumerate().map(|(index, item)| {
            let path = format!("all.{index}");
            match item {
                Value::Object(map) => self.leaf(map, &path, Path::in_payload),
                other => {
                    self.wrong(&path, format!("expected {{field, operator, value}}, found {}", kind(other)))
                }
            }
        });
        let inner = inner.collect();
        Condition::Group { group: Group::All, path: "all".to_owned(), inner }
    }

    fn node(&mut self, map: &Map<String, Value>, path: &str, depth: usize) -> Condition {
        let Some(depth) = depth.checked_sub(1) else {
            return self.wrong("", format!("the conditions lie deeper than {} levels", limits::NESTING));
        };
        if map.contains_key("field") || map.contains_key("operator") {
            return self.leaf(map, path, Path::parse);
        }
        let mut entries = map.iter();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            return self.wrong(
                path,
                "expected exactly one of all, any, none, expression, or {field, operator, value}",
            );
        };
        if name == "expression" {
            return self.expression(value, path);
        }
        let Some((_, group)) = GROUPS.iter().find(|(known, _)| known == name) else {
            let known = ["all", "any", "none", "expression", "field"];
            let hint = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return self.wrong(path, format!("`{name}` is not known here{hint}"));
        };
        let path = join(path, name);
        let Some(items) = value.as_array() else {
            return self.wrong(&path, format!("expected a list of conditions, found {}", kind(value)));
        };
        let inner = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{path}.{index}");
            match item {
                Value::Object(map) if map.is_empty() => Condition::Always,
                Value::Object(map) => self.node(map, &path, depth),
                other => self.wrong(&path, format!("expected a condition, found {}", kind(other))),
            }
        });
        let inner = inner.collect();
        Condition::Group { group: *group, path, inner }
    }

    fn count(&mut self) -> bool {
        self.leaves += 1;
        if self.leaves == limits::CONDITION_LEAVES + 1 {
            self.wrong("", format!("a rule has at most {} conditions", limits::CONDITION_LEAVES));
        }
        self.leaves <= limits::CONDITION_LEAVES
    }

    fn expression(&mut self, value: &Value, path: &str) -> Condition {
        if !self.count() {
            return Condition::Always;
        }
        let here = join(path, "expression");
        let Some(source) = value.as_str() else {
            return self.wrong(
                &here,
                format!("expected text such as event.payload.size > 3, found {}", kind(value)),
            );
        };
        // Braces around the whole are a habit from templates.
        let inner =
            source.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(source);
        match Expression::compile(inner) {
            Ok(expression) => Condition::Expression { path: here, expression: Box::new(expression) },
            Err(wrong) => {
                let skipped = source.find(inner).unwrap_or(0);
                let before = source.get(..skipped + wrong.at).unwrap_or_default();
                self.wrong(&here, format!("column {}: {}", before.chars().count() + 1, wrong.message))
            }
        }
    }

    fn leaf(
        &mut self,
        map: &Map<String, Value>,
        path: &str,
        read: fn(&str) -> Result<Path, String>,
    ) -> Condition {
        if !self.count() {
            return Condition::Always;
        }
        let known = ["field", "operator", "value"];
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let hint = nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return self.wrong(path, format!("`{name}` is not known here{hint}"));
        }
        let field = match map.get("field").map(|field| field.as_str().map(read)) {
            Some(Some(Ok(field))) => field,
            Some(Some(Err(message))) => return self.wrong(&join(path, "field"), message),
            _ => return self.wrong(path, "`field` is missing: expected a path such as event.payload.size"),
        };
        let operator = match map.get("operator").and_then(Value::as_str) {
            Some(operator) => operator,
            None => return self.wrong(path, "`operator` is missing: expected one such as equals"),
        };
        let Some(operator) = OPERATORS.iter().find(|known| **known == operator) else {
            let hint = nearest(operator, OPERATORS.iter().copied());
            let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let shown: String = operator.chars().take(60).collect();
            return self.wrong(&join(path, "operator"), format!("there is no operator `{shown}`{hint}"));
        };
        let value = map.get("value").cloned();
        match test(operator, value.as_ref()) {
            Ok(test) => {
                let value = value.unwrap_or(Value::Null);
                Condition::Leaf(Box::new(Leaf { path: path.to_owned(), field, operator, test, value }))
            }
            Err(message) => self.wrong(&join(path, "value"), message),
        }
    }
}

impl Leaf {
    fn look(&self, event: &Seen<'_>) -> Result<(), Miss> {
        let actual = self.field.find(event);
        if let Test::Exist { wanted } = self.test {
            return if actual.is_some() == wanted {
                Ok(())
            } else {
                Err(Miss::False(self.reason(actual.as_deref(), None)))
            };
        }
        let Some(actual) = actual else {
            return Err(Miss::False(self.reason(None, Some(self.field.why_missing(event)))));
        };
        match self.test.holds(self.operator, &actual, &self.value) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Miss::False(self.reason(Some(&actual), self.hint(&actual)))),
            Err(message) => Err(Miss::False(self.reason(Some(&actual), Some(message)))),
        }
    }

    /// The commonest surprise: the same signs, once as text and once as a number.
    fn hint(&self, actual: &Value) -> Option<String> {
        let (Test::Equal { wanted: true }, true) = (&self.test, kind(actual) != kind(&self.value)) else {
            return None;
        };
        Some(format!("{} is never equal to {}", kind(actual), kind(&self.value)))
    }

    fn reason(&self, actual: Option<&Value>, message: Option<String>) -> Box<Reason> {
        let compares = !matches!(self.test, Test::Exist { .. });
        Box::new(Reason {
            path: self.path.clone(),
            field: Some(self.field.to_string()),
            operator: Some(self.operator.to_owned()),
            expected: compares.then(|| kept(&self.value)),
            actual: actual.map(kept),
            message,
        })
    }
}
