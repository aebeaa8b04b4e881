//! The one door to the engine for everything above it.

use crate::feed::Feed;
use crate::wire::TriggerView;
use crate::{ApiError, Code, command};
use engine::{Answer, Engine, Input, Refusal, RuleChange};
use model::{EventId, EventSource, ExecutionId, Misfire, MisfireId, Ref, Rule, TimerMemory, Timestamp};
use sensors::{FreshToken, Scope, TokenError};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Who calls, as its token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The window, the command line: everything.
    Admin,
    /// A sensor: the protocol, for its triggers.
    Sensor {
        /// Which sensor.
        sensor: Ref,
        /// The triggers that it may post.
        triggers: Arc<[Ref]>,
    },
    /// A running action.
    Execution {
        /// Which execution.
        id: ExecutionId,
        /// The triggers that its action may post.
        emits: Arc<[Ref]>,
    },
}

/// An event as it was posted.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub trigger_ref: String,
    /// The facts.
    pub payload: Value,
    /// `rule_12`, where it is for one rule.
    pub trigger_instance_id: Option<String>,
    /// Under which name it may be posted again without happening again.
    pub dedupe_key: Option<String>,
    /// SHA-256 of what was posted.
    pub body_hash: [u8; 32],
}

/// An event that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its id.
    pub id: EventId,
    /// False where it is a repeat.
    pub created: bool,
}

/// A rule as sensors see it. Times are UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SensorRule {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub r#ref: Ref,
    /// Its trigger.
    pub trigger_ref: Ref,
    /// How the trigger is set up.
    pub trigger_params: Map<String, Value>,
    /// Whether it listens.
    pub enabled: bool,
    /// Where the grid of an interval starts.
    pub anchor: Option<Timestamp>,
    /// The last planned instant that became an event.
    pub last_scheduled_at: Option<Timestamp>,
    /// Every planned instant up to here has fired or was recorded as missed.
    pub handled_until: Option<Timestamp>,
    /// Since when the engine runs: earlier planned instants after `handled_until` were missed.
    pub live_since: Option<Timestamp>,
    /// Fires in the life of the rule.
    pub execution_count: u64,
}

impl SensorRule {
    /// A rule with what its timer remembers, in an engine that runs since `live_since`.
    #[must_use]
    pub fn new(rule: &Rule, timer: TimerMemory, live_since: Timestamp) -> Self {
        Self {
            id: rule.id.0,
            r#ref: rule.r#ref.clone(),
            trigger_ref: rule.body.trigger_ref.clone(),
            trigger_params: rule.body.trigger_params.clone(),
            enabled: rule.enabled(),
            anchor: timer.anchor,
            last_scheduled_at: timer.last_scheduled_at,
            handled_until: timer.handled_until,
            live_since: Some(live_since),
            execution_count: timer.execution_count,
        }
    }
}

/// A page of the rules of a trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorRulePage {
    /// The rules.
    pub items: Vec<SensorRule>,
    /// How many there are in all.
    pub total: usize,
}

/// The one door to the engine. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    pub(crate) engine: Engine,
    admin_token: Arc<str>,
}

impl Api {
    /// A door to an engine, with a fresh token for the admin.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub fn new(engine: Engine) -> Result<Self, ApiError> {
        let issued = engine.tokens().issue(Scope::Admin, None, engine.clock().now());
        let token = issued
            .map_err(|error| ApiError::new(Code::Internal, format!("no token could be made: {error}")))?;
        Ok(Self { engine, admin_token: Arc::from(token.secret) })
    }

    /// Runs a command of the table.
    ///
    /// # Errors
    /// [`ApiError`]: an unknown command, a request that is not understood, or what the command says.
    pub async fn call(&self, command: &str, request: Value) -> Result<Value, ApiError> {
        command::dispatch(self, command, request).await
    }

    /// A place from which to hear what changes.
    #[must_use]
    pub fn feed(&self) -> Feed {
        Feed::new(self.engine.watch())
    }

    /// The engine behind the door.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The token that opens everything, made at this start.
    #[must_use]
    pub fn admin_token(&self) -> String {
        self.admin_token.to_string()
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// [`Code::Unauthorized`], [`Code::TokenExpired`].
    pub fn authenticate(&self, token: &str) -> Result<Caller, ApiError> {
        match self.engine.tokens().check(token, self.engine.clock().now()) {
            Ok(Scope::Admin) => Ok(Caller::Admin),
            Ok(Scope::Sensor { sensor, triggers }) => Ok(Caller::Sensor { sensor, triggers }),
            Ok(Scope::Execution { id, emits }) => Ok(Caller::Execution { id, emits }),
            Err(error) => Err(token_refused(error)),
        }
    }

    /// A new token in place of a sensor's old one.
    ///
    /// # Errors
    /// [`Code::Unauthorized`], [`Code::TokenExpired`].
    pub fn refresh(&self, token: &str) -> Result<FreshToken, ApiError> {
        let (tokens, now) = (self.engine.tokens(), self.engine.clock().now());
        let fresh = tokens.renew(token, now).map_err(token_refused)?;
        if let Ok(Scope::Sensor { sensor, .. }) = tokens.check(&fresh.secret, now) {
            self.engine.roster().token_renewed(&sensor, &fresh);
        }
        Ok(fresh)
    }

    /// Records an event.
    ///
    /// # Errors
    /// [`ApiError`]: a trigger that does not exist or is not the caller's, a payload that its schema does
    /// not allow, a rule that is not its, another content under the same key.
    pub async fn post_event(&self, caller: &Caller, event: NewEvent) -> Result<Posted, ApiError> {
        let (trigger, source) = self.source(caller, &event.trigger_ref)?;
        if let Err(errors) = trigger.output.check_open(&event.payload) {
            let errors: Vec<_> = errors.into_iter().map(|invalid| invalid.under("payload")).collect();
            return Err(ApiError::invalid(&errors));
        }
        let rule = match event.trigger_instance_id.as_deref() {
            None => None,
            Some(text) => Some(engine::rule_of_instance(text).ok_or_else(|| {
                let shown: String = text.chars().take(80).collect();
                let message =
                    format!("`{shown}` names no rule: expected rule_ and a number, such as rule_12");
                model::Invalid::new("trigger_instance_id", message)
            })?),
        };
        let new = engine::NewEvent {
            trigger: trigger.r#ref.clone(),
            payload: Arc::new(event.payload),
            source,
            rule,
            dedupe_key: event.dedupe_key,
            body_hash: event.body_hash,
        };
        match self.ask(Input::Event { event: new, prior: None }).await? {
            Answer::Event { id, created } => Ok(Posted { id, created }),
            _ => Err(ApiError::new(Code::Internal, "the engine answered an event with something else")),
        }
    }

    /// Records planned instants that a sensor could not fire; none where they had come to their end before.
    ///
    /// # Errors
    /// [`ApiError`]: a rule that does not exist, is no timer, or is not of the caller's triggers; a report that
    /// contradicts itself.
    pub async fn post_misfire(
        &self,
        caller: &Caller,
        misfire: Misfire,
    ) -> Result<Option<MisfireId>, ApiError> {
        let triggers = match caller {
            Caller::Admin => None,
            Caller::Sensor { triggers, .. } => Some(triggers.clone()),
            Caller::Execution { id, .. } => {
                let message = format!("execution {id} may not report what timers missed");
                return Err(ApiError::new(Code::Forbidden, message));
            }
        };
        match self.ask(Input::Misfire { misfire, triggers }).await? {
            Answer::Misfire(id) => Ok(id),
            _ => Err(ApiError::new(Code::Internal, "the engine answered a report with something else")),
        }
    }

    fn source(
        &self,
        caller: &Caller,
        trigger_ref: &str,
    ) -> Result<(Arc<model::Trigger>, EventSource), ApiError> {
        let catalog = self.engine.shared().catalog();
        let name: Option<Ref> = trigger_ref.parse().ok();
        let found = name.as_ref().and_then(|name| catalog.trigger(name)).cloned();
        let forbidden = |who: String| {
            Err(ApiError::new(Code::Forbidden, format!("{who} may not post events of `{trigger_ref}`")))
        };
        let Some(trigger) = found else {
            let nearest = catalog.nearest_trigger(trigger_ref);
            let mut error = ApiError::not_found("trigger", trigger_ref, nearest);
            error.code = Code::Invalid;
            return Err(error);
        };
        match caller {
            Caller::Admin => Ok((trigger, EventSource::Person)),
            Caller::Sensor { sensor, triggers } if triggers.contains(&trigger.r#ref) => {
                Ok((trigger, EventSource::Sensor(sensor.clone())))
            }
            Caller::Execution { id, emits } if emits.contains(&trigger.r#ref) => {
                Ok((trigger, EventSource::Execution(*id)))
            }
            Caller::Sensor { sensor, .. } => forbidden(format!("the sensor `{sensor}`")),
            Caller::Execution { id, .. } => forbidden(format!("execution {id}")),
        }
    }

    fn may_read_trigger(caller: &Caller, trigger: &str) -> Result<(), ApiError> {
        match caller {
            Caller::Admin => Ok(()),
            Caller::Sensor { triggers, .. } if triggers.iter().any(|own| own.as_str() == trigger) => Ok(()),
            _ => Err(ApiError::new(Code::Forbidden, format!("this token may not read about `{trigger}`"))),
        }
    }

    /// A page of the enabled rules of a trigger, pages from 1.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for another sensor's trigger, [`Code::NotFound`].
    pub fn sensor_rules(
        &self,
        caller: &Caller,
        trigger: &str,
        page: u32,
        page_size: u32,
    ) -> Result<SensorRulePage, ApiError> {
        self.sensor_trigger(caller, trigger)?;
        let shared = self.engine.shared();
        let rules = shared.rules();
        let mine = || {
            rules.by_id.values().filter(|rule| rule.enabled() && rule.body.trigger_ref.as_str() == trigger)
        };
        let skip = (page.saturating_sub(1) as usize).saturating_mul(page_size as usize);
        let items = mine().skip(skip).take(page_size as usize);
        Ok(SensorRulePage {
            items: items
                .map(|rule| SensorRule::new(rule, shared.timer(rule.id), self.engine.started_at()))
                .collect(),
            total: mine().count(),
        })
    }

    /// One rule by name.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for a rule of another sensor's trigger, [`Code::NotFound`].
    pub fn sensor_rule(&self, caller: &Caller, rule_ref: &str) -> Result<SensorRule, ApiError> {
        let rule = self.rule(rule_ref)?;
        Self::may_read_trigger(caller, rule.body.trigger_ref.as_str())?;
        Ok(SensorRule::new(&rule, self.engine.shared().timer(rule.id), self.engine.started_at()))
    }

    /// One trigger by name.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for another sensor's trigger, [`Code::NotFound`].
    pub fn sensor_trigger(&self, caller: &Caller, trigger_ref: &str) -> Result<TriggerView, ApiError> {
        let catalog = self.engine.shared().catalog();
        let found = trigger_ref.parse::<Ref>().ok().and_then(|name| catalog.trigger(&name).cloned());
        let Some(trigger) = found else {
            return Err(ApiError::not_found("trigger", trigger_ref, catalog.nearest_trigger(trigger_ref)));
        };
        Self::may_read_trigger(caller, trigger_ref)?;
        Ok(crate::commands::trigger_view(&trigger, &catalog))
    }

    /// A place from which to hear of rule changes.
    #[must_use]
    pub fn rule_changes(&self) -> broadcast::Receiver<Arc<RuleChange>> {
        self.engine.shared().rule_changes()
    }

    pub(crate) async fn ask(&self, input: Input) -> Result<Answer, ApiError> {
        self.engine.ask(input).await.map_err(|refusal| refused(&refusal))
    }

    pub(crate) fn rule(&self, name: &str) -> Result<Arc<Rule>, ApiError> {
        let rules = self.engine.shared().rules();
        let found = name.parse::<Ref>().ok().and_then(|name| rules.named(&name).cloned());
        found.ok_or_else(|| {
            ApiError::not_found("rule", name, model::nearest(name, rules.by_ref.keys().map(Ref::as_str)))
        })
    }
}

fn token_refused(error: TokenError) -> ApiError {
    let code = if error == TokenError::Expired { Code::TokenExpired } else { Code::Unauthorized };
    ApiError::new(code, error.to_string())
}

pub(crate) fn refused(refusal: &Refusal) -> ApiError {
    let code = match refusal {
        Refusal::Invalid(fields) => return ApiError::invalid(fields),
        Refusal::NotFound { .. } => Code::NotFound,
        Refusal::Conflict(_) => Code::Conflict,
        Refusal::Busy(_) => Code::Busy,
        Refusal::StorageFull(_) => Code::StorageFull,
        Refusal::Unavailable(_) => Code::Unavailable,
    };
    ApiError::new(code, refusal.to_string())
}
