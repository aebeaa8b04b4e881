//! A mark that a program cannot lose by clearing its environment: a resource limit without a meaning.
//!
//! `RLIMIT_LOCKS` has not been enforced by Linux since 2003, but it is still kept for each process and handed down
//! to everything that it starts, through `setsid`, double forks and `env -i` alike. Two kinds of processes are without
//! it: those that set this limit on purpose, and those that were started in the instant before it was put on. For
//! the engine cannot put it on itself meanwhile: whatever else starts a program in that instant would be branded.

use crate::environment::INSTANCE;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use std::fs;

/// Set in every brand: no administrator ever chose such a limit.
const OURS: u64 = 1 << 62;
/// The bits that name the data folder; those below name the child.
const FAMILY: u64 = 0x3FFF_FFFF_8000_0000;
const CHILD: u64 = 0x7FFF_FFFF;

/// What the limit is set to, and which of its bits are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Brand {
    value: u64,
    looked_at: u64,
}

impl Brand {
    /// The brand of one child, known by these names and values.
    pub(crate) fn of_child(mark: &[(String, String)]) -> Self {
        let instance = mark.iter().find(|(name, _)| name == INSTANCE).map_or("", |(_, value)| value);
        let child = mark.iter().flat_map(|(name, value)| [name.as_str(), "=", value, "\0"]);
        let value = Self::of_instance(instance).value | (hash(child) & CHILD);
        Self { value, looked_at: u64::MAX }
    }

    /// What the brands of all children of one data folder have in common.
    pub(crate) fn of_instance(instance: &str) -> Self {
        Self { value: OURS | (hash([instance]) << 31 & FAMILY), looked_at: !CHILD }
    }

    /// Brands a process that has just been started. What it starts from then on is branded too.
    pub(crate) fn put_on(self, pid: Pid) {
        let limit = Rlimit { current: Some(self.value), ..getrlimit(Resource::Locks) };
        // It may have ended, or be another user's by now; then its environment and its group must do.
        if let Err(error) = prlimit(Some(pid), Resource::Locks, limit) {
            tracing::debug!(%error, "a child could not be branded");
        }
    }

    pub(crate) fn is_on(self, pid: i32) -> bool {
        fs::read_to_string(format!("/proc/{pid}/limits"))
            .ok()
            .and_then(|limits| {
                let line = limits.lines().find_map(|line| line.strip_prefix("Max file locks"))?;
                line.split_ascii_whitespace().next()?.parse::<u64>().ok()
            })
            .is_some_and(|limit| limit & self.looked_at == self.value)
    }
}

/// FNV-1a: the same in every version of this program, which the standard library's hashes do not promise.
fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let bytes = parts.into_iter().flat_map(str::bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(instance: &str, run: &str) -> Brand {
        Brand::of_child(&[(INSTANCE.to_owned(), instance.to_owned()), ("RUN".to_owned(), run.to_owned())])
    }

    #[test]
    fn a_brand_tells_the_child_and_the_folder() {
        let family = Brand::of_instance("a");
        assert_ne!(child("a", "1"), child("a", "2"));
        for run in ["1", "2", "3"] {
            assert_eq!(child("a", run).value & family.looked_at, family.value);
            assert_ne!(child("b", run).value & family.looked_at, family.value);
            assert!(child("a", run).value < 1 << 63, "it must not be read as unlimited");
        }
    }
}
