//! The days of a cron expression as a person would say them.

use super::expression::Fields;
use super::field;
use super::items::{Item, Items};
use crate::words::{MONTHS, Steps, and, join, ordinal, runs};

const ALL_MONTHS: u64 = 0b1_1111_1111_1110;
const ALL_DAYS: u64 = 0xFFFF_FFFE;
const ALL_WEEKDAYS: u64 = 0b111_1111;

/// Monday first, and with Sunday as the last.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Days as they begin a sentence, and as they stand in it.
pub(super) struct Dates {
    /// `Weekdays`, `On the last day of each month`.
    pub(super) lead: String,
    /// `on weekdays`, `on the last day of each month`.
    pub(super) on: String,
}

impl Dates {
    /// None where every day is meant.
    pub(super) fn of(fields: &Fields) -> Option<Self> {
        let months = Months(fields.months.bits(&field::MONTH));
        let days = days(&fields.days);
        let weekdays = Weekdays::of(&fields.weekdays);
        // Where either is enough, one that allows everything leaves nothing of the other.
        let open = !fields.both && (days.is_none() || weekdays.is_none());
        match (days, weekdays) {
            (None, None) => months.every_day(),
            _ if open => months.every_day(),
            (Some(days), None) => Some(Self::on(format!("on {days} {}", months.of_them()))),
            (None, Some(weekdays)) => Some(weekdays.alone(&months)),
            (Some(days), Some(weekdays)) if fields.both => {
                let of = months.of_them();
                Some(Self::long(format!("on {days} {of} where that is {}", weekdays.one_of())))
            }
            (Some(days), Some(weekdays)) => {
                let other = weekdays.alone(&months).on;
                Some(Self::long(format!("on {days} {} or {other}", months.of_them())))
            }
        }
    }

    /// Days that need a comma before the time.
    fn long(on: String) -> Self {
        let Self { lead, on } = Self::on(on);
        Self { lead: lead + ",", on }
    }

    fn on(on: String) -> Self {
        let lead = format!("O{}", &on[1..]);
        Self { lead, on }
    }
}

/// The days of a month: `the 1st and 15th`. None for all.
fn days(items: &Items) -> Option<String> {
    let bits = items.bits(&field::DAY);
    if bits == ALL_DAYS {
        return None;
    }
    if let (Some(steps), [_]) = (Steps::of(bits), &items.0[..]) {
        let Steps { first, last, step } = steps;
        let [first, last, step] = [first, last, step].map(ordinal);
        return Some(format!("every {step} day from the {first} to the {last}"));
    }
    let mut parts: Vec<String> = runs(bits, |day| ordinal(*day));
    for item in &items.0 {
        match item {
            Item::Last => parts.push("last day".to_owned()),
            Item::LastWeekday => parts.push("last weekday".to_owned()),
            Item::Nearest(day) => parts.push(format!("weekday nearest the {}", ordinal(*day))),
            Item::Every(_) | Item::One(_) | Item::Range(..) | Item::Nth(..) => {}
        }
    }
    Some(format!("the {}", and(&parts)))
}

/// The months asked for, as bits from 1.
struct Months(u64);

impl Months {
    fn names(&self) -> Vec<&'static str> {
        let months = (1_usize..).zip(MONTHS);
        months.filter(|(number, _)| self.0 & (1 << number) != 0).map(|(_, name)| name).collect()
    }

    /// The first and the last of three or more in a row.
    fn row(&self) -> Option<(&'static str, &'static str)> {
        let names = self.names();
        let row = (self.0 >> self.0.trailing_zeros()).trailing_ones() == self.0.count_ones();
        match names[..] {
            [first, .., last] if row && names.len() >= 3 => Some((first, last)),
            _ => None,
        }
    }

    fn list(&self) -> String {
        and(&self.names().into_iter().map(str::to_owned).collect::<Vec<_>>())
    }

    /// `in June`; none for all.
    fn within(&self) -> Option<String> {
        match self.row() {
            _ if self.0 == ALL_MONTHS => None,
            Some((first, last)) => Some(format!("from {first} to {last}")),
            None => Some(format!("in {}", self.list())),
        }
    }

    /// Every day of them; none where that is no restriction.
    fn every_day(&self) -> Option<Dates> {
        self.within().map(|within| Dates { lead: format!("Every day {within}"), on: within })
    }

    /// `of each month`, `of June and July`.
    fn of_them(&self) -> String {
        match self.row() {
            _ if self.0 == ALL_MONTHS => "of each month".to_owned(),
            Some((first, last)) => format!("of each month from {first} to {last}"),
            None => format!("of {}", self.list()),
        }
    }
}

/// What a field of weekdays asks for; never all of them.
struct Weekdays {
    /// Monday is bit 1, Sunday bit 7.
    plain: u64,
    /// `2nd Friday`.
    counted: Vec<String>,
}

impl Weekdays {
    fn of(items: &Items) -> Option<Self> {
        let bits = items.bits(&field::WEEKDAY);
        if bits == ALL_WEEKDAYS {
            return None;
        }
        let mut counted = Vec::new();
        for item in &items.0 {
            if let Item::Nth(from, to, nth) = *item {
                let which = if nth == 0 { "last".to_owned() } else { ordinal(nth) };
                counted.extend((from..=to).map(|weekday| format!("{which} {}", name(weekday))));
            }
        }
        Some(Self { plain: (bits & !1) | (bits & 1) << 7, counted })
    }

    /// Without days of the month beside them.
    fn alone(&self, months: &Months) -> Dates {
        let plain = self.plural();
        if self.counted.is_empty() {
            let within = months.within().map_or_else(String::new, |within| format!(" {within}"));
            let on = format!("on {plain}{within}");
            let mut lead = format!("{plain}{within}");
            lead[..1].make_ascii_uppercase();
            return Dates { lead, on };
        }
        let counted = format!("the {} {}", and(&self.counted), months.of_them());
        if self.plain == 0 {
            return Dates::on(format!("on {counted}"));
        }
        Dates::on(format!(
            "on {plain}{} and on {counted}",
            months.within().map_or_else(String::new, |within| format!(" {within}"))
        ))
    }

    /// `weekdays`, `Mondays and Fridays`, `every day except Sundays`.
    fn plural(&self) -> String {
        let names = |plain: u64| runs(plain, |weekday| format!("{}s", name(*weekday)));
        match self.plain.count_ones() {
            5 if self.plain == 0b11_1110 => "weekdays".to_owned(),
            6 => format!("every day except {}", and(&names(!self.plain & 0b1111_1110))),
            _ => and(&names(self.plain)),
        }
    }

    /// `a Monday or Friday`, `the 2nd Friday of the month`.
    fn one_of(&self) -> String {
        let mut parts = Vec::new();
        if self.plain == 0b11_1110 {
            parts.push("a weekday".to_owned());
        } else if self.plain != 0 {
            let weekdays = (1..=7_u8).filter(|weekday| self.plain & (1 << weekday) != 0);
            let names: Vec<String> = weekdays.map(|weekday| name(weekday).to_owned()).collect();
            parts.push(format!("a {}", join(&names, "or")));
        }
        parts.extend(self.counted.iter().map(|counted| format!("the {counted} of the month")));
        join(&parts, "or")
    }
}

fn name(weekday: u8) -> &'static str {
    WEEKDAYS[usize::from((weekday + 6) % 7)]
}
