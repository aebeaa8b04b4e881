//! Counts the steps of searches, so that tests can bound work instead of time. Outside tests it does nothing.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// One step of a search.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// The steps that this thread takes for an answer.
#[cfg(test)]
pub(crate) fn of<T>(ask: impl FnOnce() -> T) -> (T, u64) {
    let before = STEPS.with(std::cell::Cell::get);
    let answer = ask();
    (answer, STEPS.with(std::cell::Cell::get) - before)
}

#[cfg(test)]
mod tests;
