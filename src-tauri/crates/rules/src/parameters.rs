//! The parameters that a rule gives its action: values, and templates at any depth.

use crate::expression::{Budget, Failure};
use crate::scope::Scope;
use crate::template::{self, Template};
use model::{Invalid, Reason, Schema, limits};
use serde_json::{Map, Value};

/// Templates of one rule.
const TEMPLATES: usize = 1_000;
/// What every path of this module begins with.
const FIELD: &str = "action_params";

/// Compiled parameters.
#[derive(Debug)]
pub(crate) enum Parameters {
    /// Nothing to render: most rules.
    Fixed(Map<String, Value>),
    Rendered(Vec<(String, Part)>),
}

/// A value with templates somewhere in it.
#[derive(Debug)]
pub(crate) enum Part {
    Fixed(Value),
    Text { path: String, template: Template },
    List(Vec<Part>),
    Map(Vec<(String, Part)>),
}

/// Whether a value is a text with a template in it, so that it is known only when the rule fires.
#[must_use]
pub fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(template::is_template)
}

fn holds_template(value: &Value) -> bool {
    match value {
        Value::String(text) => template::is_template(text),
        Value::Array(items) => items.iter().any(holds_template),
        Value::Object(map) => map.values().any(holds_template),
        _ => false,
    }
}

/// Checks the templates of a rule's `action_params`.
///
/// # Errors
/// Every template that cannot be used, with its place (`action_params.message`) and column.
pub fn check_templates(params: &Map<String, Value>) -> Result<(), Vec<Invalid>> {
    Parameters::compile(params).map(drop)
}

/// What is wrong with a rule's `action_params`, given what the action takes. Defaults count as given, and
/// templates as whatever is needed in their place.
#[must_use]
pub fn check_parameters(params: &Map<String, Value>, schema: &Schema) -> Vec<Invalid> {
    let full = Value::Object(schema.with_defaults(params.clone()));
    let errors = schema.check_except(&full, &is_template).err().unwrap_or_default();
    errors.into_iter().map(|error| error.under(FIELD)).collect()
}

impl Parameters {
    pub(crate) fn compile(params: &Map<String, Value>) -> Result<Self, Vec<Invalid>> {
        if !params.values().any(holds_template) {
            return Ok(Self::Fixed(params.clone()));
        }
        let mut compiling = Compiling { errors: Vec::new(), templates: 0 };
        let parts = params.iter().map(|(name, value)| {
            (name.clone(), compiling.part(value, format!("{FIELD}.{name}"), limits::NESTING))
        });
        let parts = parts.collect();
        if compiling.errors.is_empty() { Ok(Self::Rendered(parts)) } else { Err(compiling.errors) }
    }

    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<Map<String, Value>, Box<Reason>> {
        match self {
            Self::Fixed(params) => Ok(params.clone()),
            Self::Rendered(parts) => parts
                .iter()
                .map(|(name, part)| Ok((name.clone(), part.render(scope, &mut Budget::default())?)))
                .collect(),
        }
    }
}

struct Compiling {
    errors: Vec<Invalid>,
    templates: usize,
}

impl Compiling {
    fn part(&mut self, value: &Value, path: String, depth: usize) -> Part {
        if !holds_template(value) {
            return Part::Fixed(value.clone());
        }
        let Some(depth) = depth.checked_sub(1) else {
            self.errors
                .push(Invalid::new(FIELD, format!("the values lie deeper than {} levels", limits::NESTING)));
            return Part::Fixed(Value::Null);
        };
        match value {
            Value::Array(items) => Part::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.part(item, format!("{path}.{index}"), depth))
                    .collect(),
            ),
            Value::Object(map) => Part::Map(
                map.iter()
                    .map(|(name, item)| (name.clone(), self.part(item, format!("{path}.{name}"), depth)))
                    .collect(),
            ),
            other => self.text(other.as_str().unwrap_or_default(), path),
        }
    }

    fn text(&mut self, text: &str, path: String) -> Part {
        self.templates += 1;
        if self.templates > TEMPLATES {
            if self.templates == TEMPLATES + 1 {
                self.errors.push(Invalid::new(FIELD, format!("a rule has at most {TEMPLATES} templates")));
            }
            return Part::Fixed(Value::Null);
        }
        match Template::compile(text) {
            Ok(template) => Part::Text { path, template },
            Err(wrong) => {
                let column = text.get(..wrong.at).map_or(1, |before| before.chars().count() + 1);
                self.errors.push(Invalid::new(path, format!("column {column}: {}", wrong.message)));
                Part::Fixed(Value::Null)
            }
        }
    }
}

impl Part {
    fn render(&self, scope: &Scope<'_>, budget: &mut Budget) -> Result<Value, Box<Reason>> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Text { path, template } => {
                template.render(scope, budget).map_err(|failure| reason(path, failure))
            }
            Self::List(items) => items
                .iter()
                .map(|item| item.render(scope, budget))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Map(entries) => {
                let entries =
                    entries.iter().map(|(name, item)| Ok((name.clone(), item.render(scope, budget)?)));
                entries.collect::<Result<_, _>>().map(Value::Object)
            }
        }
    }
}

fn reason(path: &str, failure: Failure) -> Box<Reason> {
    Box::new(Reason { path: path.to_owned(), message: Some(failure.message()), ..Reason::default() })
}
