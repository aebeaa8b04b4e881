//! Rules in a circle: a rule's action emits what fires a rule whose action emits what fires the first again.

use model::Ref;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;

/// One rule, as far as circles go: what fires it and what it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The rule.
    pub rule: Ref,
    /// What fires it.
    pub trigger: Ref,
    /// What it runs.
    pub action: Ref,
}

/// One step of a circle: a rule runs an action, which may emit the trigger of the next rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The rule.
    pub rule: Ref,
    /// What it runs.
    pub action: Ref,
    /// What that may emit: the trigger of the next turn's rule, at the last turn of the first one's.
    pub emits: Ref,
}

/// A circle of rules. Its sentence names every step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// Its steps; after the last one the first comes again.
    pub turns: Vec<Turn>,
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.turns.first() else { return Ok(()) };
        for (index, turn) in self.turns.iter().enumerate() {
            if index > 0 {
                write!(f, ", which fires `{}`: it", turn.rule)?;
            } else {
                write!(f, "`{}`", turn.rule)?;
            }
            write!(f, " runs `{}`, which may emit `{}`", turn.action, turn.emits)?;
        }
        write!(f, ", which fires `{}` again", first.rule)
    }
}

/// The shortest circle that `route` closes among the others, if it closes one. `emits` tells what an action
/// declares to emit. A route of the same rule among the others is the one that `route` replaces.
#[must_use]
pub fn loop_through(route: &Route, others: &[Route], emits: &dyn Fn(&Ref) -> Vec<Ref>) -> Option<Loop> {
    let others: Vec<&Route> = others.iter().filter(|other| other.rule != route.rule).collect();
    Listeners::of(others.into_iter()).shortest(route, emits)
}

/// Circles among rules, every rule in at most one of them, in the order of the rules.
#[must_use]
pub fn loops(routes: &[Route], emits: &dyn Fn(&Ref) -> Vec<Ref>) -> Vec<Loop> {
    let listeners = Listeners::of(routes.iter());
    let mut told: HashSet<Ref> = HashSet::new();
    let mut loops = Vec::new();
    for route in routes {
        if told.contains(&route.rule) {
            continue;
        }
        if let Some(found) = listeners.shortest(route, emits) {
            told.extend(found.turns.iter().map(|turn| turn.rule.clone()));
            loops.push(found);
        }
    }
    loops
}

/// Rules by what fires them.
struct Listeners<'a>(HashMap<&'a Ref, Vec<&'a Route>>);

impl<'a> Listeners<'a> {
    fn of(routes: impl Iterator<Item = &'a Route>) -> Self {
        let mut listeners: HashMap<&Ref, Vec<&Route>> = HashMap::new();
        for route in routes {
            listeners.entry(&route.trigger).or_default().push(route);
        }
        Self(listeners)
    }

    fn shortest(&self, start: &Route, emits: &dyn Fn(&Ref) -> Vec<Ref>) -> Option<Loop> {
        let mut search = Search::default();
        if search.run(start, None, start, emits) {
            return Some(search.last_path());
        }
        while let Some((at, emitted)) = search.next() {
            for route in self.0.get(&emitted).into_iter().flatten() {
                if search.run(route, Some(at), start, emits) {
                    return Some(search.last_path());
                }
            }
        }
        None
    }
}

/// Breadth first over triggers: each is reached once, by the fewest steps.
#[derive(Default)]
struct Search {
    /// Every step with the one before it.
    steps: Vec<(Turn, Option<usize>)>,
    reached: HashSet<Ref>,
    waiting: VecDeque<usize>,
}

impl Search {
    /// Takes the steps that a rule makes; whether one of them fires the start again.
    fn run(
        &mut self,
        route: &Route,
        before: Option<usize>,
        start: &Route,
        emits: &dyn Fn(&Ref) -> Vec<Ref>,
    ) -> bool {
        for emitted in emits(&route.action) {
            if !self.reached.insert(emitted.clone()) {
                continue;
            }
            let closes = emitted == start.trigger;
            let turn = Turn { rule: route.rule.clone(), action: route.action.clone(), emits: emitted };
            self.steps.push((turn, before));
            if closes {
                return true;
            }
            self.waiting.push_back(self.steps.len() - 1);
        }
        false
    }

    fn next(&mut self) -> Option<(usize, Ref)> {
        let at = self.waiting.pop_front()?;
        self.steps.get(at).map(|(turn, _)| (at, turn.emits.clone()))
    }

    fn last_path(&self) -> Loop {
        let mut at = self.steps.len().checked_sub(1);
        let mut turns = Vec::new();
        while let Some((turn, before)) = at.and_then(|at| self.steps.get(at)) {
            turns.push(turn.clone());
            at = *before;
        }
        turns.reverse();
        Loop { turns }
    }
}
