//! Conditions: a tree of `all`, `any`, `none` over comparisons, a flat list, or one expression.

mod read;
mod write;

pub use write::full_conditions;

use crate::circumstances::Circumstances;
use crate::compare::{kept, kind, same};
use crate::expression::Expression;
use crate::memory::{Change, Remembered};
use crate::operator::Test;
use crate::path::Path;
use crate::scope::{Config, Scope, Seen};
use crate::zone::Zone;
use model::{Invalid, Outcome, Reason, RuleId, Timestamp};
use serde_json::Value;

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
        source: String,
        expression: Box<Expression>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Group {
    All,
    Any,
    None,
}

#[derive(Debug)]
pub(crate) struct Leaf {
    path: String,
    /// The field, written out.
    name: String,
    field: Path,
    operator: &'static str,
    test: Test,
    /// The value in the rule.
    value: Value,
    /// The zone in the rule; otherwise the user's.
    zone: Option<Zone>,
}

/// Why a look did not match: false, or impossible.
#[derive(Debug, PartialEq)]
pub(crate) enum Miss {
    False(Box<Reason>),
    Broken(Box<Reason>),
}

/// What a condition says, without the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    Broken,
}

/// How many events one condition let through, alone, whatever the others say. In a `none` group it lets
/// through what it does not hold for: the counts follow the group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Where it stands: `all.1` for a comparison, `all.1.any` for a group, `all.2.expression`.
    pub path: String,
    /// Events that it lets through.
    pub passes: u64,
    /// Events that it stops.
    pub stops: u64,
    /// Events for which it cannot be worked out.
    pub errors: u64,
}

/// Checks the conditions of a rule.
///
/// # Errors
/// Every place that is wrong, such as `conditions.all.1`.
pub fn check_conditions(conditions: &Value) -> Result<(), Vec<Invalid>> {
    Condition::compile(conditions).map(drop)
}

/// What conditions make of an event that is nowhere recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// Matched, unmatched or error.
    pub outcome: Outcome,
    /// Why not, unless matched.
    pub reason: Option<Reason>,
}

/// What conditions make of one event `{id, trigger, created, payload}`, given the event before it where they
/// ask whether something changed.
///
/// # Errors
/// What is wrong with the conditions themselves.
pub fn eval_condition(
    conditions: &Value,
    event: &Value,
    previous: Option<&Value>,
    around: &Circumstances<'_>,
) -> Result<Looked, Vec<Invalid>> {
    let condition = Condition::compile(conditions)?;
    let previous = previous.and_then(|event| Remembered::next(&condition.watched(), &seen(event), None));
    let scope = Scope {
        event: &seen(event),
        rule_ref: "",
        rule_id: RuleId(0),
        config: &Config::default(),
        zone: around.zone,
        previous: previous.as_ref(),
        keys: around.keys,
        secret: false,
    };
    let (outcome, reason) = match condition.look(&scope) {
        Ok(()) => (Outcome::Matched, None),
        Err(Miss::False(reason)) => (Outcome::Unmatched, Some(*reason)),
        Err(Miss::Broken(reason)) => (Outcome::Error, Some(*reason)),
    };
    Ok(Looked { outcome, reason })
}

fn seen(event: &Value) -> Seen<'_> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    Seen {
        id: event.get("id").and_then(Value::as_i64).unwrap_or_default(),
        trigger: text("trigger"),
        created: text("created").parse::<Timestamp>().unwrap_or_default(),
        payload: event.get("payload").unwrap_or(&Value::Null),
    }
}

impl Condition {
    pub(crate) fn compile(conditions: &Value) -> Result<Self, Vec<Invalid>> {
        read::read(conditions)
    }

    /// # Errors
    /// Where the conditions do not hold: the first that is false.
    pub(crate) fn look(&self, scope: &Scope<'_>) -> Result<(), Miss> {
        match self {
            Self::Always => Ok(()),
            Self::Leaf(leaf) => leaf.look(scope),
            Self::Expression { path, expression, .. } => {
                let at = |message| {
                    Box::new(Reason { path: path.clone(), message: Some(message), ..Reason::default() })
                };
                match expression.holds(scope) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(Miss::False(at("the expression is false".to_owned()))),
                    // A missing field or one of another kind is an answer, not a mistake.
                    Err(failure) => {
                        let message = at(format!("{}: {}", failure.place, failure.message()));
                        Err(if failure.is_unmatched() { Miss::False(message) } else { Miss::Broken(message) })
                    }
                }
            }
            Self::Group { inner, .. } if inner.is_empty() => Ok(()),
            Self::Group { group: Group::All, inner, .. } => inner.iter().try_for_each(|one| one.look(scope)),
            Self::Group { group: Group::Any, inner, .. } => any(inner, scope),
            Self::Group { group: Group::None, path, inner } => none(inner, path, scope),
        }
    }

    /// The same without the reason, for those who only count.
    pub(crate) fn ask(&self, scope: &Scope<'_>) -> Answer {
        match self {
            Self::Always => Answer::Yes,
            Self::Leaf(leaf) => Answer::of(leaf.holds(scope)),
            Self::Expression { expression, .. } => match expression.holds(scope) {
                Ok(holds) => Answer::of(holds),
                Err(failure) => {
                    if failure.is_unmatched() {
                        Answer::No
                    } else {
                        Answer::Broken
                    }
                }
            },
            Self::Group { group, inner, .. } => decide(*group, inner.iter().map(|one| one.ask(scope))),
        }
    }

    /// Asks every condition about one event and counts what each says. `counts` begins with this condition's
    /// own place, as [`Condition::places`] lists them; what it leaves is for those that come after.
    pub(crate) fn count<'c>(
        &self,
        scope: &Scope<'_>,
        in_none: bool,
        counts: &'c mut [Count],
    ) -> (Answer, &'c mut [Count]) {
        let Some((own, mut rest)) =
            (!matches!(self, Self::Always)).then(|| counts.split_first_mut()).flatten()
        else {
            return (Answer::Yes, &mut []);
        };
        let answer = match self {
            Self::Group { group, inner, .. } => {
                let in_none = in_none != (*group == Group::None);
                let mut answers = Vec::with_capacity(inner.len());
                for one in inner {
                    if matches!(one, Self::Always) {
                        answers.push(Answer::Yes);
                        continue;
                    }
                    let (answer, after) = one.count(scope, in_none, rest);
                    answers.push(answer);
                    rest = after;
                }
                decide(*group, answers.into_iter())
            }
            other => other.ask(scope),
        };
        match answer {
            Answer::Broken => own.errors += 1,
            answer if (answer == Answer::Yes) != in_none => own.passes += 1,
            _ => own.stops += 1,
        }
        (answer, rest)
    }

    /// A count for each place, in the order in which they are written, groups before what is in them.
    pub(crate) fn places(&self) -> Vec<Count> {
        let mut places = Vec::new();
        self.visit(&mut |condition| {
            let path = match condition {
                Self::Always => return,
                Self::Leaf(leaf) => &leaf.path,
                Self::Group { path, .. } | Self::Expression { path, .. } => path,
            };
            places.push(Count { path: path.clone(), ..Count::default() });
        });
        places
    }

    /// The fields whose values must be kept for the next event.
    pub(crate) fn watched(&self) -> Vec<Path> {
        let mut watched: Vec<Path> = Vec::new();
        self.visit(&mut |condition| {
            if let Self::Leaf(leaf) = condition
                && matches!(leaf.test, Test::Change)
                && !watched.contains(&leaf.field)
            {
                watched.push(leaf.field.clone());
            }
        });
        watched
    }

    fn visit(&self, seen: &mut dyn FnMut(&Self)) {
        seen(self);
        if let Self::Group { inner, .. } = self {
            inner.iter().for_each(|one| one.visit(seen));
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

impl Answer {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a group makes of its members, who are asked one after the other for as long as it is open.
fn decide(group: Group, inner: impl Iterator<Item = Answer>) -> Answer {
    let mut asked = false;
    for answer in inner {
        asked = true;
        match (group, answer) {
            (_, Answer::Broken) => return Answer::Broken,
            (Group::All, Answer::No) | (Group::None, Answer::Yes) => return Answer::No,
            (Group::Any, Answer::Yes) => return Answer::Yes,
            _ => {}
        }
    }
    Answer::of(group != Group::Any || !asked)
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

impl Leaf {
    fn zone<'s>(&'s self, scope: &Scope<'s>) -> &'s Zone {
        self.zone.as_ref().unwrap_or(scope.zone)
    }

    fn change(&self, actual: &Value, scope: &Scope<'_>) -> Change {
        Remembered::change(scope.previous, &self.name, actual)
    }

    fn holds(&self, scope: &Scope<'_>) -> bool {
        let actual = self.field.find(scope.event);
        match (&self.test, actual) {
            (Test::Exist { wanted }, actual) => actual.is_some() == *wanted,
            (_, None) => false,
            (Test::Change, Some(actual)) => self.change(&actual, scope) == Change::Changed,
            (test, Some(actual)) => {
                test.holds(self.operator, &actual, &self.value, self.zone(scope)) == Ok(true)
            }
        }
    }

    fn look(&self, scope: &Scope<'_>) -> Result<(), Miss> {
        let no = |actual, message| Err(Miss::False(self.reason(actual, message)));
        let actual = self.field.find(scope.event);
        match (&self.test, actual.as_deref()) {
            (Test::Exist { wanted }, actual) if actual.is_some() == *wanted => Ok(()),
            (Test::Exist { .. }, actual) => no(actual, None),
            (_, None) => no(None, Some(self.field.why_missing(scope.event))),
            (Test::Change, Some(actual)) => match self.change(actual, scope) {
                Change::Changed => Ok(()),
                Change::Same => no(Some(actual), Some("it is the same as in the event before".to_owned())),
                Change::First => {
                    no(Some(actual), Some("there is no event before this one to compare with".to_owned()))
                }
            },
            (test, Some(actual)) => match test.holds(self.operator, actual, &self.value, self.zone(scope)) {
                Ok(true) => Ok(()),
                Ok(false) => no(Some(actual), self.hint(actual, scope)),
                Err(message) => no(Some(actual), Some(message)),
            },
        }
    }

    /// The commonest surprises: the same signs, once as text and once as a number; a time in another zone.
    fn hint(&self, actual: &Value, scope: &Scope<'_>) -> Option<String> {
        match &self.test {
            Test::Equal { wanted: true } if kind(actual) != kind(&self.value) => {
                Some(format!("{} is never equal to {}", kind(actual), kind(&self.value)))
            }
            Test::Among { wanted: true } => {
                let items = self.value.as_array()?;
                let alike = items.iter().find(|item| spelled_alike(item, actual))?;
                Some(format!("{} is never equal to {}", kind(actual), kind(alike)))
            }
            Test::TimeBetween(_) | Test::WeekdayIn(_) => {
                let zone = self.zone(scope);
                let moment = crate::times::Moment::read(actual, zone)?;
                Some(format!("it is {} in {}", moment.told(), zone.name()))
            }
            _ => None,
        }
    }

    fn reason(&self, actual: Option<&Value>, message: Option<String>) -> Box<Reason> {
        let compares = !matches!(self.test, Test::Exist { .. } | Test::Change);
        Box::new(Reason {
            path: self.path.clone(),
            field: Some(self.name.clone()),
            operator: Some(self.operator.to_owned()),
            expected: compares.then(|| kept(&self.value)),
            actual: actual.map(kept),
            message,
        })
    }
}

/// `3` and `"3"`.
fn spelled_alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(text), Value::Number(number)) | (Value::Number(number), Value::String(text)) => {
            serde_json::from_str(text).is_ok_and(|read| same(&read, &Value::Number(number.clone())))
        }
        _ => false,
    }
}
