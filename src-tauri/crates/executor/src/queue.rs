//! Which requested executions may start: a number of places, and a line of those who wait.
//!
//! Pure: no clock, no process, no lock. The engine keeps one in its memory and rebuilds it from the database
//! at start. Deliberately absent: limits of single rules or actions.

use model::ExecutionId;
use std::collections::{HashSet, VecDeque};

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A place is taken: start it.
    Admit,
    /// All places are taken: it waits in line.
    Wait,
    /// All places are taken and the line is full: it is not remembered.
    Full,
}

/// Places and the line before them. First come, first served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    places: usize,
    line: usize,
    running: HashSet<ExecutionId>,
    waiting: VecDeque<ExecutionId>,
    /// The same ids as `waiting`, so that a question costs the same however long the line is.
    in_line: HashSet<ExecutionId>,
}

impl Queue {
    /// An empty queue. `places` run at once (at least one), `line` wait.
    #[must_use]
    pub fn new(places: usize, line: usize) -> Self {
        Self {
            places: places.max(1),
            line,
            running: HashSet::new(),
            waiting: VecDeque::new(),
            in_line: HashSet::new(),
        }
    }

    /// Asks for a place. Asking again for one that runs or waits changes nothing.
    pub fn request(&mut self, id: ExecutionId) -> Answer {
        if self.running.contains(&id) {
            return Answer::Admit;
        }
        if self.in_line.contains(&id) {
            return Answer::Wait;
        }
        if self.running.len() < self.places && self.waiting.is_empty() {
            self.running.insert(id);
            return Answer::Admit;
        }
        if self.waiting.len() >= self.line {
            return Answer::Full;
        }
        self.waiting.push_back(id);
        self.in_line.insert(id);
        Answer::Wait
    }

    /// Gives a place back and returns who takes it. None where nobody waits, or where it held no place.
    pub fn release(&mut self, id: ExecutionId) -> Option<ExecutionId> {
        if !self.running.remove(&id) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.in_line.remove(&next);
        self.running.insert(next);
        Some(next)
    }

    /// Takes one out of the line; whether it was there.
    pub fn cancel(&mut self, id: ExecutionId) -> bool {
        if !self.in_line.remove(&id) {
            return false;
        }
        self.waiting.retain(|waiting| *waiting != id);
        true
    }

    /// How many hold a place.
    #[must_use]
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many more the line takes, free places included.
    #[must_use]
    pub fn room(&self) -> usize {
        (self.places - self.running.len()) + (self.line - self.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_run_one_waits_and_one_is_turned_away() {
        let [a, b, c, d] = [1, 2, 3, 4].map(ExecutionId);
        let mut queue = Queue::new(2, 1);
        assert_eq!([a, b, c, d].map(|id| queue.request(id)), [
            Answer::Admit,
            Answer::Admit,
            Answer::Wait,
            Answer::Full
        ]);
        assert_eq!(queue.release(b), Some(c));
        assert_eq!((queue.running(), queue.waiting(), queue.room()), (2, 0, 1));
        assert_eq!(queue.release(b), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Request,
        Again(prop::sample::Index),
        Release(prop::sample::Index),
        Cancel(prop::sample::Index),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Request),
            1 => any::<prop::sample::Index>().prop_map(Step::Again),
            3 => any::<prop::sample::Index>().prop_map(Step::Release),
            2 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        ]
    }

    proptest! {
        /// Never more run than there are places, all start in the order in which they asked, and each is
        /// started, cancelled while it waited, turned away, or still waiting: nothing is lost, nothing doubled.
        #[test]
        fn places_are_never_exceeded_and_nobody_is_lost_or_overtaken(
            places in 1_usize..5,
            line in 0_usize..8,
            steps in prop::collection::vec(any_step(), 0..200)
        ) {
            let mut queue = Queue::new(places, line);
            let mut asked = Vec::new();
            let (mut started, mut turned_away, mut cancelled, mut released) = (vec![], vec![], vec![], vec![]);
            for step in steps {
                match step {
                    Step::Request => {
                        let id = ExecutionId(i64::try_from(asked.len()).unwrap());
                        asked.push(id);
                        match queue.request(id) {
                            Answer::Admit => started.push(id),
                            Answer::Wait => {}
                            Answer::Full => turned_away.push(id),
                        }
                    }
                    Step::Again(which) => {
                        let known: Vec<_> = asked.iter().copied()
                            .filter(|id| queue.running.contains(id) || queue.in_line.contains(id)).collect();
                        if !known.is_empty() {
                            let before = queue.clone();
                            queue.request(*which.get(&known));
                            prop_assert_eq!(&before, &queue);
                        }
                    }
                    Step::Release(which) if !asked.is_empty() => {
                        let id = *which.get(&asked);
                        if queue.running.contains(&id) { released.push(id); }
                        started.extend(queue.release(id));
                    }
                    Step::Cancel(which) if !asked.is_empty() => {
                        let id = *which.get(&asked);
                        if queue.cancel(id) { cancelled.push(id); }
                    }
                    Step::Release(_) | Step::Cancel(_) => {}
                }
                prop_assert!(queue.running() <= places && queue.waiting() <= line);
                prop_assert!(queue.waiting() == 0 || queue.running() == places, "a place is free while one waits");
                prop_assert!(started.is_sorted(), "overtaken: {:?}", started);
                let mut all: Vec<_> =
                    [&started, &turned_away, &cancelled].into_iter().flatten().copied().chain(queue.waiting.iter().copied()).collect();
                all.sort_unstable();
                prop_assert_eq!(&all, &asked);
                prop_assert_eq!(started.len() - released.len(), queue.running());
            }
        }
    }
}
