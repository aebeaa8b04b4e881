//! The whole sensor, its HTTP included, in a time that is steered by hand.

use super::*;
use crate::hand::Hand;
use engine::{Engine, Seen, instant, rule, rule_of};
use schedule::Schedule;
use sensor_kit::{Environment, Limits, run};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

#[path = "../../../sensor-kit/tests/engine/mod.rs"]
#[expect(dead_code, reason = "the scripted engine can do more than these stories need")]
mod engine;

const START: &str = "2026-03-28T00:00:03Z";
const SECOND: i64 = 1_000_000;
const YEARS: i64 = 10 * 365 * 86_400 * SECOND;
/// Rules 1, 2 and 3, each with a policy of its own.
const POLICIES: [&str; 3] = ["skip", "once", "all"];

fn start() -> Timestamp {
    START.parse().unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A rule that was enabled at the start.
fn enabled(id: i64, params: &Value) -> Value {
    let mut rule = rule(id, params);
    rule["handled_until"] = json!(start());
    rule["live_since"] = json!(start());
    rule
}

/// The sensor, and how often it was told something of its rules.
struct Told(Clockwork<Hand>, watch::Sender<usize>);

impl Sensor for Told {
    fn replace(&mut self, rules: Vec<Rule>) {
        self.0.replace(rules);
        self.1.send_modify(|told| *told += 1);
    }
    fn put(&mut self, rule: Rule) {
        self.0.put(rule);
        self.1.send_modify(|told| *told += 1);
    }
    fn remove(&mut self, rule: RuleId) {
        self.0.remove(rule);
        self.1.send_modify(|told| *told += 1);
    }
    fn stop(&mut self) {
        self.0.stop();
    }
}

/// A sensor at work in a time of its own.
struct Stage {
    engine: Engine,
    hand: Hand,
    told: watch::Receiver<usize>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Failure>>,
}

impl Stage {
    /// Three timers of ten seconds, one of each policy.
    async fn of_policies() -> Self {
        let rules =
            (1..).zip(POLICIES).map(|(id, policy)| enabled(id, &json!({"interval": 10, "misfire": policy})));
        Self::start(Engine::start(rules.collect()).await, Hand::new(start()), Limits::default()).await
    }

    async fn start(engine: Engine, hand: Hand, limits: Limits) -> Self {
        let environment = Environment::from_variables(engine.environment()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let time = hand.clone();
        let stopped = async move {
            let _told = stopped.await;
        };
        let (tell, told) = watch::channel(0);
        let make = |start| Ok(Told(Clockwork::start(time, start)?, tell));
        let ended = tokio::spawn(run(environment, limits, stopped, make));
        let mut stage = Self { engine, hand, told, stop, ended };
        // The first look, and the second after the stream was opened.
        stage.until_told(2).await;
        stage
    }

    /// Waits until the sensor was told so many times of its rules.
    async fn until_told(&mut self, times: usize) {
        let told = self.told.wait_for(|told| *told >= times);
        tokio::time::timeout(seconds(30), told).await.unwrap().unwrap();
        self.hand.settle();
    }

    /// Waits until every instant of a rule's schedule in `(from, until]` was told once.
    async fn told(&self, id: i64, from: Timestamp, until: Timestamp) {
        self.hand.settle();
        let rule = self.engine.with(|seen| seen.rules.iter().find(|rule| rule["id"] == id).cloned()).unwrap();
        let (trigger, params) =
            (rule["trigger_ref"].as_str().unwrap(), rule["trigger_params"].as_object().unwrap());
        let schedule = Schedule::parse(&trigger.parse().unwrap(), params, None).unwrap();
        let planned = schedule.count_between(from, until);
        let what = format!("rule {id} tells {planned} instants");
        self.engine.until(&what, |seen| Ledger::of(seen, id).count() >= planned).await;
        self.engine.with(|seen| Ledger::of(seen, id).check(&schedule, from, until));
    }

    /// The same for the rules of all policies, from the start until now.
    async fn all_told(&self) {
        for id in [1, 2, 3] {
            self.told(id, start(), self.now()).await;
        }
    }

    fn now(&self) -> Timestamp {
        self.hand.moment().now
    }

    async fn stop(self) -> (Engine, Hand) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(seconds(30), self.ended).await.unwrap().unwrap().unwrap();
        (self.engine, self.hand)
    }
}

/// What the engine was told of one rule.
#[derive(Debug)]
struct Ledger {
    fired: Vec<Timestamp>,
    /// First, last, how many, why.
    missed: Vec<(Timestamp, Timestamp, u64, String)>,
}

impl Ledger {
    fn of(seen: &Seen, id: i64) -> Self {
        let of_rule = |body: &&Value| rule_of(body) == id;
        let run = |body: &Value| {
            let reason = body["reason"].as_str().unwrap().to_owned();
            (instant(&body["first"]), instant(&body["last"]), body["count"].as_u64().unwrap(), reason)
        };
        Self {
            fired: seen
                .events
                .iter()
                .filter(of_rule)
                .map(|body| instant(&body["payload"]["scheduled_at"]))
                .collect(),
            missed: seen.misfires.iter().filter(of_rule).map(run).collect(),
        }
    }

    fn count(&self) -> u64 {
        self.missed.iter().map(|(_, _, count, _)| count).sum::<u64>() + self.fired.len() as u64
    }

    /// Events and runs of missed instants together are the planned instants, and no two of them overlap.
    fn check(&self, schedule: &Schedule, from: Timestamp, until: Timestamp) {
        let before = |at: Timestamp| at.plus_micros(-1);
        let mut spans: Vec<(Timestamp, Timestamp, u64)> =
            self.missed.iter().map(|(first, last, count, _)| (*first, *last, *count)).collect();
        spans.extend(self.fired.iter().map(|at| (*at, *at, 1)));
        spans.sort_unstable();
        for (first, last, count) in &spans {
            assert!(*first > from && *last <= until, "{first} to {last} in {self:?}");
            assert_eq!(
                schedule.count_between(before(*first), *last),
                *count,
                "{first} to {last} in {self:?}"
            );
            for end in [first, last] {
                assert_eq!(schedule.next_after(before(*end)).unwrap().at, *end);
            }
        }
        assert!(spans.windows(2).all(|pair| pair[0].1 < pair[1].0), "told twice: {self:?}");
        assert_eq!(self.count(), schedule.count_between(from, until), "{self:?}");
    }

    /// The reasons of what was missed, in order and each once.
    fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = self.missed.iter().map(|(.., reason)| reason.as_str()).collect();
        reasons.dedup();
        reasons
    }
}

/// What was told so far by the rules of all policies: how many fires, and the reasons of what was missed.
fn summary(engine: &Engine) -> Vec<(usize, Vec<String>)> {
    let of = |id| {
        let ledger = engine.with(|seen| Ledger::of(seen, id));
        (ledger.fired.len(), ledger.reasons().into_iter().map(str::to_owned).collect())
    };
    [1, 2, 3].map(of).to_vec()
}

fn lines<const N: usize>(lines: [(usize, &[&str]); N]) -> Vec<(usize, Vec<String>)> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    lines.into_iter().map(|(fires, reasons)| (fires, words(reasons))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_trouble_fires_every_instant() {
    let stage = Stage::of_policies().await;
    for _ in 0..50 {
        stage.hand.pass(seconds(7));
        stage.hand.settle();
    }
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(summary(&engine), lines([(35, &[]), (35, &[]), (35, &[])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sleep_of_ninety_seconds_each_policy_is_kept() {
    let stage = Stage::of_policies().await;
    stage.hand.sleep(seconds(90));
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    // It is 93 seconds past: planned are 10 to 90, and 70 to 90 are only late.
    assert_eq!(summary(&engine), lines([(3, &["asleep"]), (1, &["asleep"]), (9, &[])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_night_of_sleep_each_policy_is_kept_and_the_timers_go_on() {
    let stage = Stage::of_policies().await;
    stage.hand.sleep(seconds(8 * 3_600));
    stage.all_told().await;
    stage.hand.pass(seconds(20));
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(summary(&engine), lines([(5, &["asleep"]), (3, &["asleep"]), (105, &["limit"])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_forward_by_three_hours_misses_what_lies_between() {
    let stage = Stage::of_policies().await;
    stage.hand.step(3 * 3_600 * SECOND);
    stage.all_told().await;
    stage.hand.pass(seconds(10));
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(
        summary(&engine),
        lines([(4, &["clock_changed"]), (2, &["clock_changed"]), (104, &["limit"])])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_back_by_three_hours_is_waited_for_and_nothing_fires_twice() {
    let stage = Stage::of_policies().await;
    for _ in 0..6 {
        stage.hand.pass(seconds(10));
        stage.hand.settle();
    }
    stage.all_told().await;
    let furthest = stage.now();
    stage.hand.step(-3 * 3_600 * SECOND);
    for _ in 0..10 {
        stage.hand.pass(seconds(600));
        stage.hand.settle();
    }
    assert_eq!(summary(&stage.engine), lines([(6, &[]), (6, &[]), (6, &[])]));
    stage.hand.pass(Duration::from_micros(furthest.micros_since(stage.now()).unsigned_abs()) + seconds(20));
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(summary(&engine), lines([(8, &[]), (8, &[]), (8, &[])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_back_by_ten_years_plans_anew_and_its_return_fires_nothing_twice() {
    let stage = Stage::of_policies().await;
    stage.hand.pass(seconds(27));
    stage.all_told().await;
    stage.hand.step(-YEARS);
    stage.hand.settle();
    let past = stage.now();
    stage.hand.pass(seconds(25));
    stage.hand.settle();
    stage.engine.until("timers do not wait for ten years", |seen| seen.events.len() == 3 * (3 + 2)).await;
    stage.hand.step(YEARS);
    stage.hand.settle();
    stage.hand.pass(seconds(20));
    // Between the two steps lie all the instants of ten years; those that fired before are not told again.
    for id in [1, 2, 3] {
        stage.told(id, past, stage.now()).await;
    }
    let (engine, _) = stage.stop().await;
    let reasons = summary(&engine).into_iter().map(|(_, reasons)| reasons).collect::<Vec<_>>();
    assert_eq!(reasons, [vec!["clock_changed"], vec!["clock_changed"], vec!["limit"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_put_forward_by_ten_years_and_back_goes_on_where_it_was() {
    let stage = Stage::of_policies().await;
    stage.hand.pass(seconds(27));
    stage.all_told().await;
    stage.hand.step(YEARS);
    stage.all_told().await;
    let fired = |seen: &Seen| [1, 2, 3].map(|id| Ledger::of(seen, id).fired.len());
    stage.hand.step(-YEARS);
    stage.hand.settle();
    let before = stage.engine.with(|seen| fired(seen));
    stage.hand.pass(seconds(20));
    stage.hand.settle();
    let on = before.map(|fires| fires + 2);
    stage.engine.until("they go on", |seen| fired(seen) == on).await;
    let (engine, _) = stage.stop().await;
    engine.with(|seen| {
        for id in [1, 2, 3] {
            let fired = Ledger::of(seen, id).fired;
            let newest: Vec<i64> =
                fired[fired.len() - 2..].iter().map(|at| at.micros_since(start()) / SECOND).collect();
            assert_eq!(newest, [37, 47]);
        }
        assert_eq!(seen.posts.len(), seen.events.len() + seen.misfires.len(), "nothing was posted twice");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_is_started_anew_makes_up_for_the_time_between() {
    let stage = Stage::of_policies().await;
    stage.hand.pass(seconds(27));
    stage.all_told().await;
    let (engine, hand) = stage.stop().await;
    hand.pass(seconds(3_600));
    let stage = Stage::start(engine, hand, Limits::default()).await;
    stage.all_told().await;
    stage.hand.pass(seconds(10));
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(summary(&engine), lines([(8, &["not_running"]), (5, &["not_running"]), (108, &["limit"])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_does_not_answer_for_long_gets_everything_in_the_end() {
    let rules =
        (1..).zip(POLICIES).map(|(id, policy)| enabled(id, &json!({"interval": 10, "misfire": policy})));
    let engine = Engine::start(rules.collect()).await;
    let limits = Limits { waiting_events: 5, ..Limits::default() };
    let stage = Stage::start(engine, Hand::new(start()), limits).await;
    stage.engine.shut_gate();
    for _ in 0..100 {
        stage.hand.pass(seconds(5));
        stage.hand.settle();
    }
    stage.engine.open_gate();
    // It looks again whether there is room while there is none.
    let lacks = |stage: &Stage| {
        let planned = stage.now().micros_since("2026-03-28T00:00:00Z".parse().unwrap()) / (10 * SECOND);
        let lacks = |seen: &Seen, id| Ledger::of(seen, id).count() < planned.unsigned_abs();
        stage.engine.with(|seen| [1, 2, 3].iter().any(|id| lacks(seen, *id)))
    };
    while lacks(&stage) {
        stage.hand.pass(PATIENCE);
        stage.hand.settle();
        tokio::task::yield_now().await;
    }
    stage.all_told().await;
    let (engine, _) = stage.stop().await;
    assert_eq!(engine.with(|seen| seen.crowd.0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_far_off_timers_cost_no_wake_up() {
    let engine =
        Engine::start((1..=10_000).map(|id| enabled(id, &json!({"interval": 30, "unit": "days"}))).collect())
            .await;
    engine.with(|seen| seen.page = 200);
    let stage = Stage::start(engine, Hand::new(start()), Limits::default()).await;
    let sleeps = stage.hand.sleeps();
    for _ in 0..100 {
        stage.hand.pass(seconds(30));
        stage.hand.settle();
    }
    assert_eq!(stage.hand.sleeps(), sleeps, "nobody woke up");
    // But at once when the clock is set.
    stage.hand.step(SECOND);
    stage.hand.settle();
    assert_eq!(stage.hand.sleeps(), sleeps + 1);
    let (engine, _) = stage.stop().await;
    assert_eq!(engine.with(|seen| seen.posts.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_does_as_it_pleases_makes_no_busy_loop() {
    let stage = Stage::of_policies().await;
    let sleeps = stage.hand.sleeps();
    for round in 0..200 {
        stage.hand.step(if round % 2 == 0 { 3_600 * SECOND } else { -3_500 * SECOND });
        stage.hand.settle();
    }
    let woken = stage.hand.sleeps() - sleeps;
    assert!((1..=200).contains(&woken), "each step wakes it at most once, and it woke {woken} times");
    for id in [1, 2, 3] {
        stage.told(id, start(), start().plus(seconds(100 * 100 + 3_500))).await;
    }
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_was_changed_or_switched_off_is_told_until_then_and_not_after() {
    let mut stage = Stage::of_policies().await;
    stage.hand.pass(seconds(17));
    stage.all_told().await;
    let (off, changed) =
        (json!({"interval": 10, "misfire": "skip"}), json!({"interval": 4, "misfire": "once"}));
    stage.engine.tell("RuleDisabled", &enabled(1, &off));
    let mut new = enabled(2, &changed);
    new["handled_until"] = json!(stage.now());
    stage.engine.with(|seen| {
        seen.rules.retain(|rule| rule["id"] != 1);
        seen.rules[0] = new.clone();
    });
    stage.engine.tell("RuleUpdated", &new);
    stage.until_told(4).await;
    let edited = stage.now();
    for _ in 0..20 {
        stage.hand.pass(seconds(1));
        stage.hand.settle();
    }
    stage.engine.until("the new schedule fires", |seen| Ledger::of(seen, 2).fired.len() == 7).await;
    stage.told(3, start(), stage.now()).await;
    let (engine, _) = stage.stop().await;
    engine.with(|seen| {
        assert_eq!(Ledger::of(seen, 1).fired.len(), 2, "nothing after it was switched off");
        let fired = Ledger::of(seen, 2).fired;
        let old = fired.iter().filter(|at| **at <= edited).count();
        assert_eq!(old, 2);
        assert!(fired[old..].windows(2).all(|pair| pair[1].micros_since(pair[0]) == 4 * SECOND));
    });
}
