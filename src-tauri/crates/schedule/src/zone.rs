//! Time zones: from local time to instants and back, by the zones that are built into the program.
//!
//! A local time that a clock change skips becomes the first instant after the gap; one that comes twice is the
//! first of the two. So the later of two local times never comes earlier.

use crate::effort;
use crate::words::{clock, day};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp as Instant};
use model::{Timestamp, nearest};

/// The shortest step of a local time, so that "at or after" can be said with "after".
pub(crate) const TICK: SignedDuration = SignedDuration::from_nanos(1);

/// No zone has a name that is longer, in bytes.
const LONGEST_NAME: usize = 64;

/// The local time just before this one.
pub(crate) fn just_before(civil: DateTime) -> DateTime {
    civil.saturating_sub(TICK)
}

/// The local time just after this one.
pub(crate) fn just_after(civil: DateTime) -> DateTime {
    civil.saturating_add(TICK)
}

/// The instant in the words of the calendar library; none in the last day of the year 9999, which it cannot hold.
fn instant(at: Timestamp) -> Option<Instant> {
    Instant::from_microsecond(at.as_micros()).ok()
}

/// The same, at the end of time the last instant.
fn instant_or_last(at: Timestamp) -> Instant {
    instant(at).unwrap_or(Instant::MAX)
}

/// The instant in the house's words; none outside its range.
fn timestamp(at: Instant) -> Option<Timestamp> {
    let micros = at.as_microsecond();
    (Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros())
        .contains(&micros)
        .then(|| Timestamp::from_micros(micros))
}

/// One time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

/// Where a local time lies on the time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) at: Timestamp,
    pub(crate) turn: Turn,
}

/// What a clock change did to a local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    None,
    /// Clocks never show it: they go from `from` to `to`, and the instant is the one at which they show `to`.
    Skipped { from: DateTime, to: DateTime },
    /// Clocks show it twice.
    Twice,
}

impl Turn {
    /// What there is to say about a local time that fires once.
    pub(crate) fn note(&self, civil: DateTime) -> Option<String> {
        match *self {
            Self::None => None,
            Self::Skipped { from, to } => {
                let (skipped, fires) = (place(civil, from, to), place(to, from, to));
                Some(format!(
                    "{skipped} is skipped as clocks go forward. Fires at {fires}, the first moment after."
                ))
            }
            Self::Twice => {
                let time = clock(civil.time());
                Some(format!("{time} comes twice as clocks go back. Fires at the first, not at the second."))
            }
        }
    }
}

/// A stretch of time in which a zone keeps one offset. Neither end is given where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The first instant of it.
    pub(crate) from: Option<Instant>,
    /// The first instant after it.
    pub(crate) until: Option<Instant>,
    pub(crate) offset: Offset,
}

impl Segment {
    /// What clocks show at an instant of it.
    pub(crate) fn local(&self, at: Instant) -> DateTime {
        self.offset.to_datetime(at)
    }

    /// The instant at which clocks of this offset show a local time, whether or not that lies in the segment.
    pub(crate) fn at(&self, civil: DateTime) -> Option<Instant> {
        self.offset.to_timestamp(civil).ok()
    }
}

/// An instant at which clocks are set forward or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) at: Instant,
    /// What clocks would show without the change.
    pub(crate) from: DateTime,
    /// What they show.
    pub(crate) to: DateTime,
}

impl Change {
    pub(crate) fn forward(&self) -> bool {
        self.to > self.from
    }

    /// A local time around it, with its day where the change goes over midnight.
    pub(crate) fn place(&self, civil: DateTime) -> String {
        place(civil, self.from, self.to)
    }
}

impl Zone {
    /// Coordinated universal time, where no zone is named.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), tz: TimeZone::UTC }
    }

    /// The zone of this IANA name, however it is capitalised.
    ///
    /// # Errors
    /// A sentence with the nearest name, where there is no such zone.
    pub fn parse(name: &str) -> Result<Self, String> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(tz) if !tz.is_unknown() => {
                let name = tz.iana_name().unwrap_or(name).to_owned();
                Ok(Self { name, tz })
            }
            _ => Err(no_such_zone(name)),
        }
    }

    /// The names of all zones, in order.
    #[must_use]
    pub fn names() -> Vec<String> {
        let bundled = TimeZoneDatabase::bundled();
        let known = bundled.available().map(|name| name.as_str().to_owned());
        let mut names: Vec<String> = known.filter(|name| name != "Etc/Unknown").collect();
        names.sort_unstable();
        names
    }

    /// Its IANA name, such as `Europe/Berlin`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone as the calendar library has it, for questions that are not asked here.
    #[must_use]
    pub fn rules(&self) -> &TimeZone {
        &self.tz
    }

    /// How many seconds its clocks are ahead of UTC at an instant.
    #[must_use]
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        self.tz.to_offset(instant_or_last(at)).seconds()
    }

    /// An instant as RFC 3339 with the offset of this zone: `2026-03-29T03:00:00+02:00`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        let at = instant_or_last(at);
        at.display_with_offset(self.tz.to_offset(at)).to_string()
    }

    /// The day on which an instant falls here.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        self.civil(at).date()
    }

    /// The first instant of a day here; of a day that the zone skipped, the first instant after it. None outside
    /// the years 1970 to 9999.
    #[must_use]
    pub fn day_start(&self, date: Date) -> Option<Timestamp> {
        self.resolve(date.to_datetime(jiff::civil::Time::midnight())).map(|resolved| resolved.at)
    }

    /// What happens to clocks here in `(after, until]`, as a sentence: "Clocks go forward from 02:00 to 03:00."
    #[must_use]
    pub fn change_between(&self, after: Timestamp, until: Timestamp) -> Option<String> {
        let change = self.changes(instant(after)?, instant_or_last(until)).next()?;
        let way = if change.forward() { "forward" } else { "back" };
        Some(format!("Clocks go {way} from {} to {}.", change.place(change.from), change.place(change.to)))
    }

    /// The name as a person says it: `Berlin time`, `UTC`.
    #[must_use]
    pub fn spoken(&self) -> String {
        match self.name.rsplit_once('/') {
            Some(("Etc", fixed)) => {
                match fixed.strip_prefix("GMT").map(|hours| (hours.get(..1), hours.get(1..))) {
                    // The names of the database count the other way round.
                    Some((Some("-"), Some(hours))) if hours != "0" => format!("UTC+{hours}"),
                    Some((Some("+"), Some(hours))) if hours != "0" => format!("UTC-{hours}"),
                    _ => "UTC".to_owned(),
                }
            }
            Some((_, place)) => format!("{} time", place.replace('_', " ")),
            None if self.name.bytes().all(|byte| byte.is_ascii_uppercase()) => self.name.clone(),
            None => format!("{} time", self.name.replace('_', " ")),
        }
    }

    /// What clocks here show at an instant.
    pub(crate) fn civil(&self, at: Timestamp) -> DateTime {
        self.tz.to_datetime(instant_or_last(at))
    }

    /// The instant of a local time. None outside the range of instants.
    pub(crate) fn resolve(&self, civil: DateTime) -> Option<Resolved> {
        let (at, turn) = match self.tz.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(civil).ok()?, Turn::None),
            AmbiguousOffset::Fold { before, .. } => (before.to_timestamp(civil).ok()?, Turn::Twice),
            AmbiguousOffset::Gap { after, .. } => {
                // With the later offset the time lies before the change, and with the earlier one after it.
                let before_it = after.to_timestamp(civil).ok()?;
                let change = self.changes(before_it, Instant::MAX).find(|change| change.to > civil)?;
                (change.at, Turn::Skipped { from: change.from, to: change.to })
            }
        };
        Some(Resolved { at: timestamp(at)?, turn })
    }

    /// The latest local time that clocks have shown at or before an instant. It is ahead of the clock where a
    /// stretch of local time comes for the second time.
    pub(crate) fn shown(&self, at: Timestamp) -> DateTime {
        let at = instant_or_last(at);
        let offset = self.tz.to_offset(at);
        let civil = offset.to_datetime(at);
        match self.tz.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Fold { after, .. } if after == offset => {
                let back = self.segment(at).from.map(|change| self.change(change));
                back.map_or(civil, |change| just_before(change.from).max(civil))
            }
            _ => civil,
        }
    }

    /// The stretch of one offset around an instant.
    pub(crate) fn segment(&self, at: Instant) -> Segment {
        let offset = self.tz.to_offset(at);
        let after = at.saturating_add(TICK).unwrap_or(Instant::MAX);
        Segment {
            from: self.tz.preceding(after).next().map(|change| change.timestamp()),
            until: self.tz.following(at).next().map(|change| change.timestamp()),
            offset,
        }
    }

    /// The changes in `(after, until]`, in order. Those that leave the clock alone are left out.
    pub(crate) fn changes(&self, after: Instant, until: Instant) -> impl Iterator<Item = Change> {
        let instants = self.tz.following(after).map(|change| change.timestamp());
        let changes = instants.take_while(move |at| *at <= until).map(|at| self.change(at));
        changes.inspect(|_| effort::step()).filter(|change| change.from != change.to)
    }

    /// The change forward that ends at this instant, if one does.
    pub(crate) fn gap_before(&self, at: Timestamp) -> Option<Change> {
        instant(at).map(|at| self.change(at)).filter(Change::forward)
    }

    fn change(&self, at: Instant) -> Change {
        let before = at.saturating_sub(TICK).unwrap_or(Instant::MIN);
        Change {
            at,
            from: self.tz.to_offset(before).to_datetime(at),
            to: self.tz.to_offset(at).to_datetime(at),
        }
    }
}

/// A local time around a change, with its day where the change goes over midnight.
fn place(civil: DateTime, from: DateTime, to: DateTime) -> String {
    let time = clock(civil.time());
    if from.date() == to.date() { time } else { format!("{time} on {}", day(civil.date())) }
}

/// Why a name is no zone, and what was meant.
fn no_such_zone(name: &str) -> String {
    const EXPECTED: &str = "expected an IANA name, such as Europe/Berlin, America/New_York or UTC";
    let shown: String = name.escape_debug().take(60).collect();
    if name.trim().is_empty() {
        return format!("the time zone is empty: {EXPECTED}");
    }
    if let Some(fixed) = fixed_offset(name) {
        let hint = fixed.map_or_else(String::new, |zone| format!(", or `{zone}` for always this offset"));
        return format!("`{shown}` is an offset, not a time zone: {EXPECTED}{hint}");
    }
    let names = Zone::names();
    let place = name.trim().replace(' ', "_").to_lowercase();
    let by_place =
        || names.iter().find(|known| known.to_lowercase().rsplit('/').next() == Some(place.as_str()));
    // Nothing much longer than the longest name is near any of them, and comparing it would take long.
    let short = name.len() <= LONGEST_NAME;
    let near = if short { nearest(name, names.iter().map(String::as_str)) } else { None };
    match near.or_else(|| by_place().map(String::as_str)) {
        Some(near) => format!("there is no time zone `{shown}`; did you mean `{near}`?"),
        None => format!("there is no time zone `{shown}`: {EXPECTED}"),
    }
}

/// Whether a text is an offset, such as `UTC+2` or `+02:00`, and the zone that always has it, where there is one.
fn fixed_offset(text: &str) -> Option<Option<String>> {
    let upper = text.trim().to_uppercase();
    let offset = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    let (sign, rest) = match offset.split_at_checked(1)? {
        ("+", rest) => ('-', rest),
        ("-" | "\u{2212}", rest) => ('+', rest),
        _ => return None,
    };
    if rest.is_empty() || !rest.chars().all(|c| c.is_ascii_digit() || c == ':') {
        return None;
    }
    let hours =
        rest.strip_suffix(":00").or_else(|| rest.strip_suffix("00")).filter(|hours| !hours.is_empty());
    let hours: Option<u8> = hours.unwrap_or(rest).parse().ok();
    let zone = hours.map(|hours| format!("Etc/GMT{sign}{hours}"));
    Some(zone.filter(|zone| Zone::parse(zone).is_ok()))
}
