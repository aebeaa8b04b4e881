//! Whatever a person, a sensor and fate do: each planned instant is one event or is recorded as missed, once.

use super::world::{World, every, memory, tick};
use crate::input::Input;
use crate::step::{Change, Effect, Step};
use model::{Misfire, MissReason, Outcome, Ref, RuleId, TimerMemory, Timestamp};
use proptest::prelude::*;
use schedule::Schedule;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "default.timer";

#[derive(Clone, Debug)]
enum Deed {
    /// Time passes, in milliseconds.
    Pass(u64),
    /// The sensor deals with what is due: these so many fire, the rest is missed, and so on.
    Deal(Vec<bool>),
    /// So much of what the sensor has to say arrives, and this much of it twice.
    Arrive(usize, usize),
    Switch(bool),
    Edit(u32),
    Reword,
    Delete,
    Restore,
    /// The engine dies, and its sensor with it.
    Crash,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (100_u64..6_000).prop_map(Deed::Pass),
        6 => prop::collection::vec(any::<bool>(), 1..4).prop_map(Deed::Deal),
        5 => (0_usize..5, 0_usize..3).prop_map(|(new, again)| Deed::Arrive(new, again)),
        3 => any::<bool>().prop_map(Deed::Switch),
        2 => (1_u32..5).prop_map(Deed::Edit),
        1 => Just(Deed::Reword),
        1 => Just(Deed::Delete),
        2 => Just(Deed::Restore),
        1 => Just(Deed::Crash),
    ]
}

/// What the sensor has to say.
#[derive(Clone, Debug)]
enum Saying {
    Fire(Timestamp),
    Missed(Misfire),
}

/// The sensor's side: what it knows of the rule, and what is on its way.
#[derive(Default)]
struct Sensor {
    timer: Option<(Arc<Schedule>, Timestamp)>,
    lane: VecDeque<Saying>,
}

impl Sensor {
    /// Hears of a change as the stream tells it.
    fn hear(&mut self, world: &World, step: &Step, reworded: bool) {
        for effect in &step.effects {
            let Effect::TellSensors { rule, .. } = effect else { continue };
            let listens = world.state.rules.by_id.get(&rule.id).is_some_and(|rule| rule.enabled());
            match (listens, reworded && self.timer.is_some()) {
                (false, _) => self.timer = None,
                (true, true) => {}
                (true, false) => self.read(world, rule.id),
            }
        }
    }

    fn read(&mut self, world: &World, rule: RuleId) {
        let mark = world.state.timer(rule).handled_until.unwrap_or(world.now);
        self.timer = world.state.rules.schedules.get(&rule).map(|schedule| (schedule.clone(), mark));
    }

    fn deal(&mut self, rule: RuleId, now: Timestamp, fires: &[bool]) {
        let Some((schedule, from)) = &mut self.timer else { return };
        let mut fires = fires.iter().cycle();
        while let Some(next) = schedule.next_after(*from).filter(|fire| fire.at <= now) {
            if *fires.next().unwrap() {
                self.lane.push_back(Saying::Fire(next.at));
                *from = next.at;
                continue;
            }
            let last =
                schedule.next_after(next.at).filter(|fire| fire.at <= now).map_or(next.at, |fire| fire.at);
            let count = schedule.count_between(*from, last);
            let reason = MissReason::NotRunning;
            self.lane.push_back(Saying::Missed(Misfire { rule, first: next.at, last, count, reason }));
            *from = last;
        }
    }
}

/// What was planned, as a person would reckon it: each schedule from its beginning to its end.
#[derive(Default)]
struct Plan {
    eras: Vec<(Schedule, Timestamp, Timestamp)>,
    present: Option<(Schedule, Timestamp)>,
}

impl Plan {
    fn begin(&mut self, world: &World, rule: RuleId) {
        let begins = self.present.is_none();
        if begins && world.state.rules.by_id.get(&rule).is_some_and(|rule| rule.enabled()) {
            self.present = Some(((*world.state.rules.schedules[&rule]).clone(), world.now));
        }
    }

    fn end(&mut self, now: Timestamp) {
        if let Some((schedule, from)) = self.present.take() {
            self.eras.push((schedule, from, now));
        }
    }

    fn instants(&self) -> Vec<Timestamp> {
        let era = |(schedule, from, until): &(Schedule, Timestamp, Timestamp)| {
            let next = |after| schedule.next_after(after).filter(|fire| fire.at <= *until);
            std::iter::successors(next(*from), |fire| next(fire.at)).map(|fire| fire.at).collect::<Vec<_>>()
        };
        self.eras.iter().flat_map(era).collect()
    }
}

struct Story {
    world: World,
    sensor: Sensor,
    plan: Plan,
    rule: RuleId,
    said: Vec<Saying>,
    /// How often each instant came to an end, and the runs that were recorded.
    events: BTreeMap<Timestamp, u32>,
    missed: Vec<Misfire>,
}

impl Story {
    fn new() -> Self {
        let mut world = World::new();
        let rule = world.create(NAME, every(2), true);
        let mut story = Self {
            world,
            sensor: Sensor::default(),
            plan: Plan::default(),
            rule,
            said: Vec::new(),
            events: BTreeMap::new(),
            missed: Vec::new(),
        };
        story.sensor.read(&story.world, rule);
        story.plan.begin(&story.world, rule);
        story
    }

    fn done(&mut self, mut input: Input) -> Step {
        let listened = self.world.state.rules.by_id.get(&self.rule).is_some_and(|rule| rule.enabled());
        let step = self.world.done(&mut input);
        for change in &step.changes {
            match change {
                Change::EventReceived { event, .. } => {
                    let at = event.payload["scheduled_at"].as_str().unwrap().parse().unwrap();
                    *self.events.entry(at).or_default() += 1;
                }
                Change::Missed(entry) => self.missed.push(entry.misfire.clone()),
                Change::Decided { decision, .. } if decision.outcome == Outcome::Matched => {
                    assert!(listened, "an event of a rule that is off fired it");
                }
                _ => {}
            }
        }
        step
    }

    fn say(&mut self, saying: Saying) {
        self.done(match saying {
            Saying::Fire(at) => Input::Event { event: tick(self.rule, at), prior: None },
            Saying::Missed(misfire) => Input::Misfire { misfire, triggers: None },
        });
    }

    fn arrive(&mut self, new: usize, again: usize) {
        for _ in 0..new {
            let Some(saying) = self.sensor.lane.pop_front() else { break };
            self.said.push(saying.clone());
            self.say(saying);
        }
        // An answer that was lost: the same is sent again.
        for saying in self.said.split_off(self.said.len().saturating_sub(again)) {
            self.say(saying);
        }
    }

    fn change(&mut self, input: Input, reworded: bool) {
        let step = self.done(input);
        let sensor = &mut self.sensor;
        sensor.hear(&self.world, &step, reworded);
    }

    fn act(&mut self, deed: &Deed) {
        let name: Ref = NAME.parse().unwrap();
        match deed {
            Deed::Pass(ms) => self.world.now = self.world.now.plus(Duration::from_millis(*ms)),
            Deed::Deal(fires) => self.sensor.deal(self.rule, self.world.now, fires),
            Deed::Arrive(new, again) => self.arrive(*new, *again),
            Deed::Switch(enabled) => self.change(Input::RuleSwitch { r#ref: name, enabled: *enabled }, false),
            Deed::Edit(seconds) => {
                let Some(rule) = self.world.state.rules.named(&name).cloned() else { return };
                if rule.body.trigger_params["interval"] != *seconds {
                    self.plan.end(self.world.now);
                }
                self.change(Input::RuleUpdate { r#ref: name, body: every(*seconds), version: None }, false);
            }
            Deed::Reword => {
                let Some(rule) = self.world.state.rules.named(&name).cloned() else { return };
                let mut body = rule.body.clone();
                body.label.push('!');
                self.change(Input::RuleUpdate { r#ref: name, body, version: None }, true);
            }
            Deed::Delete => self.change(Input::RuleDelete { r#ref: name }, false),
            Deed::Restore => self.change(Input::RuleRestore { r#ref: name }, false),
            Deed::Crash => {
                self.world.crash();
                self.sensor = Sensor::default();
                if self.world.state.rules.by_id.get(&self.rule).is_some_and(|rule| rule.enabled()) {
                    self.sensor.read(&self.world, self.rule);
                }
            }
        }
        self.plan.begin(&self.world, self.rule);
    }

    /// Everything that is still open comes to its end.
    fn finish(&mut self) {
        for deed in [Deed::Restore, Deed::Switch(true), Deed::Deal(vec![true]), Deed::Arrive(usize::MAX, 0)] {
            self.act(&deed);
        }
        self.plan.end(self.world.now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_planned_instant_comes_to_one_end(deeds in prop::collection::vec(any_deed(), 1..70)) {
        let mut story = Story::new();
        for deed in &deeds {
            story.act(deed);
            prop_assert_eq!(memory(&story.world.state), memory(&story.world.rebuilt()));
        }
        story.finish();
        let planned = story.plan.instants();
        let within = |misfire: &Misfire, at: &Timestamp| misfire.first <= *at && *at <= misfire.last;
        for at in &planned {
            let fired = story.events.get(at).copied().unwrap_or(0);
            let missed = story.missed.iter().filter(|misfire| within(misfire, at)).count();
            prop_assert_eq!((fired as usize) + missed, 1, "{} of {:?}: {:?}", at, planned, story.missed);
        }
        for at in story.events.keys() {
            prop_assert!(planned.contains(at), "{} was not planned", at);
        }
        for misfire in &story.missed {
            let count = planned.iter().filter(|at| within(misfire, at)).count();
            prop_assert_eq!(count as u64, misfire.count, "{:?} of {:?}", misfire, planned);
        }
        let timer: TimerMemory = story.world.state.timer(story.rule);
        prop_assert_eq!(timer.execution_count, story.events.len() as u64);
    }
}
