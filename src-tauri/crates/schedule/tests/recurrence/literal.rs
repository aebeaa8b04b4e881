//! The words of RFC 5545 taken literally and slowly: every period is built, filtered and picked from by hand. It knows
//! nothing of how the product searches. Local times are those of UTC.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan};
use std::fmt::Write;

/// A rule with its start.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) freq: &'static str,
    pub(crate) interval: i32,
    pub(crate) months: Vec<i16>,
    pub(crate) weeks: Vec<i16>,
    pub(crate) year_days: Vec<i16>,
    pub(crate) month_days: Vec<i16>,
    pub(crate) days: Vec<(i16, Weekday)>,
    pub(crate) hours: Vec<i16>,
    pub(crate) minutes: Vec<i16>,
    pub(crate) seconds: Vec<i16>,
    pub(crate) positions: Vec<i16>,
    pub(crate) week_start: Weekday,
    pub(crate) start: DateTime,
}

pub(crate) fn name(day: Weekday) -> &'static str {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"][usize::try_from(day.to_monday_zero_offset()).unwrap()]
}

impl Spec {
    /// As the standard writes it.
    pub(crate) fn rule(&self) -> String {
        let mut rule =
            format!("FREQ={};INTERVAL={};WKST={}", self.freq, self.interval, name(self.week_start));
        let lists = [
            ("BYMONTH", &self.months),
            ("BYWEEKNO", &self.weeks),
            ("BYYEARDAY", &self.year_days),
            ("BYMONTHDAY", &self.month_days),
            ("BYHOUR", &self.hours),
            ("BYMINUTE", &self.minutes),
            ("BYSECOND", &self.seconds),
            ("BYSETPOS", &self.positions),
        ];
        let mut add = |part: &str, values: Vec<String>| {
            if !values.is_empty() {
                write!(rule, ";{part}={}", values.join(",")).unwrap();
            }
        };
        for (part, numbers) in lists {
            add(part, numbers.iter().map(ToString::to_string).collect());
        }
        let day = |(nth, day): &(i16, Weekday)| match nth {
            0 => name(*day).to_owned(),
            nth => format!("{nth}{}", name(*day)),
        };
        add("BYDAY", self.days.iter().map(day).collect());
        rule
    }

    /// What it plans from `from` to before `to`.
    pub(crate) fn between(&self, from: DateTime, to: DateTime) -> Vec<DateTime> {
        let mut all = Vec::new();
        let mut period = self.period_of(from);
        while period < to {
            let next = self.after(period);
            if self.counted(period) {
                all.extend(self.pick(self.set(period, next)));
            }
            period = next;
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|time| *time >= self.start && *time >= from && *time < to);
        all
    }

    /// Where the period after one begins.
    fn after(&self, period: DateTime) -> DateTime {
        if self.freq == "YEARLY" && !self.weeks.is_empty() {
            let (year, ..) = self.week(period.date());
            return self.first_week(i16::try_from(year).unwrap() + 1).at(0, 0, 0, 0);
        }
        period.checked_add(self.length()).unwrap()
    }

    fn length(&self) -> Span {
        match self.freq {
            "YEARLY" => 1.year(),
            "MONTHLY" => 1.month(),
            "WEEKLY" => 1.week(),
            "DAILY" => 1.day(),
            "HOURLY" => 1.hour(),
            "MINUTELY" => 1.minute(),
            _ => 1.second(),
        }
    }

    /// Where the period of a time begins.
    fn period_of(&self, time: DateTime) -> DateTime {
        let date = time.date();
        let (hour, minute) = (time.hour(), time.minute());
        match self.freq {
            "YEARLY" if !self.weeks.is_empty() => {
                self.first_week(i16::try_from(self.week(date).0).unwrap()).at(0, 0, 0, 0)
            }
            "YEARLY" => date.first_of_year().at(0, 0, 0, 0),
            "MONTHLY" => date.first_of_month().at(0, 0, 0, 0),
            "WEEKLY" => self.week_of(date).at(0, 0, 0, 0),
            "DAILY" => date.at(0, 0, 0, 0),
            "HOURLY" => date.at(hour, 0, 0, 0),
            "MINUTELY" => date.at(hour, minute, 0, 0),
            _ => time,
        }
    }

    fn week_of(&self, date: Date) -> Date {
        let into =
            (date.weekday().to_monday_zero_offset() - self.week_start.to_monday_zero_offset()).rem_euclid(7);
        date.checked_sub(i64::from(into).days()).unwrap()
    }

    /// Whether a period is one of every `interval`.
    fn counted(&self, period: DateTime) -> bool {
        let first = self.period_of(self.start);
        let passed = match self.freq {
            "YEARLY" if !self.weeks.is_empty() => self.week(period.date()).0 - self.week(first.date()).0,
            "YEARLY" => i64::from(period.year() - first.year()),
            "MONTHLY" => {
                i64::from(period.year() - first.year()) * 12 + i64::from(period.month() - first.month())
            }
            _ => {
                let seconds = period.duration_since(first).as_secs();
                let unit = DateTime::constant(2000, 1, 1, 0, 0, 0, 0);
                seconds / unit.checked_add(self.length()).unwrap().duration_since(unit).as_secs()
            }
        };
        passed >= 0 && passed % i64::from(self.interval) == 0
    }

    /// The year whose weeks hold a date, its week, and how many weeks that year has.
    fn week(&self, date: Date) -> (i64, i64, i64) {
        // A week belongs to the year that holds its fourth day.
        let start = self.week_of(date);
        let year = start.checked_add(3.days()).unwrap().year();
        let weeks = |to: Date| to.duration_since(self.first_week(year)).as_hours() / 24 / 7;
        (year.into(), weeks(start) + 1, weeks(self.first_week(year + 1)))
    }

    /// The first week of a year is the one that holds 4 January.
    fn first_week(&self, year: i16) -> Date {
        self.week_of(Date::constant(year, 1, 4))
    }

    /// All times of a period.
    fn set(&self, period: DateTime, next: DateTime) -> Vec<DateTime> {
        let mut dates = vec![period.date()];
        while let Some(date) =
            dates.last().and_then(|last| last.tomorrow().ok()).filter(|date| date.at(0, 0, 0, 0) < next)
        {
            dates.push(date);
        }
        dates.retain(|date| self.allows(*date));
        let or = |numbers: &[i16], open: bool, value: i8, all: i16| match numbers {
            [] if open => (0..all).collect(),
            [] => vec![i16::from(value)],
            numbers => numbers.to_vec(),
        };
        let within = |freqs: &[&str]| freqs.contains(&self.freq);
        let hours = or(&self.hours, within(&["HOURLY", "MINUTELY", "SECONDLY"]), self.start.hour(), 24);
        let minutes = or(&self.minutes, within(&["MINUTELY", "SECONDLY"]), self.start.minute(), 60);
        let seconds = or(&self.seconds, within(&["SECONDLY"]), self.start.second(), 60);
        // A period that is shorter than a day has one hour, or one minute, or one second of it.
        let fixed = |unit: &[&str], value: i8, list: Vec<i16>| {
            if within(unit) {
                list.into_iter().filter(|number| *number == i16::from(value)).collect()
            } else {
                list
            }
        };
        let hours = fixed(&["HOURLY", "MINUTELY", "SECONDLY"], period.hour(), hours);
        let minutes = fixed(&["MINUTELY", "SECONDLY"], period.minute(), minutes);
        let seconds = fixed(&["SECONDLY"], period.second(), seconds);
        let small = |number: i16| i8::try_from(number).unwrap();
        let mut all = Vec::new();
        for date in dates {
            for hour in &hours {
                for minute in &minutes {
                    all.extend(
                        seconds.iter().map(|second| date.at(small(*hour), small(*minute), small(*second), 0)),
                    );
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The times at the wanted positions.
    fn pick(&self, set: Vec<DateTime>) -> Vec<DateTime> {
        if self.positions.is_empty() {
            return set;
        }
        let at = |position: &i16| {
            let index = usize::from(position.unsigned_abs()) - 1;
            if *position > 0 { set.get(index) } else { set.iter().rev().nth(index) }
        };
        self.positions.iter().filter_map(at).copied().collect()
    }

    fn allows(&self, date: Date) -> bool {
        let (of_month, in_month) = (i16::from(date.day()), i16::from(date.days_in_month()));
        let (of_year, in_year) = (date.day_of_year(), date.days_in_year());
        let (_, week, weeks) = self.week(date);
        let either = |numbers: &[i16], number: i16, all: i16| {
            numbers.is_empty() || numbers.contains(&number) || numbers.contains(&(number - all - 1))
        };
        let yearly = self.freq == "YEARLY";
        let free = self.days.is_empty() && self.month_days.is_empty() && self.year_days.is_empty();
        // What the rule leaves open comes from the start.
        let same_day = match self.freq {
            "YEARLY" if free && !self.weeks.is_empty() => date.weekday() == self.start.weekday(),
            "YEARLY" if free => {
                date.day() == self.start.day()
                    && (!self.months.is_empty() || date.month() == self.start.month())
            }
            "MONTHLY" if free => date.day() == self.start.day(),
            "WEEKLY" if free => date.weekday() == self.start.weekday(),
            _ => true,
        };
        let in_months = !yearly || !self.months.is_empty();
        let (number, all) = if in_months { (of_month, in_month) } else { (of_year, in_year) };
        let (nth, from_end) = ((number - 1) / 7 + 1, -((all - number) / 7 + 1));
        let weekday = |(wanted, day): &(i16, Weekday)| {
            *day == date.weekday() && (*wanted == 0 || *wanted == nth || *wanted == from_end)
        };
        same_day
            && (self.months.is_empty() || self.months.contains(&date.month().into()))
            && either(&self.weeks, i16::try_from(week).unwrap(), i16::try_from(weeks).unwrap())
            && either(&self.year_days, of_year, in_year)
            && either(&self.month_days, of_month, in_month)
            && (self.days.is_empty() || self.days.iter().any(weekday))
    }
}
