//! How the other files ask, and how they write what they expect.

use model::{Invalid, Timestamp};
use schedule::{Fire, Schedule};
use serde_json::{Map, Value, json};

/// Names of the parts in a rule and as parameters.
pub(crate) const PARTS: [(&str, &str); 14] = [
    ("FREQ", "freq"),
    ("INTERVAL", "interval"),
    ("COUNT", "count"),
    ("UNTIL", "until"),
    ("BYMONTH", "by_month"),
    ("BYWEEKNO", "by_week_no"),
    ("BYYEARDAY", "by_year_day"),
    ("BYMONTHDAY", "by_month_day"),
    ("BYDAY", "by_day"),
    ("BYHOUR", "by_hour"),
    ("BYMINUTE", "by_minute"),
    ("BYSECOND", "by_second"),
    ("BYSETPOS", "by_set_pos"),
    ("WKST", "week_start"),
];

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn parse(params: &Value, anchor: Option<Timestamp>) -> Result<Schedule, Invalid> {
    Schedule::parse(&"core.rruletimer".parse().unwrap(), params.as_object().unwrap(), anchor)
}

/// The schedule of a rule that starts at a local time of a zone.
pub(crate) fn rule(rule: &str, start: &str, zone: &str) -> Schedule {
    let params = json!({"rule": rule, "dtstart": start, "timezone": zone});
    parse(&params, None).unwrap_or_else(|error| panic!("{rule}: {error}"))
}

/// The same rule with each part in a parameter of its own.
pub(crate) fn as_parameters(rule: &str) -> Map<String, Value> {
    let each = rule.split(';').map(|part| {
        let (name, value) = part.split_once('=').unwrap();
        let (_, parameter) = PARTS.iter().find(|(rfc, _)| *rfc == name).unwrap();
        let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
        let value = match *parameter {
            "interval" | "count" => number(value),
            name if name.starts_with("by_") => value.split(',').map(number).collect(),
            _ => json!(value),
        };
        ((*parameter).to_owned(), value)
    });
    each.collect()
}

/// What clocks of the schedule's zone show at its fires.
pub(crate) fn local(schedule: &Schedule, fires: &[Fire]) -> Vec<String> {
    let zone = schedule.zone().unwrap();
    fires.iter().map(|fire| zone.local(fire.at)[..19].to_owned()).collect()
}

/// `1997-09: 2 9..11 | 1997-10: 1T10:30`: days of months, at `time` where none is given. The mark `…` at the end says
/// that it goes on.
pub(crate) fn written(text: &str, time: &str) -> (Vec<String>, bool) {
    let goes_on = text.ends_with('…');
    let mut all = Vec::new();
    for group in text.trim_end_matches('…').split('|') {
        let (month, days) = group.trim().split_once(": ").unwrap();
        for day in days.split_whitespace() {
            let (day, time) = day.split_once('T').unwrap_or((day, time));
            let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
            let (first, last) = day.split_once("..").unwrap_or((day, day));
            let (first, last): (u8, u8) = (first.parse().unwrap(), last.parse().unwrap());
            all.extend((first..=last).map(|day| format!("{month}-{day:02}T{time}")));
        }
    }
    (all, goes_on)
}

/// Checks what a rule plans from its start on, in every way in which it can be asked.
pub(crate) fn check(rule_text: &str, start: &str, zone: &str, expected: &str) {
    let schedule = rule(rule_text, start, zone);
    let (expected, goes_on) = written(expected, &start[11..]);
    let wanted = if goes_on { expected.len() } else { expected.len() + 1 };
    let fires = schedule.fires(Timestamp::MIN, wanted);
    assert_eq!(local(&schedule, &fires), expected, "{rule_text} from {start}");
    let mut params = as_parameters(rule_text);
    params.extend([("dtstart".to_owned(), json!(start)), ("timezone".to_owned(), json!(zone))]);
    let same = parse(&Value::Object(params), None).unwrap();
    assert_eq!(same, schedule, "{rule_text}: each part in a parameter of its own means the same");
    let prefixed = parse(
        &json!({"rule": format!("rrule:{}", rule_text.to_lowercase()), "dtstart": start, "timezone": zone}),
        None,
    );
    assert_eq!(
        prefixed.unwrap(),
        schedule,
        "{rule_text}: in small letters and with its name it means the same"
    );
    let mut before = Timestamp::MIN;
    for (done, fire) in fires.iter().enumerate() {
        assert!(fire.at > before, "{rule_text}: instants rise");
        assert_eq!(
            schedule.count_between(Timestamp::MIN, fire.at),
            done as u64 + 1,
            "{rule_text}: up to {}",
            fire.at
        );
        assert_eq!(schedule.last_until(Timestamp::MIN, fire.at).as_ref(), Some(fire), "{rule_text}");
        assert_eq!(schedule.last_until(before, fire.at.plus_micros(-1)), None, "{rule_text}");
        before = fire.at;
    }
    if !goes_on {
        assert_eq!(schedule.next_after(before), None, "{rule_text}: has ended");
        assert_eq!(schedule.last_until(before, Timestamp::MAX), None, "{rule_text}: has ended");
    }
}

#[test]
fn what_is_expected_can_be_written_in_short() {
    let (days, goes_on) = written("1997-09: 2 9..10 | 1997-10: 1T10:30…", "09:00");
    assert_eq!(
        days,
        ["1997-09-02T09:00:00", "1997-09-09T09:00:00", "1997-09-10T09:00:00", "1997-10-01T10:30:00"]
    );
    assert!(goes_on);
}
