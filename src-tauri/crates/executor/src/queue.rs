//! Which requested executions may start: a number of places, and a line of those who wait.
//!
//! Pure: no clock, no process, no lock. The engine asks it while it decides ([`Queue::free`],
//! [`Queue::room`], [`Queue::waiting`]) and tells it what was committed ([`Queue::wait`], [`Queue::occupy`],
//! [`Queue::remove`]). Deliberately absent: limits of single rules or actions.

use model::ExecutionId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Places and the line before them. First come, first served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    places: usize,
    line: usize,
    occupied: HashSet<ExecutionId>,
    /// The line by number of arrival, and the number of each: leaving from the middle is cheap both ways.
    arrivals: BTreeMap<u64, ExecutionId>,
    numbers: HashMap<ExecutionId, u64>,
    next_number: u64,
}

impl Queue {
    /// An empty queue. `places` run at once (at least one), `line` wait.
    #[must_use]
    pub fn new(places: usize, line: usize) -> Self {
        Self {
            places: places.max(1),
            line,
            occupied: HashSet::new(),
            arrivals: BTreeMap::new(),
            numbers: HashMap::new(),
            next_number: 0,
        }
    }

    /// It stands at the end of the line from now on. One that waits or runs already stays where it is. Whether
    /// there is [`room`](Self::room) is asked before; here nobody is turned away, for it is recorded already.
    pub fn wait(&mut self, id: ExecutionId) {
        if self.occupied.contains(&id) || self.numbers.contains_key(&id) {
            return;
        }
        self.arrivals.insert(self.next_number, id);
        self.numbers.insert(id, self.next_number);
        self.next_number += 1;
    }

    /// It has a place from now on, wherever it was before.
    pub fn occupy(&mut self, id: ExecutionId) {
        self.leave_line(id);
        self.occupied.insert(id);
    }

    /// It has ended: it neither waits nor holds a place.
    pub fn remove(&mut self, id: ExecutionId) {
        self.leave_line(id);
        self.occupied.remove(&id);
    }

    fn leave_line(&mut self, id: ExecutionId) {
        if let Some(number) = self.numbers.remove(&id) {
            self.arrivals.remove(&number);
        }
    }

    /// Those who wait, the longest first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = ExecutionId> + '_ {
        self.arrivals.values().copied()
    }

    /// How many places are free.
    #[must_use]
    pub fn free(&self) -> usize {
        // After a restart with fewer places, more may run than there are.
        self.places.saturating_sub(self.occupied.len())
    }

    /// How many hold a place.
    #[must_use]
    pub fn occupied(&self) -> usize {
        self.occupied.len()
    }

    /// How many more the line takes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.line.saturating_sub(self.arrivals.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;

    /// What the engine does with a request: the place, the line, or neither.
    fn request(queue: &mut Queue, id: ExecutionId) -> &'static str {
        if queue.free() > 0 && queue.waiting().len() == 0 {
            queue.occupy(id);
            return "admitted";
        }
        if queue.room() > 0 {
            queue.wait(id);
            return "waits";
        }
        "turned away"
    }

    /// What the engine does with an end: the place goes to those who have waited longest.
    fn end(queue: &mut Queue, id: ExecutionId) -> Vec<ExecutionId> {
        queue.remove(id);
        let next: Vec<_> = queue.waiting().take(queue.free()).collect();
        next.iter().for_each(|id| queue.occupy(*id));
        next
    }

    #[test]
    fn two_run_one_waits_and_one_is_turned_away() {
        let [a, b, c, d] = [1, 2, 3, 4].map(ExecutionId);
        let mut queue = Queue::new(2, 1);
        let answers = [a, b, c, d].map(|id| request(&mut queue, id));
        assert_eq!(answers, ["admitted", "admitted", "waits", "turned away"]);
        assert_eq!(end(&mut queue, b), [c]);
        assert_eq!((queue.occupied(), queue.free(), queue.room()), (2, 0, 1));
        assert_eq!(end(&mut queue, b), []);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Request,
        Again(Index),
        End(Index),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Request),
            1 => any::<Index>().prop_map(Step::Again),
            4 => any::<Index>().prop_map(Step::End),
        ]
    }

    proptest! {
        /// Never more run than there are places, all start in the order in which they asked, no place stays free
        /// while one waits, and each is running, waiting, turned away or ended: nothing is lost or doubled.
        #[test]
        fn places_are_never_exceeded_and_nobody_is_lost_or_overtaken(
            places in 1_usize..5,
            line in 0_usize..8,
            steps in prop::collection::vec(any_step(), 0..200)
        ) {
            let mut queue = Queue::new(places, line);
            let mut asked = Vec::new();
            let (mut started, mut gone) = (Vec::new(), Vec::new());
            for step in steps {
                let inside = |queue: &Queue| -> Vec<ExecutionId> {
                    let mut all: Vec<_> = queue.occupied.iter().copied().chain(queue.waiting()).collect();
                    all.sort_unstable();
                    all
                };
                match step {
                    Step::Request => {
                        let id = ExecutionId(i64::try_from(asked.len()).unwrap());
                        asked.push(id);
                        match request(&mut queue, id) {
                            "admitted" => started.push(id),
                            "waits" => {}
                            _ => gone.push(id),
                        }
                    }
                    Step::Again(which) => {
                        let known = inside(&queue);
                        if !known.is_empty() {
                            let before = queue.clone();
                            queue.wait(*which.get(&known));
                            prop_assert_eq!(&before, &queue);
                        }
                    }
                    Step::End(which) => {
                        let known = inside(&queue);
                        if !known.is_empty() {
                            let id = *which.get(&known);
                            started.extend(end(&mut queue, id));
                            gone.push(id);
                        }
                    }
                }
                prop_assert!(queue.occupied() <= places && queue.waiting().len() <= line);
                prop_assert!(queue.waiting().len() == 0 || queue.free() == 0, "a place is free while one waits");
                prop_assert!(started.is_sorted(), "overtaken: {:?}", started);
                let mut all = inside(&queue);
                all.extend(&gone);
                all.sort_unstable();
                prop_assert_eq!(&all, &asked);
            }
        }
    }
}
