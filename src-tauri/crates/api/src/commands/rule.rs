//! Rules.

use crate::wire::{
    Empty, ExecutionRow, FireView, RuleCheck, RuleCheckRequest, RuleCreateRequest, RuleDraft, RuleList,
    RuleRecent, RuleRecentList, RuleRecentRequest, RuleRequest, RuleRow, RuleStateView, RuleUpdateRequest,
    RuleView, Time, other_zone,
};
use crate::{Api, ApiError, Code};
use engine::{Answer, Input, Rules, body_faults, same_grid};
use model::{Invalid, Ref, Rule, RuleBody, RuleId, RuleState};
use schedule::Schedule;

/// Fires that a draft's preview shows.
const PREVIEW: usize = 10;
/// The pack of rules that people make.
const OWN_PACK: &str = "default";

impl From<RuleState> for RuleStateView {
    fn from(state: RuleState) -> Self {
        match state {
            RuleState::Enabled => Self::Enabled,
            RuleState::Disabled => Self::Disabled,
            RuleState::Finished => Self::Finished,
        }
    }
}

/// A draft as the engine takes it, or every name in it that is none.
fn body(draft: RuleDraft) -> Result<RuleBody, Vec<Invalid>> {
    let mut errors = Vec::new();
    let mut name = |text: &str, field: &str| match text.parse::<Ref>() {
        Ok(name) => Some(name),
        Err(invalid) => {
            errors.push(Invalid::new(field, invalid.message));
            None
        }
    };
    let (trigger_ref, action_ref) =
        (name(&draft.trigger_ref, "trigger_ref"), name(&draft.action_ref, "action_ref"));
    let (Some(trigger_ref), Some(action_ref)) = (trigger_ref, action_ref) else { return Err(errors) };
    Ok(RuleBody {
        label: draft.label,
        description: draft.description,
        trigger_ref,
        trigger_params: draft.trigger_params,
        conditions: draft.conditions,
        action_ref,
        action_params: draft.action_params,
        tags: draft.tags,
        timeout_seconds: draft.timeout_seconds,
    })
}

/// A ref made from a label: `Echo every second` to `default.echo_every_second`, numbered where it is taken.
fn free_ref(label: &str, rules: &Rules) -> Result<Ref, Invalid> {
    let mut name = String::new();
    for character in label.chars().flat_map(char::to_lowercase).take(60) {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    let name = if name.is_empty() { "rule" } else { name };
    let first = format!("{OWN_PACK}.{name}");
    let numbered = (2_u32..).map(|number| format!("{first}_{number}"));
    for candidate in std::iter::once(first.clone()).chain(numbered) {
        let candidate: Ref = candidate.parse()?;
        if !rules.by_ref.contains_key(&candidate) {
            return Ok(candidate);
        }
    }
    Err(Invalid::new("ref", "no free ref could be found"))
}

/// The ref that a new rule is to have.
fn wished_ref(wish: Option<&str>, label: &str, rules: &Rules) -> Result<Ref, Invalid> {
    let Some(wish) = wish.filter(|wish| !wish.is_empty()) else { return free_ref(label, rules) };
    let name: Ref = wish.parse()?;
    if name.pack().as_str() != OWN_PACK {
        let message = format!(
            "rules that you make belong to the pack `{OWN_PACK}`: call it {OWN_PACK}.{}",
            name.name()
        );
        return Err(Invalid::new("ref", message));
    }
    Ok(name)
}

impl Api {
    pub(super) fn rule_view(&self, rule: &Rule, rules: &Rules) -> RuleView {
        let schedule = rules.schedules.get(&rule.id);
        let sentence = schedule.map_or_else(|| self.trigger_sentence(rule), |schedule| schedule.sentence());
        let fault = rules.faults.get(&rule.id).and_then(|faults| faults.first()).map(ToString::to_string);
        let now = self.engine.clock().now();
        let next = schedule.filter(|_| rule.enabled()).and_then(|schedule| schedule.next_after(now));
        RuleView {
            id: rule.id.0,
            r#ref: rule.r#ref.to_string(),
            pack: rule.r#ref.pack().to_string(),
            label: rule.body.label.clone(),
            description: rule.body.description.clone(),
            tags: rule.body.tags.clone(),
            trigger_ref: rule.body.trigger_ref.to_string(),
            trigger_params: rule.body.trigger_params.clone(),
            conditions: rule.body.conditions.clone(),
            action_ref: rule.body.action_ref.to_string(),
            action_params: rule.body.action_params.clone(),
            timeout_seconds: rule.body.timeout_seconds,
            state: rule.state.into(),
            version: rule.version,
            fault,
            sentence,
            zone: schedule.and_then(|schedule| other_zone(schedule)).map(|zone| zone.name().to_owned()),
            execution_count: self.engine.shared().timer(rule.id).execution_count,
            next_fire: next.map(|fire| Time(fire.at)),
            created: Time(rule.created),
            updated: Time(rule.updated),
        }
    }

    fn trigger_sentence(&self, rule: &Rule) -> String {
        let catalog = self.engine.shared().catalog();
        let label = catalog.trigger(&rule.body.trigger_ref).map(|trigger| trigger.label.clone());
        format!("When {} happens", label.unwrap_or_else(|| rule.body.trigger_ref.to_string()))
    }

    /// The rule of an answer, with the rules as they are right after it.
    fn answered(&self, answer: Answer) -> Result<RuleView, ApiError> {
        match answer {
            Answer::Rule(rule) => Ok(self.rule_view(&rule, &self.engine.shared().rules())),
            _ => Err(ApiError::new(Code::Internal, "the engine answered with something else than a rule")),
        }
    }

    fn named(&self, request: &RuleRequest) -> Result<Ref, ApiError> {
        request.r#ref.parse().map_err(|_| ApiError::not_found("rule", &request.r#ref, None))
    }

    pub(crate) async fn rule_list(&self, _: Empty) -> Result<RuleList, ApiError> {
        let rules = self.engine.shared().rules();
        let mut last = self.read(|view| view.last_executions()).await?;
        let mut rows: Vec<RuleRow> = rules
            .by_id
            .values()
            .map(|rule| RuleRow {
                rule: self.rule_view(rule, &rules),
                last: last.remove(&rule.id).map(|run| super::execution::mark(&run)),
            })
            .collect();
        rows.sort_by_cached_key(|row| row.rule.label.to_lowercase());
        Ok(RuleList { rules: rows })
    }

    pub(crate) async fn rule_recent(&self, request: RuleRecentRequest) -> Result<RuleRecentList, ApiError> {
        let count = request.count.clamp(1, 50) as usize;
        let wanted: Vec<RuleId> = request.rules.into_iter().take(200).map(RuleId).collect();
        let recent = self.read(move |view| view.recent_executions(&wanted, count)).await?;
        let rules = recent.into_iter().map(|(rule, runs)| RuleRecent {
            rule: rule.0,
            runs: runs.iter().map(super::execution::mark).collect(),
        });
        Ok(RuleRecentList { rules: rules.collect() })
    }

    pub(crate) async fn rule_show(&self, request: RuleRequest) -> Result<RuleView, ApiError> {
        Ok(self.rule_view(&*self.rule(&request.r#ref)?, &self.engine.shared().rules()))
    }

    pub(crate) async fn rule_check(&self, request: RuleCheckRequest) -> Result<RuleCheck, ApiError> {
        let api = self.clone();
        // Expressions are compiled here: not on a thread that must not block.
        let check = tokio::task::spawn_blocking(move || api.check(request)).await;
        check.map_err(|error| ApiError::new(Code::Internal, error.to_string()))
    }

    fn check(&self, request: RuleCheckRequest) -> RuleCheck {
        let shared = self.engine.shared();
        let (rules, catalog) = (shared.rules(), shared.catalog());
        let saved = request
            .r#ref
            .as_deref()
            .and_then(|name| name.parse().ok())
            .and_then(|name| rules.named(&name).cloned());
        let mut errors = Vec::new();
        let wished = match (&saved, request.new) {
            (Some(rule), false) => Ok(rule.r#ref.clone()),
            _ => wished_ref(request.r#ref.as_deref(), &request.draft.label, &rules),
        };
        match &wished {
            Ok(name) if request.new && rules.by_ref.contains_key(name) => {
                errors.push(Invalid::new(
                    "ref",
                    format!("there is a rule `{name}` already; choose another ref"),
                ));
            }
            Ok(_) => {}
            Err(invalid) => errors.push(Invalid::new("ref", invalid.message.clone())),
        }
        let mut check = RuleCheck {
            r#ref: wished.map(|name| name.to_string()).unwrap_or_default(),
            errors: Vec::new(),
            sentence: String::new(),
            fires: Vec::new(),
        };
        match body(request.draft) {
            Err(names) => errors.extend(names),
            Ok(body) => {
                errors.extend(body_faults(&body, &catalog));
                self.preview(&mut check, &body, saved.as_deref());
            }
        }
        check.errors = errors.into_iter().map(Into::into).collect();
        check
    }

    fn preview(&self, check: &mut RuleCheck, body: &RuleBody, saved: Option<&Rule>) {
        if let Ok(schedule) = self.draft_schedule(body, saved) {
            check.sentence = schedule.sentence();
            let fires = schedule.fires(self.engine.clock().now(), PREVIEW).into_iter();
            check.fires = fires.map(|fire| FireView::new(&schedule, fire)).collect();
        }
    }

    /// When a draft fires. One that keeps the grid of its rule has it; another one starts when it is saved, which
    /// is now.
    pub(super) fn draft_schedule(&self, body: &RuleBody, saved: Option<&Rule>) -> Result<Schedule, Invalid> {
        let kept = saved.filter(|rule| same_grid(&rule.body, body));
        let anchor = kept.and_then(|rule| self.engine.shared().timer(rule.id).anchor);
        let anchor = anchor.unwrap_or_else(|| self.engine.clock().now());
        let schedule = Schedule::parse(&body.trigger_ref, &body.trigger_params, Some(anchor))?;
        Ok(match saved {
            Some(rule) => schedule.for_rule(rule.id),
            None => schedule,
        })
    }

    pub(crate) async fn rule_create(&self, request: RuleCreateRequest) -> Result<RuleView, ApiError> {
        let rules = self.engine.shared().rules();
        let name = wished_ref(request.r#ref.as_deref(), &request.draft.label, &rules);
        let name = name.map_err(|invalid| Invalid::new("ref", invalid.message))?;
        let body = body(request.draft).map_err(|errors| ApiError::invalid(&errors))?;
        self.answered(self.ask(Input::RuleCreate { r#ref: name, body, enabled: request.enabled }).await?)
    }

    pub(crate) async fn rule_update(&self, request: RuleUpdateRequest) -> Result<RuleView, ApiError> {
        let name = self.rule(&request.r#ref)?.r#ref.clone();
        let body = body(request.draft).map_err(|errors| ApiError::invalid(&errors))?;
        self.answered(self.ask(Input::RuleUpdate { r#ref: name, body, version: request.version }).await?)
    }

    async fn switch(&self, request: RuleRequest, enabled: bool) -> Result<RuleView, ApiError> {
        let name = self.named(&request)?;
        self.answered(self.ask(Input::RuleSwitch { r#ref: name, enabled }).await?)
    }

    pub(crate) async fn rule_enable(&self, request: RuleRequest) -> Result<RuleView, ApiError> {
        self.switch(request, true).await
    }

    pub(crate) async fn rule_disable(&self, request: RuleRequest) -> Result<RuleView, ApiError> {
        self.switch(request, false).await
    }

    pub(crate) async fn rule_delete(&self, request: RuleRequest) -> Result<Empty, ApiError> {
        let name = self.named(&request)?;
        self.ask(Input::RuleDelete { r#ref: name }).await?;
        Ok(Empty {})
    }

    pub(crate) async fn rule_restore(&self, request: RuleRequest) -> Result<RuleView, ApiError> {
        let name = self.named(&request)?;
        self.answered(self.ask(Input::RuleRestore { r#ref: name }).await?)
    }

    pub(crate) async fn rule_run(&self, request: RuleRequest) -> Result<ExecutionRow, ApiError> {
        let name = self.named(&request)?;
        match self.ask(Input::RuleRun { r#ref: name }).await? {
            Answer::Execution(run) => self.execution_row(*run).await,
            _ => Err(ApiError::new(
                Code::Conflict,
                "the rule looked at the event and did not fire; its conditions or templates need facts that an \
                 event made by hand does not have",
            )),
        }
    }
}
