//! A cron expression as a whole: its names, its fields and where they stand.

use super::field::{self, Field, Piece};
use super::items::Items;
use model::{Invalid, limits, nearest};

/// The names for whole expressions, and what they stand for.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const FIELDS: [&Field; 6] =
    [&field::SECOND, &field::MINUTE, &field::HOUR, &field::DAY, &field::MONTH, &field::WEEKDAY];

const EXPECTED: &str =
    "expected 5 fields (minute, hour, day, month, weekday), or 6 with the second before them";

/// The fields of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) seconds: Items,
    pub(super) minutes: Items,
    pub(super) hours: Items,
    pub(super) days: Items,
    pub(super) months: Items,
    pub(super) weekdays: Items,
    /// Whether a day must be right by both day fields: either is enough where both are restricted, both count where
    /// one begins with a `*`, as crontab(5) has it, or where the weekdays begin with a `+`.
    pub(super) both: bool,
    /// Where the field of days stands, for errors about days that do not exist.
    pub(super) days_column: usize,
    /// How the field of days is written.
    pub(super) days_text: String,
}

impl Fields {
    pub(super) fn read(expression: &str) -> Result<Self, Invalid> {
        let length = expression.len();
        if length > limits::CRON_BYTES {
            let most = limits::CRON_BYTES;
            let why = format!("the expression is {length} bytes long: expected at most {most}");
            return Err(Invalid::new("expression", why));
        }
        let trimmed = expression.trim();
        if trimmed.starts_with('@') {
            return nickname(expression, trimmed).and_then(Self::read);
        }
        let pieces = pieces(expression);
        let given = fields(&pieces)?;
        let mut items = Vec::with_capacity(FIELDS.len());
        let mut plus = false;
        for (field, piece) in FIELDS.into_iter().zip(given) {
            let Some(mut piece) = piece else {
                items.push(field::read(field, Piece { text: "0", column: 1 })?);
                continue;
            };
            if let Some(rest) = piece.text.strip_prefix('+').filter(|_| field.name == field::WEEKDAY.name) {
                if rest.is_empty() {
                    let why = "`+` stands before weekdays that must fall on one of the days, such as `+MON`";
                    return Err(field::wrong(field.name, piece, why, Some("*")));
                }
                plus = true;
                piece = Piece { text: rest, column: piece.column + 1 };
            }
            items.push(field::read(field, piece)?);
        }
        let [_, _, _, days, _, _] = given;
        let place = days.unwrap_or(Piece { text: "*", column: 1 });
        let [seconds, minutes, hours, days, months, weekdays] =
            <[Items; 6]>::try_from(items).map_err(|_| Invalid::new("expression", EXPECTED))?;
        let both = plus || days.star() || weekdays.star();
        let (days_column, days_text) = (place.column, place.text.to_owned());
        Ok(Self { seconds, minutes, hours, days, months, weekdays, both, days_column, days_text })
    }

    /// The same expression in plain numbers, six fields and no `+`.
    pub(super) fn plain(&self) -> String {
        let parts = [&self.seconds, &self.minutes, &self.hours, &self.days, &self.months, &self.weekdays];
        parts.map(Items::plain).join(" ")
    }
}

/// What blanks part, with columns.
fn pieces(expression: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut column = 1;
    for text in expression.split(char::is_whitespace) {
        if !text.is_empty() {
            pieces.push(Piece { text, column });
        }
        column += text.chars().count() + 1;
    }
    pieces
}

/// The six fields; no second where there are five.
fn fields<'a>(pieces: &[Piece<'a>]) -> Result<[Option<Piece<'a>>; 6], Invalid> {
    match *pieces {
        [minute, hour, day, month, weekday] => {
            Ok([None, Some(minute), Some(hour), Some(day), Some(month), Some(weekday)])
        }
        [second, minute, hour, day, month, weekday] => {
            Ok([second, minute, hour, day, month, weekday].map(Some))
        }
        [] => Err(Invalid::new(
            "expression",
            format!("the expression is empty: {EXPECTED}, such as `30 8 * * 1-5`"),
        )),
        [_, _, _, _, _, _, seventh, ref more @ ..] => {
            let year = if more.is_empty() {
                "; a year has no field here: `not_before` and `not_after` limit when a timer fires"
            } else {
                ""
            };
            let count = pieces.len();
            let why = format!("the expression has {count} fields: {EXPECTED}{year}");
            Err(field::wrong("field", seventh, &why, None))
        }
        [.., last] => {
            let (count, fields) = (pieces.len(), if pieces.len() == 1 { "field" } else { "fields" });
            let why = format!("the expression has {count} {fields} and ends here: {EXPECTED}");
            Err(field::wrong("field", last, &why, None))
        }
    }
}

/// What an expression that begins with `@` stands for.
fn nickname(expression: &str, trimmed: &str) -> Result<&'static str, Invalid> {
    let lower = trimmed.to_ascii_lowercase();
    if let Some((_, stands_for)) = NICKNAMES.iter().find(|(name, _)| *name == lower) {
        return Ok(stands_for);
    }
    let column = expression.chars().take_while(|c| c.is_whitespace()).count() + 1;
    let piece = Piece { text: trimmed, column };
    if let Some(every) = lower.strip_prefix("@every") {
        let advice = interval(every.trim()).unwrap_or_else(|| "`interval` and `unit`".to_owned());
        let why = format!("cron has no such rhythm: use the trigger core.intervaltimer with {advice}");
        return Err(field::wrong("expression", piece, &why, None));
    }
    if lower == "@reboot" {
        let why = "a timer fires at times, not when the machine starts";
        return Err(field::wrong("expression", piece, why, None));
    }
    let names = NICKNAMES.map(|(name, _)| name);
    let near = nearest(&lower, names);
    let why = if near.is_some() { String::new() } else { format!("expected {}", names.join(", ")) };
    Err(field::wrong("expression", piece, &why, near))
}

/// `5m` as the parameters of an interval.
fn interval(text: &str) -> Option<String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (count, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "s" => "seconds",
        "m" => "minutes",
        "h" => "hours",
        "d" => "days",
        _ => return None,
    };
    (1..=6).contains(&count.len()).then(|| format!("`interval: {count}` and `unit: {unit}`"))
}
