//! A cron expression as a person would say it. Where no short sentence fits, a longer one that is still true.

use super::Cron;
use super::dates::Dates;
use super::times::{DAY, Times};
use crate::words::{and, clock, runs};
use crate::zone::Zone;

/// Times of day that are listed one by one; more are told as a rhythm.
const LISTED: u64 = 6;

const ALL_HOURS: u64 = (1 << 24) - 1;
const ALL_MINUTES: u64 = (1 << 60) - 1;

/// How often a day.
enum Rhythm {
    /// At these times of the day.
    Times(String),
    /// The same in each hour of the day, whatever the zone: `every 15 minutes`.
    Everywhere(String),
    /// Anything else.
    Rest(String),
}

impl Cron {
    /// In words; the zone is left out where it makes no difference.
    pub(crate) fn sentence(&self, zone: &Zone) -> String {
        let dates = Dates::of(&self.fields);
        let spoken = zone.spoken();
        let sentence = match (rhythm(&self.times), dates) {
            (Rhythm::Everywhere(every), None) => return every,
            (Rhythm::Times(times), None) => format!("Every day at {times}"),
            (Rhythm::Times(times), Some(dates)) => format!("{} at {times}", dates.lead),
            (Rhythm::Rest(every), None) => every,
            (Rhythm::Rest(every) | Rhythm::Everywhere(every), Some(dates)) => format!("{every} {}", dates.on),
        };
        format!("{sentence}, {spoken}")
    }
}

fn rhythm(times: &Times) -> Rhythm {
    let Times { seconds, minutes, hours } = *times;
    if times.count_before(DAY) <= LISTED {
        let all = std::iter::successors(times.next(0), |time| times.next(time + 1));
        return Rhythm::Times(and(&all.map(clock_of).collect::<Vec<_>>()));
    }
    if let Some(step) = even(seconds, 60)
        && step < 60
    {
        let every = every(step, "second");
        return if minutes == ALL_MINUTES {
            within_hours(times, every)
        } else {
            Rhythm::Rest(format!("{every} of {}", minutes_and_hours(minutes, hours)))
        };
    }
    let Some(second) = single(seconds) else {
        let seconds = and(&runs(seconds, u8::to_string));
        return Rhythm::Rest(format!("At seconds {seconds} of {}", minutes_and_hours(minutes, hours)));
    };
    let at_second = if second == 0 { String::new() } else { format!(" at second {second}") };
    if let Some(step) = even(minutes, 60)
        && step < 60
    {
        return within_hours(times, every(step, "minute") + &at_second);
    }
    let Some(minute) = single(minutes) else {
        let of_second = if second == 0 { String::new() } else { format!("second {second} of ") };
        return Rhythm::Rest(format!("At {of_second}{}", minutes_and_hours(minutes, hours)));
    };
    let first = clock_of(times.next(0).unwrap_or(0));
    match even(hours, 24) {
        Some(1) if (minute, second) == (0, 0) => Rhythm::Everywhere("Every hour".to_owned()),
        Some(1) => Rhythm::Rest(format!("Every hour at minute {minute}{}", at_second.replace(" at", ","))),
        Some(step) => Rhythm::Rest(format!("{} from {first}", every(step, "hour"))),
        None if run(hours) => Rhythm::Rest(format!("Every hour{}", from_to(times))),
        None => {
            let of_second = if second == 0 { String::new() } else { format!("second {second} of ") };
            Rhythm::Rest(format!("At {of_second}{}", minutes_and_hours(minutes, hours)))
        }
    }
}

/// A rhythm within the hours asked for.
fn within_hours(times: &Times, every: String) -> Rhythm {
    match times.hours {
        ALL_HOURS => Rhythm::Everywhere(every),
        hours if run(hours) => Rhythm::Rest(every + &from_to(times)),
        hours => Rhythm::Rest(format!("{every} of {}", the_hours(hours))),
    }
}

/// From the first time of the day to the last.
fn from_to(times: &Times) -> String {
    let (first, last) = (times.next(0), times.previous(DAY - 1));
    format!(" from {} to {}", clock_of(first.unwrap_or(0)), clock_of(last.unwrap_or(0)))
}

fn minutes_and_hours(minutes: u64, hours: u64) -> String {
    let minutes = match (minutes, single(minutes)) {
        (ALL_MINUTES, _) => "every minute".to_owned(),
        (_, Some(minute)) => format!("minute {minute}"),
        (minutes, None) => format!("minutes {}", and(&runs(minutes, u8::to_string))),
    };
    format!("{minutes} of {}", the_hours(hours))
}

fn the_hours(hours: u64) -> String {
    match (hours, single(hours)) {
        (ALL_HOURS, _) => "every hour".to_owned(),
        (_, Some(hour)) => format!("hour {hour}"),
        (hours, None) => format!("the hours {}", and(&runs(hours, u8::to_string))),
    }
}

fn every(step: u32, unit: &str) -> String {
    if step == 1 { format!("Every {unit}") } else { format!("Every {step} {unit}s") }
}

/// The step of a set that goes evenly around, from 0: 15 for `0, 15, 30, 45`; the whole round for a 0 alone.
fn even(set: u64, round: u32) -> Option<u32> {
    let step = round / set.count_ones().max(1);
    let set_of =
        |step: u32| (0..round).step_by(usize::try_from(step).unwrap_or(1)).fold(0, |set, n| set | 1 << n);
    (step > 0 && round.is_multiple_of(step) && set == set_of(step)).then_some(step)
}

/// The value of a set that has only one.
fn single(set: u64) -> Option<u32> {
    (set.count_ones() == 1).then(|| set.trailing_zeros())
}

/// Whether the values of a set follow one another.
fn run(set: u64) -> bool {
    set != 0 && (set >> set.trailing_zeros()).trailing_ones() == set.count_ones()
}

fn clock_of(second: u32) -> String {
    super::time(second).map(clock).unwrap_or_default()
}
