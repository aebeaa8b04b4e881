//! Does what a committed step asked for.

use crate::shared::{RuleChange, Shared};
use crate::state::State;
use crate::step::Effect;
use executor::{Executor, Launch};
use model::{Clock, Execution};
use sensors::{Roster, Wanted};
use std::sync::Arc;
use std::time::Duration;

/// The hands of the engine's thread. Nothing here waits.
pub(crate) struct Performer {
    pub(crate) executor: Executor,
    pub(crate) roster: Roster,
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Performer {
    pub(crate) fn perform(&self, effect: &Effect, state: &State) {
        match effect {
            Effect::Launch(run) => self.launch(run, state),
            Effect::Stop(id) => self.executor.cancel(*id),
            Effect::TellSensors { what, rule } => {
                let change = RuleChange {
                    what: *what,
                    rule: rule.clone(),
                    timer: state.timer(rule.id),
                    at: self.clock.now(),
                };
                // An error only says that no sensor listens.
                let _ = self.shared.rule_changes.send(Arc::new(change));
            }
            Effect::WantSensors => self.want_sensors(state),
        }
    }

    fn launch(&self, run: &Execution, state: &State) {
        let Some(action) = state.catalog.action(&run.action) else {
            // Its pack went away while it waited.
            let error =
                format!("There is no action `{}` any more; its pack has changed or is gone.", run.action);
            self.executor.decline(run.id, run.attempt, error);
            return;
        };
        let rule = run.rule.and_then(|id| state.rules.by_id.get(&id));
        let pack_env =
            state.catalog.pack(&run.action.pack()).map(|pack| pack.env.clone()).unwrap_or_default();
        self.executor.launch(Launch {
            execution: run.id,
            attempt: run.attempt,
            action: action.clone(),
            parameters: run.parameters.clone(),
            env: pack_env.into_iter().collect(),
            timeout: (run.timeout_ms > 0).then(|| Duration::from_millis(run.timeout_ms)),
            rule: rule.map(|rule| rule.r#ref.clone()),
            trigger: rule.filter(|_| run.event.is_some()).map(|rule| rule.body.trigger_ref.clone()),
            event: run.event,
        });
    }

    fn want_sensors(&self, state: &State) {
        let needed = state.needed_sensors();
        let wanted = needed.keys().filter_map(|name| {
            let sensor = state.catalog.sensor(name)?;
            let pack = state.catalog.pack(&name.pack())?;
            let program = sensor.path.clone().or_else(|| packs::shipped_program(&sensor.entry_point));
            Some(Wanted {
                sensor: sensor.clone(),
                program,
                folder: pack.folder.clone(),
                env: pack.env.clone(),
            })
        });
        self.roster.want(wanted.collect());
    }
}
