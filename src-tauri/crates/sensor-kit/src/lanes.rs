//! Who may be sent next: each rule has a lane of its own, and in a lane one is under way at a time.

use model::RuleId;
use std::collections::{HashMap, VecDeque};

/// What waits, by the order in which it may go. Pure: it neither sends nor waits.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    /// May go at once, oldest first; at most one of each lane, and it holds its lane.
    ready: VecDeque<T>,
    /// The lanes that are held, and what waits behind the one that holds it.
    held: HashMap<RuleId, VecDeque<T>>,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self { ready: VecDeque::new(), held: HashMap::new() }
    }
}

impl<T> Lanes<T> {
    /// One more waits. What is for no single rule has no lane and waits for nobody.
    pub(crate) fn take(&mut self, lane: Option<RuleId>, one: T) {
        match lane.map(|lane| (lane, self.held.get_mut(&lane))) {
            Some((_, Some(behind))) => behind.push_back(one),
            Some((lane, None)) => {
                self.held.insert(lane, VecDeque::new());
                self.ready.push_back(one);
            }
            None => self.ready.push_back(one),
        }
    }

    /// The next that may go, if one may.
    pub(crate) fn next(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    /// The one of this lane that was under way has its answer: the next of the lane may go, after those of other
    /// lanes that may already.
    pub(crate) fn answered(&mut self, lane: Option<RuleId>) {
        let Some(lane) = lane else { return };
        match self.held.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(one) => self.ready.push_back(one),
            None => {
                self.held.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lanes: &mut Lanes<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| lanes.next()).collect()
    }

    #[test]
    fn one_of_a_rule_goes_at_a_time_and_rules_do_not_wait_for_each_other() {
        let (one, two) = (Some(RuleId(1)), Some(RuleId(2)));
        let mut lanes = Lanes::default();
        for (lane, name) in [(one, "1a"), (one, "1b"), (None, "x"), (two, "2a"), (None, "y"), (one, "1c")] {
            lanes.take(lane, name);
        }
        assert_eq!(all(&mut lanes), ["1a", "x", "2a", "y"]);
        lanes.answered(None);
        lanes.answered(two);
        assert_eq!(all(&mut lanes), [""; 0]);
        lanes.answered(one);
        lanes.take(one, "1d");
        lanes.take(two, "2b");
        assert_eq!(all(&mut lanes), ["1b", "2b"]);
        lanes.answered(one);
        lanes.answered(two);
        assert_eq!(all(&mut lanes), ["1c"]);
        lanes.answered(one);
        assert_eq!(all(&mut lanes), ["1d"]);
        lanes.answered(one);
        assert!(lanes.held.is_empty(), "an empty lane costs nothing");
    }

    #[test]
    fn a_rule_with_much_to_say_does_not_hold_up_the_others() {
        let mut lanes = Lanes::default();
        for _ in 0..1_000 {
            lanes.take(Some(RuleId(1)), "busy");
        }
        lanes.take(Some(RuleId(2)), "other");
        assert_eq!(all(&mut lanes), ["busy", "other"]);
    }
}
