//! What a child costs: processor time as the system counted it, memory as far as it can be told.
//!
//! The system counts the highest memory of a child from the moment it exists, and until its program is loaded a child
//! shares the memory of whoever started it. So that figure says something only where it is above our own peak;
//! below it, the peaks of the programs themselves count, looked at while they run.

use rustix::process::Pid;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// Processes of one child whose memory is looked at: a look at more would cost more than it tells.
const LOOKED_AT: usize = 64;

/// The highest memory, in bytes, of the process that had the most, of a process and what it has started; 0 where
/// nothing of it is left.
pub(crate) fn peak_memory(pid: Pid) -> u64 {
    let mut open = vec![pid.as_raw_pid()];
    let mut peak = 0;
    let mut looked_at = 0;
    while let Some(pid) = open.pop() {
        peak = peak.max(peak_of(&format!("/proc/{pid}/status")));
        looked_at += 1;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        open.extend(children.split_ascii_whitespace().filter_map(|child| child.parse::<i32>().ok()));
        open.truncate(LOOKED_AT - looked_at.min(LOOKED_AT));
    }
    peak
}

/// What the system counted, where it must be the child's own; else what was seen while it ran.
pub(crate) fn judge_peak(counted: u64, seen: u64) -> Option<u64> {
    // It only rises, so what it was once tells most children apart without another look.
    static OURS: AtomicU64 = AtomicU64::new(0);
    let is_its_own = counted > OURS.load(Ordering::Relaxed) && {
        let ours = peak_of("/proc/self/status");
        OURS.store(ours, Ordering::Relaxed);
        counted > ours
    };
    let peak = if is_its_own { counted.max(seen) } else { seen };
    (peak > 0).then_some(peak)
}

fn peak_of(status: &str) -> u64 {
    let Ok(status) = fs::read_to_string(status) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
