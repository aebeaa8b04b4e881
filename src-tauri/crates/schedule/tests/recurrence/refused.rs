//! What is refused, with the field, what was found and what was expected.

use crate::ask::{at, parse};
use model::limits;
use serde_json::{Value, json};

/// Checks the field of a refusal, and that its sentence names the standard and says these things.
fn refuse(params: &Value, field: &str, parts: &[&str]) {
    let error = parse(params, None).expect_err(&params.to_string());
    assert_eq!(error.field, field, "{params}: {error}");
    for part in parts.iter().chain(&["RFC 5545"]) {
        assert!(error.message.contains(part), "{params}: `{part}` is not in: {error}");
    }
    assert!(error.message.len() < 600 && !error.message.contains('\n'), "{error}");
}

/// The same for texts of whole rules.
fn refuse_all(rules: &[(&str, &[&str])]) {
    for (rule, parts) in rules {
        refuse(&json!({"rule": rule}), "rule", parts);
    }
}

#[test]
fn parts_that_do_not_go_together() {
    refuse_all(&[
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", &["COUNT", "same rule as UNTIL"]),
        ("FREQ=DAILY;BYSETPOS=1", &["BYSETPOS", "another BY part", "BYDAY"]),
        ("FREQ=MONTHLY;BYWEEKNO=20", &["BYWEEKNO", "only with FREQ=YEARLY", "FREQ is MONTHLY"]),
        ("FREQ=HOURLY;BYWEEKNO=20", &["BYWEEKNO", "FREQ is HOURLY"]),
        ("FREQ=DAILY;BYYEARDAY=1", &["BYYEARDAY", "FREQ is DAILY"]),
        ("FREQ=WEEKLY;BYYEARDAY=1", &["BYYEARDAY", "FREQ is WEEKLY"]),
        ("FREQ=MONTHLY;BYYEARDAY=1", &["BYYEARDAY", "FREQ is MONTHLY"]),
        ("FREQ=WEEKLY;BYMONTHDAY=1", &["BYMONTHDAY", "does not go with FREQ=WEEKLY"]),
        ("FREQ=WEEKLY;BYDAY=MO,6MO", &["BYDAY", "`6MO`", "MONTHLY or YEARLY", "FREQ is WEEKLY"]),
        ("FREQ=DAILY;BYDAY=-1FR", &["BYDAY", "`-1FR`", "FREQ is DAILY"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", &["BYDAY", "`1MO`", "BYWEEKNO"]),
        ("FREQ=MONTHLY;BYDAY=6MO", &["BYDAY", "`6MO`", "at most five"]),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=-6SU", &["BYDAY", "`-6SU`", "at most five"]),
    ]);
}

#[test]
fn numbers_out_of_range() {
    refuse_all(&[
        ("FREQ=DAILY;INTERVAL=0", &["INTERVAL", "found `0`", "from 1 to 2147483647"]),
        ("FREQ=DAILY;INTERVAL=2147483648", &["INTERVAL", "found `2147483648`"]),
        ("FREQ=DAILY;INTERVAL=-1", &["INTERVAL", "found `-1`"]),
        ("FREQ=DAILY;INTERVAL=+2", &["INTERVAL", "found `+2`"]),
        ("FREQ=DAILY;INTERVAL=1.5", &["INTERVAL", "found `1.5`"]),
        ("FREQ=DAILY;INTERVAL=", &["INTERVAL", "found ``"]),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", &["INTERVAL", "found `99999999999999999999`"]),
        ("FREQ=DAILY;INTERVAL=１", &["INTERVAL", "found `１`"]),
        ("FREQ=DAILY;COUNT=0", &["COUNT", "found `0`", "from 1 to 10000"]),
        ("FREQ=DAILY;COUNT=10001", &["COUNT", "found `10001`", "UNTIL"]),
        ("FREQ=MONTHLY;BYMONTHDAY=0", &["BYMONTHDAY", "found `0`", "from 1 to 31", "from -31 to -1"]),
        ("FREQ=MONTHLY;BYMONTHDAY=32", &["BYMONTHDAY", "found `32`"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", &["BYMONTHDAY", "found `-32`"]),
        ("FREQ=MONTHLY;BYMONTHDAY=+-1", &["BYMONTHDAY", "found `+-1`"]),
        ("FREQ=YEARLY;BYMONTH=13", &["BYMONTH", "found `13`", "from 1 to 12"]),
        ("FREQ=YEARLY;BYMONTH=JAN", &["BYMONTH", "found `JAN`"]),
        ("FREQ=YEARLY;BYYEARDAY=367", &["BYYEARDAY", "found `367`"]),
        ("FREQ=YEARLY;BYWEEKNO=54", &["BYWEEKNO", "found `54`"]),
        ("FREQ=YEARLY;BYMONTH=1;BYSETPOS=0", &["BYSETPOS", "found `0`", "from 1 to 366"]),
        ("FREQ=DAILY;BYHOUR=24", &["BYHOUR", "found `24`", "from 0 to 23"]),
        ("FREQ=DAILY;BYHOUR=-1", &["BYHOUR", "found `-1`"]),
        ("FREQ=DAILY;BYMINUTE=60", &["BYMINUTE", "found `60`", "from 0 to 59"]),
        ("FREQ=DAILY;BYSECOND=61", &["BYSECOND", "found `61`", "from 0 to 60"]),
        ("FREQ=DAILY;BYHOUR=1,,2", &["BYHOUR", "found ``"]),
        ("FREQ=DAILY;BYHOUR=", &["BYHOUR", "found ``"]),
        ("FREQ=YEARLY;BYDAY=54MO", &["BYDAY", "found `54MO`"]),
        ("FREQ=YEARLY;BYDAY=0MO", &["BYDAY", "found `0MO`"]),
        ("FREQ=WEEKLY;BYDAY=MONDAY", &["BYDAY", "found `MONDAY`", "did you mean `MO`?"]),
        ("FREQ=WEEKLY;BYDAY=XX", &["BYDAY", "found `XX`", "MO,FR"]),
        ("FREQ=WEEKLY;BYDAY=1", &["BYDAY", "found `1`"]),
        ("FREQ=WEEKLY;WKST=1", &["WKST", "found `1`", "MO, TU, WE, TH, FR, SA, SU"]),
    ]);
}

#[test]
fn texts_that_are_no_rule() {
    let long = format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(limits::RRULE_BYTES));
    refuse_all(&[
        ("", &["the rule is empty", "FREQ=WEEKLY;BYDAY=MO"]),
        ("RRULE:", &["the rule is empty"]),
        ("daily", &["found `daily`", "NAME=VALUE"]),
        ("BYDAY=MO", &["FREQ", "missing", "FREQ=WEEKLY;BYDAY=MO"]),
        ("FREQ=FORTNIGHTLY", &["FREQ", "found `FORTNIGHTLY`", "YEARLY, MONTHLY, WEEKLY"]),
        ("FREQ=WEEKLI", &["FREQ", "did you mean `WEEKLY`?"]),
        ("FREQ=DAILY;", &["an empty part", "`;`"]),
        ("FREQ=DAILY;;COUNT=1", &["an empty part"]),
        ("FREQ=DAILY;COUNT", &["found `COUNT`", "NAME=VALUE"]),
        ("FREQ=DAILY;BYDAYS=MO", &["no part `BYDAYS`", "did you mean `BYDAY`?"]),
        ("FREQ=DAILY;RSCALE=CHINESE", &["no part `RSCALE`", "expected FREQ"]),
        ("FREQ=DAILY;X-COLOUR=red", &["no part `X-COLOUR`"]),
        ("FREQ=DAILY;FREQ=WEEKLY", &["FREQ", "given twice"]),
        ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", &["BYDAY", "given twice", "one list"]),
        ("DTSTART:20260101T090000\nRRULE:FREQ=DAILY", &["one line", "`dtstart`", "`timezone`"]),
        ("FREQ=DAILY\r\n ;COUNT=1", &["one line"]),
        (&long, &["bytes", "at most 4096"]),
    ]);
}

#[test]
fn an_end_of_a_wrong_form() {
    for until in
        ["soon", "2026-12-31", "20261331", "20260229", "20261231T09", "20261231T0900", "20261231T090060", ""]
    {
        refuse(&json!({"rule": format!("FREQ=DAILY;UNTIL={until}")}), "rule", &["UNTIL", "20261231T080000Z"]);
    }
    for until in [json!("soon"), json!("2026-02-29"), json!("2026-12-31T09"), json!(20_261_231), json!(true)]
    {
        refuse(&json!({"freq": "DAILY", "until": until}), "until", &["UNTIL", "20261231"]);
    }
}

#[test]
fn rules_that_never_fire() {
    refuse_all(&[
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            &["BYMONTHDAY", "never fires", "no year has a day that fits"],
        ),
        ("FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31;BYHOUR=1", &["BYMONTHDAY", "never fires", "BYMONTH=4,6"]),
        ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", &["BYMONTHDAY", "never fires"]),
        ("FREQ=YEARLY;BYYEARDAY=200;BYMONTH=1", &["BYYEARDAY", "never fires"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1", &["BYWEEKNO", "never fires"]),
        ("FREQ=YEARLY;BYDAY=1MO;BYMONTHDAY=31", &["BYMONTHDAY", "never fires"]),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", &["BYSETPOS", "never fires"]),
        ("FREQ=SECONDLY;BYSECOND=1,2;BYSETPOS=2", &["BYSETPOS", "never fires"]),
    ]);
    for (rule, parts) in [
        // From a Monday.
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", ["INTERVAL", "from its start, 2026-01-05T08:00:00"]),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=9", ["INTERVAL", "BYHOUR=9"]),
        ("FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1,3", ["INTERVAL", "BYMINUTE=1,3"]),
        ("FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", ["INTERVAL", "BYSECOND=1"]),
        ("FREQ=SECONDLY;INTERVAL=2;BYSECOND=1;BYHOUR=4", ["INTERVAL", "BYSECOND=1"]),
        ("FREQ=YEARLY;INTERVAL=4;BYYEARDAY=366", ["INTERVAL", "BYYEARDAY=366"]),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", ["INTERVAL", "BYMONTH=2"]),
        ("FREQ=WEEKLY;INTERVAL=2147483647;BYDAY=SU;BYMONTH=2", ["INTERVAL", "BYMONTH=2"]),
    ] {
        for zone in ["UTC", "Europe/Berlin"] {
            let params = json!({"rule": rule, "dtstart": "2026-01-05T08:00", "timezone": zone});
            let error = parse(&params, None).expect_err(rule);
            assert!(error.message.contains("never fires"), "{rule}: {error}");
            assert!(parts.iter().all(|part| error.message.contains(part)), "{rule}: {error}");
        }
    }
    let params = json!({"freq": "YEARLY", "by_month": 2, "dtstart": "2026-01-31T08:00"});
    refuse(&params, "by_month", &["BYMONTH", "from its start, 2026-01-31T08:00:00, no year has a day"]);
    // `YEARLY;BYYEARDAY=366` every four years fires if it starts in a leap year.
    parse(&json!({"rule": "FREQ=YEARLY;INTERVAL=4;BYYEARDAY=366", "dtstart": "2028-01-05T08:00"}), None)
        .unwrap();
}

#[test]
fn without_a_start_only_what_no_start_could_save_is_refused() {
    // Enabled on a Monday it never fires, enabled on a Tuesday it does.
    let weekly = json!({"freq": "DAILY", "interval": 7, "by_day": "TU"});
    let (monday, tuesday) = (at("2026-01-05T08:00:00Z"), at("2026-01-06T08:00:00Z"));
    assert_eq!(parse(&weekly, None).unwrap().next_after(monday), None);
    assert_eq!(parse(&weekly, Some(monday)).unwrap().next_after(monday), None);
    assert_eq!(parse(&weekly, Some(tuesday)).unwrap().next_after(monday).unwrap().at, tuesday);
    // Enabled on a 31st it means 31 February.
    let yearly = json!({"freq": "YEARLY", "by_month": 2});
    assert_eq!(parse(&yearly, Some(at("2026-01-31T08:00:00Z"))).unwrap().next_after(monday), None);
    let error =
        parse(&json!({"freq": "MONTHLY", "by_month": 2, "by_month_day": 30}), Some(monday)).unwrap_err();
    assert!(error.message.contains("never fires"), "{error}");
    let error =
        parse(&json!({"freq": "HOURLY", "by_minute": "0,30", "by_set_pos": 3}), Some(monday)).unwrap_err();
    assert!(error.message.contains("never fires: no time fits"), "{error}");
}

#[test]
fn parameters_of_a_wrong_kind() {
    for (params, field, parts) in [
        (json!({}), "freq", vec!["FREQ", "missing", "FREQ=WEEKLY;BYDAY=MO"]),
        (json!({"by_day": "MO"}), "freq", vec!["missing"]),
        (json!({"freq": "WEKLY"}), "freq", vec!["found `WEKLY`", "did you mean `WEEKLY`?"]),
        (json!({"freq": 7}), "freq", vec!["found `7`"]),
        (json!({"freq": ["DAILY"]}), "freq", vec!["a list"]),
        (json!({"freq": "DAILY", "interval": 0}), "interval", vec!["INTERVAL", "found `0`"]),
        (json!({"freq": "DAILY", "interval": -0.0}), "interval", vec!["found `-0.0`"]),
        (json!({"freq": "DAILY", "interval": 2_147_483_648_u64}), "interval", vec!["found `2147483648`"]),
        (json!({"freq": "DAILY", "interval": 1.5}), "interval", vec!["found `1.5`"]),
        (json!({"freq": "DAILY", "interval": 1e300}), "interval", vec!["INTERVAL"]),
        (json!({"freq": "DAILY", "interval": "2"}), "interval", vec!["the text `2`"]),
        (json!({"freq": "DAILY", "interval": null}), "interval", vec!["found `null`"]),
        (json!({"freq": "DAILY", "count": 1, "until": "20261231"}), "count", vec!["UNTIL"]),
        (json!({"freq": "DAILY", "count": [1]}), "count", vec!["a list"]),
        (json!({"freq": "DAILY", "by_hour": [9, true]}), "by_hour", vec!["found `true`"]),
        (json!({"freq": "DAILY", "by_hour": [9, [10]]}), "by_hour", vec!["a list"]),
        (json!({"freq": "DAILY", "by_hour": 24}), "by_hour", vec!["found `24`"]),
        (json!({"freq": "DAILY", "by_hour": ""}), "by_hour", vec!["found ``"]),
        (json!({"freq": "DAILY", "by_hour": {"hour": 1}}), "by_hour", vec!["an object"]),
        (json!({"freq": "DAILY", "by_hour": ",".repeat(10_000)}), "by_hour", vec!["10000 bytes"]),
        (json!({"freq": "WEEKLY", "by_day": ["MO", "Sat"]}), "by_day", vec!["found `Sat`", "`SA`"]),
        (json!({"freq": "WEEKLY", "by_day": [1]}), "by_day", vec!["found `1`"]),
        (json!({"freq": "WEEKLY", "by_month_day": 1}), "by_month_day", vec!["BYMONTHDAY", "WEEKLY"]),
        (json!({"freq": "MONTHLY", "by_month_day": [1, 0]}), "by_month_day", vec!["found `0`"]),
        (json!({"freq": "YEARLY", "by_month": 2, "by_month_day": 30}), "by_month_day", vec!["never fires"]),
        (json!({"freq": "DAILY", "week_start": "noon"}), "week_start", vec!["WKST", "found `noon`"]),
        (json!({"freq": "DAILY", "rule": "FREQ=DAILY"}), "rule", vec!["the whole rule", "`freq`"]),
        (json!({"by_day": "MO", "rule": "FREQ=DAILY"}), "rule", vec!["`by_day`"]),
        (
            json!({"freq": "DAILY", "dtstart": "soon"}),
            "dtstart",
            vec!["DTSTART", "`soon` is not a time", "2026-03-28T09:30"],
        ),
        (json!({"freq": "DAILY", "dtstart": "2026-02-29"}), "dtstart", vec!["DTSTART"]),
        (json!({"freq": "DAILY", "dtstart": "1969-12-31"}), "dtstart", vec!["1970 to 9999"]),
        (json!({"freq": "DAILY", "dtstart": "2026-01-01T00:00:00.5Z"}), "dtstart", vec!["whole seconds"]),
    ] {
        refuse(&params, field, &parts);
    }
    for (params, field, part) in [
        (json!({"rule": 5}), "rule", "found `5`"),
        (json!({"freq": "DAILY", "byday": "MO"}), "byday", "did you mean `by_day`?"),
        (json!({"freq": "DAILY", "dtstart": 5}), "dtstart", "found `5`"),
        (json!({"freq": "DAILY", "timezone": "Europe/Berlim"}), "timezone", "did you mean `Europe/Berlin`?"),
        (json!({"freq": "DAILY", "type": "cron"}), "type", "`rrule`"),
    ] {
        let error = parse(&params, None).expect_err(&params.to_string());
        assert_eq!(error.field, field, "{params}: {error}");
        assert!(error.message.contains(part), "{params}: {error}");
    }
}

#[test]
fn an_end_before_the_start_is_no_error_but_nothing_fires() {
    for until in ["20251231", "20260101T085959", "20260101T085959Z", "19690101", "19690101T000000Z"] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let schedule = parse(&json!({"rule": rule, "dtstart": "2026-01-01T09:00"}), None).unwrap();
        assert_eq!(schedule.next_after(at("2000-01-01T00:00:00Z")), None, "{rule}");
        assert_eq!(
            schedule.last_until(at("2000-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")),
            None,
            "{rule}"
        );
        assert_eq!(
            schedule.count_between(at("2000-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z")),
            0,
            "{rule}"
        );
    }
}
