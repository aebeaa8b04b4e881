//! Whatever happens, every planned instant is told exactly once: as an event or as missed.

use super::*;
use crate::hand::Hand;
use crate::history::is_wild;
use crate::time::Time;
use model::{Misfire, Ref, TimerMemory};
use proptest::prelude::*;
use schedule::Schedule;
use serde_json::Map;

/// What happens in the life of a sensor.
#[derive(Debug, Clone)]
enum Act {
    /// Time passes, so many milliseconds, and the sensor does its work.
    Pass(u64),
    /// The machine sleeps, in seconds.
    Sleep(u64),
    /// The sensor does not get to run, in seconds.
    Stall(u64),
    /// Somebody sets the clock, in seconds.
    Step(i64),
    /// A rule is changed while the sensor is so many seconds behind; it hears of it after so many milliseconds.
    Edit(usize, (String, Value), u64, u64),
    /// A rule is switched off while the sensor is so many seconds behind, or on again.
    Switch(usize, u64),
    /// A rule is switched off and on again while the sensor hears nothing, in seconds.
    Flip(usize, u64),
    /// The stream was lost: all rules are read again, some of them as they were a little before.
    Reread,
    /// The sensor is killed after it has told so many deeds, and started after so many seconds; the engine too,
    /// where it says so.
    Restart(usize, u64, bool),
}

/// The trigger and the parameters of a rule. The clock of Berlin is put forward in the night in which all begins.
fn params() -> impl Strategy<Value = (String, Value)> {
    let interval = (prop::sample::select(vec![5_i64, 7, 30, 60, 600]), any::<bool>());
    let interval = interval.prop_map(|(interval, jitter)| {
        let mut params = json!({"interval": interval});
        if jitter {
            params["jitter_seconds"] = json!(interval - 1);
        }
        ("core.intervaltimer", params)
    });
    let expressions = vec!["*/20 * * * * *", "0 */3 * * * *", "15 2,3 * * *", "*/15 0-3 * * *", "@hourly"];
    let cron = prop::sample::select(expressions).prop_map(|expression| {
        ("core.crontimer", json!({"expression": expression, "timezone": "Europe/Berlin"}))
    });
    let policy = prop_oneof![
        Just(json!({"misfire": "skip"})),
        Just(json!({"misfire": "once"})),
        (1..6_u32).prop_map(|limit| json!({"misfire": "all", "misfire_limit": limit})),
        Just(json!({"misfire": "all"})),
    ];
    let ends = prop_oneof![5 => Just(None), 1 => Just(Some("2026-03-29T01:10:00Z"))];
    (prop_oneof![3 => interval, 1 => cron], policy, ends).prop_map(|((trigger, mut params), policy, ends)| {
        let params_of = params.as_object_mut().unwrap();
        params_of.extend(policy.as_object().unwrap().clone());
        params_of.extend(ends.map(|ends| ("not_after".to_owned(), json!(ends))));
        (trigger.to_owned(), params)
    })
}

fn behind() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0), 1 => 0..100_u64]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    const RULES: std::ops::Range<usize> = 0..3;
    let act = prop_oneof![
        8 => (0..40_000_u64).prop_map(Act::Pass),
        2 => (20..200_u64).prop_map(Act::Sleep),
        1 => (200..20_000_u64).prop_map(Act::Sleep),
        1 => (0..120_u64).prop_map(Act::Stall),
        2 => (-20..20_i64).prop_map(Act::Step),
        1 => (-7_200..7_200_i64).prop_map(Act::Step),
        1 => prop::sample::select(vec![-18_000_i64, -12_000, 12_000, 18_000]).prop_map(Act::Step),
        3 => (RULES, params(), behind(), 0..2_000_u64)
            .prop_map(|(rule, params, behind, late)| Act::Edit(rule, params, behind, late)),
        3 => (RULES, behind()).prop_map(|(rule, behind)| Act::Switch(rule, behind)),
        1 => (RULES, 0..300_u64).prop_map(|(rule, span)| Act::Flip(rule, span)),
        1 => Just(Act::Reread),
        2 => (0..20_usize, 0..400_u64, any::<bool>()).prop_map(|(told, span, off)| Act::Restart(told, span, off)),
    ];
    prop::collection::vec(act, 1..40)
}

/// What is planned for a rule: the instants of a schedule in `(from, until]`, with `until` growing.
struct Plan {
    schedule: Schedule,
    from: Timestamp,
    until: Timestamp,
    /// What fired, as far as the sensor remembers it.
    fired: HashSet<Timestamp>,
    /// Up to here a clock that was wrong may make it tell what was told already, because the sensor does not know
    /// what was before the plan began, or before it was started. The engine knows events by their keys.
    repeats_until: Timestamp,
}

/// A rule as the engine has it.
struct Known {
    rule: Rule,
    memory: TimerMemory,
    /// The memory of a little before.
    stale: TimerMemory,
    plans: Vec<Plan>,
    /// Up to where the present plan has been told.
    mark: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    Fired,
    Missed {
        /// How many times the clock had been wrong by then.
        wrong: usize,
        /// The engine recorded it by itself when the rule was changed or switched on.
        by_engine: bool,
    },
}

/// A sensor, its engine, and what the engine was told.
struct World {
    hand: Hand,
    agenda: Agenda,
    rules: Vec<Known>,
    told: HashMap<(RuleId, Timestamp), Told>,
    live_since: Timestamp,
    /// The furthest that the clock has ever shown.
    furthest: Timestamp,
    /// How many times the clock was put back by so much that timers were planned anew.
    wrong: usize,
}

impl World {
    fn new(params: &[(String, Value)]) -> Self {
        let start = at(81_000.0);
        let hand = Hand::new(start);
        let rules = (1..).zip(params).map(|(id, (trigger, params))| {
            let memory = TimerMemory { anchor: None, handled_until: Some(start), ..TimerMemory::default() };
            let trigger_ref = trigger.parse().unwrap();
            let rule = Rule { trigger_ref, anchor: None, ..rule(id, params) };
            let mut known = Known { rule, memory, stale: memory, plans: Vec::new(), mark: start };
            known.begin(start, start);
            known
        });
        let mut world = Self {
            hand,
            agenda: Agenda::default(),
            rules: rules.collect(),
            told: HashMap::new(),
            live_since: start,
            furthest: start,
            wrong: 0,
        };
        world.read_all(false);
        world
    }

    fn now(&self) -> Timestamp {
        self.hand.moment().now
    }

    /// The sensor reads all rules.
    fn read_all(&mut self, stale: bool) {
        let live_since = Some(self.live_since);
        let answer = |known: &Known| {
            let memory = if stale { known.stale } else { known.memory };
            Rule { live_since, ..known.as_read(&memory) }
        };
        let enabled = self.rules.iter().filter(|known| known.rule.enabled).map(answer).collect();
        self.agenda.look(self.hand.moment());
        let now = self.now();
        self.agenda.replace(enabled, now);
    }

    /// The sensor does its work, as much of it as `most` deeds.
    fn work(&mut self, most: usize) {
        for _ in 0..most {
            let Some(deed) = self.agenda.pop(self.hand.moment()) else { break };
            match deed {
                Deed::Fired(fired) => self.fired(&fired),
                Deed::Missed(missed) => self.missed(&missed),
            }
        }
    }

    /// The sensor does all its work: whatever was planned until now is to have been told.
    fn settle(&mut self) {
        self.work(usize::MAX);
        let now = self.now();
        self.furthest = self.furthest.max(now);
        for known in self.rules.iter_mut().filter(|known| known.rule.enabled) {
            let plan = known.plans.last_mut().unwrap();
            plan.until = now.max(plan.until);
        }
    }

    fn fired(&mut self, fired: &Fired) {
        let (now, wrong) = (self.now(), self.wrong);
        let known = self.rules.iter_mut().find(|known| known.rule.id == fired.rule).unwrap();
        assert!(fired.at <= now, "{} fires before its time, at {now}", fired.at);
        known.mark = known.mark.max(fired.at);
        let handled = known.memory.is_handled_at(fired.at, now);
        let plan = known.plan_of(fired.at).expect("what fires is planned");
        plan.fired.insert(fired.at);
        let may_repeat = fired.at <= plan.repeats_until;
        let before = self.told.get(&(fired.rule, fired.at)).copied();
        let may = match before {
            None => true,
            Some(Told::Fired) => may_repeat,
            // A clock that was wrong has made it miss what now fires after all, or the engine was faster.
            Some(Told::Missed { wrong: then, by_engine }) => then < wrong || by_engine || may_repeat,
        };
        assert!(may, "{} was {before:?} and fires at {now}", fired.at);
        // The engine knows an event by its key, and takes none of what is missed up to its mark.
        if before == Some(Told::Fired) || before.is_some() && handled {
            return;
        }
        self.told.insert((fired.rule, fired.at), Told::Fired);
        known.memory.execution_count += 1;
        known.memory.last_scheduled_at = Some(fired.at);
        known.memory.handle(fired.at, now);
    }

    fn missed(&mut self, missed: &Misfire) {
        missed.check().unwrap();
        let (now, wrong) = (self.now(), self.wrong);
        let known = self.rules.iter_mut().find(|known| known.rule.id == missed.rule).unwrap();
        assert!(missed.last <= now);
        known.mark = known.mark.max(missed.last);
        let repeated = known.memory.is_handled_at(missed.first, now);
        let (plan, instants) = known.plan_of_run(missed).expect("what is missed is planned, without a gap");
        for at in instants {
            let key = (missed.rule, at);
            match self.told.get(&key) {
                // What the engine has heard of before is no news, and what a wrong clock shows before the rule
                // began is nothing that it waits for.
                None if repeated => assert!(at <= plan.from, "{at} is lost in {missed:?}"),
                Some(_) if repeated => {}
                None => {
                    self.told.insert(key, Told::Missed { wrong, by_engine: false });
                }
                Some(Told::Missed { wrong: then, .. }) if *then < wrong => {
                    self.told.insert(key, Told::Missed { wrong, by_engine: false });
                }
                Some(before) => assert!(at <= plan.repeats_until, "{at} was {before:?}, and {missed:?}"),
            }
        }
        if !repeated {
            known.memory.handle(missed.last, now);
        }
    }

    /// The clock was set: where a mark lies too far ahead, its rule is planned from now on.
    fn put_back(&mut self) {
        let now = self.now();
        let mut any = false;
        for known in self.rules.iter_mut().filter(|known| known.rule.enabled) {
            if is_wild(known.mark, now) {
                known.mark = now;
                any = true;
            }
        }
        self.wrong += usize::from(any);
    }

    /// The engine itself records what came to no end of a plan that is given up or interrupted.
    fn settle_plan(&mut self, which: usize) {
        let (now, wrong) = (self.now(), self.wrong);
        let known = &mut self.rules[which];
        let plan = known.plans.last_mut().unwrap();
        plan.until = now.max(plan.until);
        let mark = known.memory.handled_until.filter(|mark| !is_wild(*mark, now));
        for at in mark.map_or_else(Vec::new, |mark| plan.instants(mark, now)) {
            let missed = Told::Missed { wrong, by_engine: true };
            self.told.entry((known.rule.id, at)).or_insert(missed);
        }
        known.memory.handle(now, now);
        self.furthest = self.furthest.max(now);
    }

    /// The engine switches a rule on: what passed meanwhile is recorded by the engine itself.
    fn switch_on(&mut self, which: usize, unheard: bool) {
        self.settle_plan(which);
        let (now, furthest) = (self.now(), self.furthest);
        let known = &mut self.rules[which];
        known.rule.enabled = true;
        let plan = known.plans.last_mut().unwrap();
        plan.repeats_until = furthest.max(plan.repeats_until);
        if is_wild(known.mark, now) {
            known.mark = now;
            self.wrong += 1;
        }
        let mark = known.memory.handled_until.unwrap();
        // A timer that runs is not stopped by a mark ahead of the clock.
        if !unheard || mark <= now {
            known.mark = known.mark.max(mark);
        }
    }

    fn put(&mut self, which: usize) {
        let rule = self.rules[which].as_read(&self.rules[which].memory);
        self.agenda.look(self.hand.moment());
        let now = self.now();
        self.agenda.put(rule, now);
    }

    fn act(&mut self, act: Act) {
        for known in &mut self.rules {
            known.stale = known.memory;
        }
        match act {
            Act::Pass(millis) => self.hand.pass(Duration::from_millis(millis)),
            Act::Sleep(seconds) => self.hand.sleep(Duration::from_secs(seconds)),
            Act::Stall(seconds) => self.hand.pass(Duration::from_secs(seconds)),
            Act::Step(seconds) => {
                self.settle();
                self.hand.step(seconds * 1_000_000);
                self.put_back();
            }
            Act::Edit(which, params, behind, late) => {
                self.hand.pass(Duration::from_secs(behind));
                self.edit(which, params, late);
            }
            Act::Switch(which, behind) if self.rules[which].rule.enabled => {
                self.hand.pass(Duration::from_secs(behind));
                let plan = self.rules[which].plans.last_mut().unwrap();
                plan.until = self.hand.moment().now.max(plan.until);
                self.rules[which].rule.enabled = false;
                let (id, now) = (self.rules[which].rule.id, self.now());
                self.agenda.look(self.hand.moment());
                self.agenda.remove(id, now);
            }
            Act::Switch(which, _) => {
                self.switch_on(which, false);
                self.put(which);
            }
            Act::Flip(which, seconds) if self.rules[which].rule.enabled => {
                self.hand.pass(Duration::from_secs(seconds));
                self.switch_on(which, true);
                self.put(which);
            }
            Act::Flip(..) => {}
            Act::Reread => self.read_all(true),
            Act::Restart(told, seconds, engine) => self.restart(told, seconds, engine),
        }
        self.settle();
    }

    fn edit(&mut self, which: usize, (trigger, params): (String, Value), late: u64) {
        if !self.rules[which].rule.enabled {
            return;
        }
        let Value::Object(params) = params else { panic!("{params}") };
        let trigger_ref: Ref = trigger.parse().unwrap();
        let rule = &mut self.rules[which].rule;
        if rule.trigger_ref == trigger_ref && instants(&rule.trigger_params) == instants(&params) {
            // Only the policy: the plan goes on.
            rule.trigger_params = params;
            return self.put(which);
        }
        self.settle_plan(which);
        let (known, furthest) = (&mut self.rules[which], self.furthest);
        (known.rule.trigger_ref, known.rule.trigger_params) = (trigger_ref, params);
        known.mark = known.memory.handled_until.unwrap();
        known.begin(known.mark, furthest);
        self.hand.pass(Duration::from_millis(late));
        self.put(which);
    }

    fn restart(&mut self, told: usize, seconds: u64, engine: bool) {
        self.work(told);
        self.hand.pass(Duration::from_secs(seconds));
        if engine {
            self.live_since = self.now();
            self.hand.pass(Duration::from_secs(1));
        }
        let (now, furthest) = (self.now(), self.furthest);
        for known in &mut self.rules {
            let mark = known.memory.handled_until.filter(|mark| !is_wild(*mark, now)).unwrap_or(now);
            // Of a rule that is off it knows nothing.
            known.mark = if known.rule.enabled { mark } else { Timestamp::MIN };
            let plan = known.plans.last_mut().unwrap();
            plan.fired.clear();
            plan.repeats_until = furthest;
        }
        self.agenda = Agenda::default();
        self.read_all(false);
    }

    /// Every timer waits for the first instant that has not come to its end, and none waits for a clock that was wrong.
    fn check_next(&self) {
        for known in self.rules.iter().filter(|known| known.rule.enabled) {
            let plan = known.plans.last().unwrap();
            let after = |at: Timestamp| plan.schedule.next_after(at).map(|fire| fire.at);
            let mut instants = std::iter::successors(after(known.mark), |at| after(*at));
            let next = instants.find(|at| !plan.fired.contains(at));
            assert_eq!(self.agenda.timers[&known.rule.id].next(), next, "{}", known.rule.id);
        }
    }
}

impl Known {
    fn begin(&mut self, from: Timestamp, furthest: Timestamp) {
        let (trigger, params) = (&self.rule.trigger_ref, &self.rule.trigger_params);
        let schedule = Schedule::parse(trigger, params, None).unwrap().for_rule(self.rule.id);
        let (until, fired) = (from, HashSet::new());
        self.plans.push(Plan { schedule, from, until, fired, repeats_until: furthest });
    }

    fn as_read(&self, memory: &TimerMemory) -> Rule {
        Rule {
            last_scheduled_at: memory.last_scheduled_at,
            handled_until: memory.handled_until,
            execution_count: memory.execution_count,
            ..self.rule.clone()
        }
    }

    /// The newest plan that has this run, and its instants.
    fn plan_of_run(&self, missed: &Misfire) -> Option<(&Plan, Vec<Timestamp>)> {
        let instants = |plan: &Plan| plan.instants(missed.first.plus_micros(-1), missed.last);
        self.plans.iter().rev().map(|plan| (plan, instants(plan))).find(|(_, instants)| {
            let ends = (instants.first(), instants.last()) == (Some(&missed.first), Some(&missed.last));
            ends && u64::try_from(instants.len()) == Ok(missed.count)
        })
    }

    /// The newest plan that has this instant.
    fn plan_of(&mut self, at: Timestamp) -> Option<&mut Plan> {
        self.plans.iter_mut().rev().find(|plan| plan.instants(at.plus_micros(-1), at) == [at])
    }
}

impl Plan {
    fn instants(&self, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        let mut next = self.schedule.next_after(from).map(|fire| fire.at).filter(|at| *at <= until);
        std::iter::from_fn(|| {
            let at = next?;
            next = self.schedule.next_after(at).map(|fire| fire.at).filter(|at| *at <= until);
            Some(at)
        })
        .collect()
    }
}

/// The parameters that say when a rule fires.
fn instants(params: &Map<String, Value>) -> Map<String, Value> {
    let when = params.iter().filter(|(name, _)| !matches!(name.as_str(), "misfire" | "misfire_limit"));
    when.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// As the engine reckons it.
trait Handled {
    fn is_handled_at(&self, at: Timestamp, now: Timestamp) -> bool;
}

impl Handled for TimerMemory {
    fn is_handled_at(&self, at: Timestamp, now: Timestamp) -> bool {
        self.handled_until.filter(|mark| !is_wild(*mark, now)).is_some_and(|mark| at <= mark)
    }
}

proptest! {
    #[test]
    fn every_planned_instant_fires_or_is_told_as_missed_and_never_both(
        params in prop::collection::vec(params(), 3),
        acts in acts(),
    ) {
        let mut world = World::new(&params);
        for act in acts {
            world.act(act);
            let now = world.now();
            prop_assert!(!world.agenda.is_due(now), "it never comes to rest");
            world.check_next();
        }
        for known in &world.rules {
            for plan in &known.plans {
                for at in plan.instants(plan.from, plan.until) {
                    prop_assert!(world.told.contains_key(&(known.rule.id, at)), "{at} is lost");
                }
            }
        }
    }
}
