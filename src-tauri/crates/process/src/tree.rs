//! Finding and ending a whole tree of processes.
//!
//! A process number may be given to a stranger between looking and signalling. So each process is signalled
//! through a descriptor that was opened first and compared with its start time afterwards; the group is
//! signalled as a whole only while its leader is not yet reaped, for until then its number is taken.

use crate::brand::Brand;
use crate::cgroup::Cgroup;
use crate::environment::INSTANCE;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open, pidfd_send_signal};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long killed processes may take to vanish before they are given up: they hang in the kernel, or belong
/// to somebody else.
const GIVE_UP: Duration = Duration::from_secs(3);
/// What leftovers of an earlier engine get between SIGTERM and SIGKILL: nobody waits for their work any more.
const LEFTOVER_GRACE: Duration = Duration::from_millis(500);

/// Which processes belong together.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    /// The leader of the group; not reaped while this is used.
    leader: Option<Pid>,
    /// `NAME=value` lines that all members have in their environment.
    mark: Vec<Vec<u8>>,
    /// What members have that have cleared it; none where there is no mark.
    brand: Option<Brand>,
    /// What no member gets out of; none where the system gives us none.
    cgroup: Option<Arc<Cgroup>>,
}

/// One line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    pid: i32,
    parent: i32,
    group: i32,
    /// In clock ticks since the machine started: with the number it names one process for ever.
    started: u64,
    gone: bool,
}

impl Tree {
    /// The tree of a child that has just been started.
    pub(crate) fn of_child(leader: Pid, mark: &[(String, String)]) -> Self {
        let brand = (!mark.is_empty()).then(|| Brand::of_child(mark));
        if let Some(brand) = brand {
            brand.put_on(leader);
        }
        let cgroup = Cgroup::of_child(leader).map(Arc::new);
        Self { leader: Some(leader), mark: lines(mark), brand, cgroup }
    }

    /// Everything that was started for one data folder.
    fn of_instance(instance: &str) -> Self {
        let mark = lines(&[(INSTANCE.to_owned(), instance.to_owned())]);
        Self { leader: None, mark, brand: Some(Brand::of_instance(instance)), cgroup: None }
    }

    /// The leader of its group.
    pub(crate) fn leader(&self) -> Option<Pid> {
        self.leader
    }

    /// Whether anything of it is alive.
    pub(crate) fn is_alive(&self) -> bool {
        !self.members().is_empty()
    }

    /// Sends a signal to every member.
    pub(crate) fn signal(&self, signal: Signal) {
        self.signal_group(signal);
        let group = self.leader.map(Pid::as_raw_pid);
        for row in self.members() {
            if Some(row.group) != group {
                send(row, signal);
            }
        }
    }

    /// Sends a signal to the group alone: at once, and so that no member can slip away by forking.
    pub(crate) fn signal_group(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // The group may have ended already; that is what was wanted.
            let _ = kill_process_group(leader, signal);
        }
    }

    /// Kills until nothing is left, and returns what could not be killed.
    pub(crate) fn kill(&self) -> Vec<u32> {
        let give_up = Instant::now() + GIVE_UP;
        let mut pause = Duration::from_millis(1);
        // A process that is just loading a program shows no environment for an instant, so one empty look
        // proves nothing.
        let mut empty_looks = 0;
        loop {
            self.signal_group(Signal::KILL);
            if let Some(cgroup) = &self.cgroup {
                cgroup.kill();
            }
            let members = self.members();
            empty_looks = if members.is_empty() { empty_looks + 1 } else { 0 };
            if empty_looks == 2 {
                return Vec::new();
            }
            if Instant::now() > give_up {
                let survivors: Vec<u32> = members.iter().map(|row| row.pid.unsigned_abs()).collect();
                tracing::warn!(?survivors, "processes could not be killed");
                return survivors;
            }
            for row in members {
                send(row, Signal::KILL);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn members(&self) -> Vec<Row> {
        let table = table();
        let strangers = ourselves(&table);
        let group = self.leader.map(Pid::as_raw_pid);
        let mut found: HashSet<i32> = group.into_iter().collect();
        let inside: HashSet<i32> = self.cgroup.iter().flat_map(|cgroup| cgroup.members()).collect();
        let belongs =
            |row: &&Row| Some(row.group) == group || inside.contains(&row.pid) || self.marked(row.pid);
        found.extend(table.iter().filter(|row| !row.gone).filter(belongs).map(|row| row.pid));
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for row in &table {
            children.entry(row.parent).or_default().push(row.pid);
        }
        let mut open: Vec<i32> = found.iter().copied().filter(|pid| !strangers.contains(pid)).collect();
        while let Some(pid) = open.pop() {
            for child in children.get(&pid).into_iter().flatten() {
                if found.insert(*child) {
                    open.push(*child);
                }
            }
        }
        table
            .into_iter()
            .filter(|row| !row.gone && found.contains(&row.pid) && !strangers.contains(&row.pid))
            .collect()
    }

    fn marked(&self, pid: i32) -> bool {
        carries(pid, &self.mark) || self.brand.is_some_and(|brand| brand.is_on(pid))
    }
}

fn lines(mark: &[(String, String)]) -> Vec<Vec<u8>> {
    mark.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect()
}

/// Ends what an earlier engine of the same data folder left running, found by [`INSTANCE`] in its environment
/// and by its brand, and returns the process numbers. Sends SIGTERM, waits half a second at most, kills. This process and its
/// ancestors are spared, so an engine may be started by an action; its children are not, so this comes before
/// the first of them. Blocks; reads all of `/proc`.
#[must_use]
pub fn end_leftovers(instance: &str) -> Vec<u32> {
    let tree = Tree::of_instance(instance);
    let members = tree.members();
    if members.is_empty() {
        return Vec::new();
    }
    tree.signal(Signal::TERM);
    tree.signal(Signal::CONT);
    let deadline = Instant::now() + LEFTOVER_GRACE;
    while tree.is_alive() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    tree.kill();
    members.into_iter().map(|row| row.pid.unsigned_abs()).collect()
}

fn send(row: Row, signal: Signal) {
    let Some(pid) = Pid::from_raw(row.pid) else { return };
    let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // Still the process that was seen? If it ended after this look, the descriptor knows.
    if look(row.pid).is_some_and(|now| now.started == row.started)
        && let Err(error) = pidfd_send_signal(&descriptor, signal)
        && error != rustix::io::Errno::SRCH
    {
        tracing::debug!(pid = row.pid, %error, "a process could not be signalled");
    }
}

/// This process and its ancestors: never signalled.
fn ourselves(table: &[Row]) -> HashSet<i32> {
    let parents: HashMap<i32, i32> = table.iter().map(|row| (row.pid, row.parent)).collect();
    let mut spared = HashSet::new();
    let mut next = Some(getpid().as_raw_pid());
    while let Some(pid) = next.filter(|pid| spared.insert(*pid)) {
        next = parents.get(&pid).copied();
    }
    spared
}

fn table() -> Vec<Row> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter_map(look).collect()
}

fn look(pid: i32) -> Option<Row> {
    parse_stat(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (name) state parent group … started …`. The name may hold anything, brackets and line ends too.
fn parse_stat(pid: i32, stat: &[u8]) -> Option<Row> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let fields = std::str::from_utf8(stat.get(after_name..)?).ok()?;
    let mut fields = fields.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    // `started` is field 22 of the line, and `group` was field 5.
    let started = fields.nth(16)?.parse().ok()?;
    Some(Row { pid, parent, group, started, gone: matches!(state, "Z" | "X" | "x") })
}

fn carries(pid: i32, mark: &[Vec<u8>]) -> bool {
    if mark.is_empty() {
        return false;
    }
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    let variables: HashSet<&[u8]> = environment.split(|byte| *byte == 0).collect();
    mark.iter().all(|wanted| variables.contains(wanted.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_cannot_forge_its_line() {
        let line = b"42 (evil) Z 1 1 (\n) S 7 9 9 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 1234 99 1";
        let row = parse_stat(42, line).unwrap();
        assert_eq!(row, Row { pid: 42, parent: 7, group: 9, started: 1234, gone: false });
        assert_eq!(parse_stat(42, b"42 (cut) S 7"), None);
    }

    #[test]
    fn this_process_and_its_ancestors_are_spared() {
        let spared = ourselves(&table());
        assert!(spared.contains(&getpid().as_raw_pid()));
        let parent = rustix::process::getppid().unwrap().as_raw_pid();
        assert!(spared.contains(&parent), "{spared:?}");
    }
}
