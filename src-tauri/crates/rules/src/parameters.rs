//! The parameters that a rule gives its action: values, and templates at any depth.

use crate::fault::Fault;
use crate::language::{Budget, Dialect, Names, Place, Uses, Wrong};
use crate::scope::{Given, Scope};
use crate::template::{self, Template};
use model::{Invalid, Schema, limits};
use serde_json::{Map, Value};

/// Templates of one rule.
const TEMPLATES: usize = 1_000;
/// What every path of this module begins with.
const FIELD: &str = "action_params";

/// Compiled parameters.
#[derive(Debug)]
pub(crate) struct Parameters {
    values: Values,
    /// Parameters that a secret may reach: nothing that shows or keeps values may show or keep these.
    pub(crate) secrets: Vec<String>,
}

#[derive(Debug)]
enum Values {
    /// Nothing to render: most rules.
    Fixed(Map<String, Value>),
    Rendered(Vec<(String, Part)>),
}

/// A value with templates somewhere in it.
#[derive(Debug)]
pub(crate) enum Part {
    Fixed(Value),
    Text {
        path: String,
        template: Box<Template>,
        /// Whether its place in the parameters is a secret one.
        secret: bool,
    },
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

/// Checks the templates of a rule's `action_params`, as far as that can be done without knowing the action.
///
/// # Errors
/// Every template that cannot be used, with its place (`action_params.message`) and column.
pub fn check_templates(params: &Map<String, Value>) -> Result<(), Vec<Invalid>> {
    let mut compiling = Compiling::new(Dialect::Parameter, None);
    compiling.values(params, None);
    told(compiling.errors)
}

/// What is wrong with a rule's `action_params`, given what the action takes. Defaults count as given, and
/// templates as whatever is needed in their place. A key may be asked for only where the action declares the
/// parameter secret.
#[must_use]
pub fn check_parameters(params: &Map<String, Value>, schema: &Schema) -> Vec<Invalid> {
    let full = Value::Object(schema.with_defaults(params.clone()));
    let errors = schema.check_except(&full, &is_template).err().unwrap_or_default();
    let mut errors: Vec<Invalid> = errors.into_iter().map(|error| error.under(FIELD)).collect();
    let mut compiling = Compiling::new(Dialect::Parameter, None);
    compiling.values(params, Some(schema));
    errors.extend(compiling.misplaced.into_iter().map(Invalid::from));
    errors
}

/// A value with its templates rendered, given the names that they may use. A text that is one template keeps
/// the type of its value.
///
/// # Errors
/// The path of the first template inside the value that cannot be read or worked out, and what is wrong.
pub fn render(template: &Value, context: &Map<String, Value>) -> Result<Value, Fault> {
    let mut compiling = Compiling::new(Dialect::Open, None);
    let spot = Spot { path: String::new(), schema: None, secret: false, parameter: "" };
    let part = compiling.part(template, &spot, limits::NESTING);
    if let Some(fault) = compiling.errors.into_iter().next() {
        return Err(fault);
    }
    let names = Given(context);
    part.render([&names, &names], &mut Budget::default())
}

fn told(faults: Vec<Fault>) -> Result<(), Vec<Invalid>> {
    if faults.is_empty() { Ok(()) } else { Err(faults.into_iter().map(Invalid::from).collect()) }
}

impl Parameters {
    /// Without the action's schema no parameter counts as secret. `hidden` are the settings of the pack that
    /// only secret parameters may hold.
    pub(crate) fn compile(
        params: &Map<String, Value>,
        schema: Option<&Schema>,
        hidden: &Value,
    ) -> Result<Self, Vec<Invalid>> {
        if !params.values().any(holds_template) {
            return Ok(Self { values: Values::Fixed(params.clone()), secrets: Vec::new() });
        }
        let mut compiling = Compiling::new(Dialect::Parameter, Some(hidden));
        let parts = compiling.values(params, schema);
        compiling.errors.append(&mut compiling.misplaced);
        told(compiling.errors)?;
        Ok(Self { values: Values::Rendered(parts), secrets: compiling.secrets })
    }

    /// Whether they can be rendered; what they are is not asked.
    pub(crate) fn can_render(&self, scope: &Scope<'_>) -> bool {
        matches!(self.values, Values::Fixed(_)) || self.render(scope).is_ok()
    }

    pub(crate) fn render(&self, scope: &Scope<'_>) -> Result<Map<String, Value>, Fault> {
        let parts = match &self.values {
            Values::Fixed(params) => return Ok(params.clone()),
            Values::Rendered(parts) => parts,
        };
        let hidden = Scope { secret: true, ..*scope };
        let mut total = 0_usize;
        let mut params = Map::new();
        for (name, part) in parts {
            let mut budget = Budget::default();
            params.insert(name.clone(), part.render([scope, &hidden], &mut budget)?);
            total += budget.used();
            if total > limits::PARAMETERS_BYTES {
                let most = limits::PARAMETERS_BYTES;
                return Err(Fault::whole(
                    FIELD,
                    format!("the parameters together are larger than {most} bytes"),
                ));
            }
        }
        Ok(params)
    }
}

/// Values with templates, made ready.
struct Compiling<'a> {
    dialect: Dialect,
    hidden: Option<&'a Value>,
    templates: usize,
    errors: Vec<Fault>,
    /// Secrets in templates whose place is not a secret one.
    misplaced: Vec<Fault>,
    secrets: Vec<String>,
}

/// Where a value stands.
#[derive(Clone)]
struct Spot<'a> {
    path: String,
    /// What the action says of the value there.
    schema: Option<&'a Value>,
    secret: bool,
    /// The name of the whole parameter.
    parameter: &'a str,
}

impl<'a> Spot<'a> {
    /// What the path begins with, for what is wrong with all values together.
    fn root(&self) -> &'static str {
        if self.parameter.is_empty() { "" } else { FIELD }
    }

    fn inner(&self, name: &str, schema: Option<&'a Value>) -> Self {
        Self {
            path: if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) },
            schema,
            secret: self.secret || is_secret(schema),
            parameter: self.parameter,
        }
    }
}

fn is_secret(schema: Option<&Value>) -> bool {
    schema.and_then(|schema| schema.get("secret")) == Some(&Value::Bool(true))
}

impl<'a> Compiling<'a> {
    fn new(dialect: Dialect, hidden: Option<&'a Value>) -> Self {
        Self { dialect, hidden, templates: 0, errors: Vec::new(), misplaced: Vec::new(), secrets: Vec::new() }
    }

    fn values(&mut self, params: &Map<String, Value>, schema: Option<&Schema>) -> Vec<(String, Part)> {
        let mut parts = Vec::with_capacity(params.len());
        for (name, value) in params {
            let schema = schema.and_then(|schema| schema.property(name));
            let spot =
                Spot { path: format!("{FIELD}.{name}"), schema, secret: is_secret(schema), parameter: name };
            parts.push((name.clone(), self.part(value, &spot, limits::NESTING)));
        }
        parts
    }

    fn part(&mut self, value: &Value, spot: &Spot<'_>, depth: usize) -> Part {
        if !holds_template(value) {
            return Part::Fixed(value.clone());
        }
        let Some(depth) = depth.checked_sub(1) else {
            let message = format!("the values lie deeper than {} levels", limits::NESTING);
            self.errors.push(Fault::whole(spot.root(), message));
            return Part::Fixed(Value::Null);
        };
        let below = |key: &str| spot.schema.and_then(|schema| schema.get(key));
        match value {
            Value::Array(items) => {
                let inner = |index: usize| spot.inner(&index.to_string(), below("items"));
                let parts = items.iter().enumerate();
                Part::List(parts.map(|(index, item)| self.part(item, &inner(index), depth)).collect())
            }
            Value::Object(map) => {
                let inner = |name: &str| spot.inner(name, below("properties").and_then(|all| all.get(name)));
                let parts = map.iter();
                Part::Map(
                    parts.map(|(name, item)| (name.clone(), self.part(item, &inner(name), depth))).collect(),
                )
            }
            other => self.text(other.as_str().unwrap_or_default(), spot),
        }
    }

    fn text(&mut self, text: &str, spot: &Spot<'_>) -> Part {
        self.templates += 1;
        if self.templates > TEMPLATES {
            if self.templates == TEMPLATES + 1 {
                let message = format!("a rule has at most {TEMPLATES} templates");
                self.errors.push(Fault::whole(spot.root(), message));
            }
            return Part::Fixed(Value::Null);
        }
        match Template::compile(text, self.dialect) {
            Ok(template) => {
                template.uses().for_each(|uses| self.note(uses, spot));
                Part::Text { path: spot.path.clone(), template: Box::new(template), secret: spot.secret }
            }
            Err(wrong) => {
                self.errors.push(Fault::wrong(&spot.path, wrong));
                Part::Fixed(Value::Null)
            }
        }
    }

    /// What a template uses: a secret in a place that is not for secrets is refused, in one that is it makes
    /// the whole parameter secret.
    fn note(&mut self, uses: &Uses, spot: &Spot<'_>) {
        if spot.secret {
            let fed = uses.key.is_some() || uses.config;
            if fed && !self.secrets.iter().any(|name| name == spot.parameter) {
                self.secrets.push(spot.parameter.to_owned());
            }
            return;
        }
        let mut misplaced = |place: Place, what: &str| {
            let parameter = spot.parameter;
            let message = format!(
                "{what} is secret, and `{parameter}` is not: only a parameter that the action declares secret may hold it"
            );
            self.misplaced.push(Fault::wrong(&spot.path, Wrong::new(place, message)));
        };
        if let Some(place) = uses.key {
            misplaced(place, "what `key(…)` gives");
        }
        for (name, place) in &uses.settings {
            if self.hidden.is_some_and(|hidden| hidden.get(name).is_some()) {
                misplaced(*place, &format!("`pack.config.{name}`"));
            }
        }
    }
}

impl Part {
    /// `names` for an ordinary and for a secret place.
    fn render(&self, names: [&dyn Names; 2], budget: &mut Budget) -> Result<Value, Fault> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Text { path, template, secret } => {
                let [open, hidden] = names;
                let rendered = template.render(if *secret { hidden } else { open }, budget);
                rendered.map_err(|failure| Fault::failed(path, &failure))
            }
            Self::List(items) => {
                let items = items.iter().map(|item| item.render(names, budget));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Map(entries) => {
                let entries =
                    entries.iter().map(|(name, item)| Ok((name.clone(), item.render(names, budget)?)));
                entries.collect::<Result<_, _>>().map(Value::Object)
            }
        }
    }
}
