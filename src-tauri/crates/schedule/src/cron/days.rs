//! Which days a cron expression means. Whether one is meant depends only on its month, that month's length and the
//! weekday of its first, so `croner` is asked once for each of those and never again.

use super::expression::Fields;
use super::field::{self, Piece};
use super::items::Item;
use crate::effort;
use crate::words::{self, MONTHS};
use croner::Weekday;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::Date;
use model::Invalid;

/// Within these years every month comes in all its shapes: 28 years hold each date on each weekday.
const YEARS: std::ops::RangeInclusive<i16> = 2001..=2028;
/// No instant lies before it, in any zone.
const FIRST_YEAR: i16 = 1969;
/// Days of the shortest month.
const SHORTEST: usize = 28;
/// How long each month can be, the longest first; there is no month 0.
const LENGTHS: [&[usize]; 13] =
    [&[], &[31], &[29, 28], &[31], &[30], &[31], &[30], &[31], &[31], &[30], &[31], &[30], &[31]];

/// The days of all months there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    /// Bit n is month n.
    months: u16,
    /// By length less 28, then by the weekday of the first, Sunday first; bit n is day n.
    shapes: [[u32; 7]; 4],
}

impl Days {
    /// # Errors
    /// Where no day of any year is meant.
    pub(super) fn read(fields: &Fields) -> Result<Self, Invalid> {
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed);
        let odd = |error: CronError| Invalid::new("expression", error.to_string());
        let cron = parser.dom_and_dow(fields.both).build().parse(&fields.plain()).map_err(odd)?;
        let months = u16::try_from(fields.months.bits(&field::MONTH)).unwrap_or(0);
        let mut days = Self { months, shapes: [[0; 7]; 4] };
        for first in shapes() {
            let (year, month) = (i32::from(first.year()), u32::from(first.month().unsigned_abs()));
            for day in (1..).take(length(first)) {
                let weekday = Weekday::from_days_from_sunday(u32::from(weekday(first)) + day - 1);
                if cron.pattern.day_match(year, month, day, weekday).map_err(odd)? {
                    *days.shape(first) |= 1 << day;
                }
            }
        }
        let meant = |month: &u8| LENGTHS[usize::from(*month)].iter().any(|length| days.any(*length));
        if days.months().any(|month| meant(&month)) { Ok(days) } else { Err(never(fields, &days)) }
    }

    /// The first day meant on or after `from`.
    pub(super) fn next(&self, from: Date) -> Option<Date> {
        let mut first = from.first_of_month();
        let mut bits = self.of_month(first) & (u32::MAX << from.day());
        while bits == 0 {
            effort::step();
            first = month_after(first)?;
            bits = self.of_month(first);
        }
        on_day(first, bits.trailing_zeros())
    }

    /// The last day meant on or before `until`; none before the first year of all instants.
    pub(super) fn previous(&self, until: Date) -> Option<Date> {
        let mut first = until.first_of_month();
        let mut bits = self.of_month(first) & !(u32::MAX << until.day() << 1);
        while bits == 0 {
            effort::step();
            first = month_before(first).filter(|first| first.year() >= FIRST_YEAR)?;
            bits = self.of_month(first);
        }
        on_day(first, bits.ilog2())
    }

    /// How many days are meant in `[from, to)`.
    pub(super) fn count(&self, from: Date, to: Date) -> u64 {
        let mut count = 0;
        let mut first = from.first_of_month();
        let last = to.first_of_month();
        while first <= last && from < to {
            effort::step();
            let mut bits = self.of_month(first);
            if first == from.first_of_month() {
                bits &= u32::MAX << from.day();
            }
            if first == last {
                bits &= !(u32::MAX << to.day());
            }
            count += u64::from(bits.count_ones());
            let Some(next) = month_after(first) else { break };
            first = next;
        }
        count
    }

    /// Whether a day is meant.
    pub(super) fn contains(&self, day: Date) -> bool {
        self.of_month(day.first_of_month()) & (1 << day.day()) != 0
    }

    fn of_month(&self, first: Date) -> u32 {
        let asked = self.months & (1 << first.month()) != 0;
        if asked { self.shapes[length(first) - SHORTEST][usize::from(weekday(first))] } else { 0 }
    }

    fn shape(&mut self, first: Date) -> &mut u32 {
        &mut self.shapes[length(first) - SHORTEST][usize::from(weekday(first))]
    }

    /// Whether months of this length ever have a day that is meant.
    fn any(&self, length: usize) -> bool {
        self.shapes[length - SHORTEST].iter().any(|days| *days != 0)
    }

    /// The months asked for.
    fn months(&self) -> impl Iterator<Item = u8> {
        (1..=12).filter(|month| self.months & (1 << month) != 0)
    }
}

/// The first of a month in each of its shapes: four lengths, seven weekdays.
fn shapes() -> Vec<Date> {
    let firsts =
        YEARS.flat_map(|year| [1, 2, 4].into_iter().filter_map(move |month| Date::new(year, month, 1).ok()));
    let mut seen = [[false; 7]; 4];
    firsts
        .filter(|first| {
            !std::mem::replace(&mut seen[length(*first) - SHORTEST][usize::from(weekday(*first))], true)
        })
        .collect()
}

fn length(first: Date) -> usize {
    usize::from(first.days_in_month().unsigned_abs())
}

/// From Sunday, 0.
fn weekday(day: Date) -> u8 {
    day.weekday().to_sunday_zero_offset().unsigned_abs()
}

fn month_after(first: Date) -> Option<Date> {
    let (year, month) = (first.year(), first.month());
    if month == 12 { Date::new(year + 1, 1, 1) } else { Date::new(year, month + 1, 1) }.ok()
}

fn month_before(first: Date) -> Option<Date> {
    let (year, month) = (first.year(), first.month());
    if month == 1 { Date::new(year - 1, 12, 1) } else { Date::new(year, month - 1, 1) }.ok()
}

fn on_day(first: Date, day: u32) -> Option<Date> {
    i8::try_from(day).ok().and_then(|day| Date::new(first.year(), first.month(), day).ok())
}

/// Why no day is ever meant.
fn never(fields: &Fields, days: &Days) -> Invalid {
    let months: Vec<String> = days.months().map(|month| MONTHS[usize::from(month) - 1].to_owned()).collect();
    let place = Piece { text: &fields.days_text, column: fields.days_column };
    let numbers = fields.days.0.iter().map(|item| match *item {
        Item::One(day) | Item::Range(day, ..) | Item::Nearest(day) => day,
        Item::Every(_) | Item::Last | Item::LastWeekday | Item::Nth(..) => 1,
    });
    let least = numbers.min().unwrap_or(1);
    let most = days.months().flat_map(|month| LENGTHS[usize::from(month)]).max().copied().unwrap_or(SHORTEST);
    match usize::from(least) {
        number if number > most => {
            let have = if months.len() == 1 { "has" } else { "have" };
            let why =
                format!("this never fires: {} {have} no {}", words::and(&months), words::ordinal(least));
            field::wrong("day", place, &why, Some("L"))
        }
        _ => {
            let why = "this never fires: with a `*` or `+` in a day field a day must be right by both, and none ever is";
            field::wrong("day", place, why, None)
        }
    }
}
