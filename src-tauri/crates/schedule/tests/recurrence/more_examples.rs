//! What the examples of the standard leave open, as cases of the same form. The local times are those of UTC.

use crate::ask::check;

fn check_all(cases: &[(&str, &str, &str)]) {
    for (start, rule, expected) in cases {
        check(rule, start, "UTC", expected);
    }
}

const YEARS: &[(&str, &str, &str)] = &[
    ("2024-02-29T12:00", "FREQ=YEARLY", "2024-02: 29 | 2028-02: 29 | 2032-02: 29 | 2036-02: 29…"),
    ("2000-02-29T12:00", "FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29", "2000-02: 29 | 2400-02: 29…"),
    ("2026-03-31T08:00", "FREQ=YEARLY;BYMONTH=1", "2027-01: 31 | 2028-01: 31 | 2029-01: 31…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYMONTHDAY=31",
        "2026-01: 31 | 2026-03: 31 | 2026-05: 31 | 2026-07: 31 | 2026-08: 31 | 2026-10: 31 | 2026-12: 31 | 2027-01: 31…",
    ),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYYEARDAY=366", "2028-12: 31 | 2032-12: 31…"),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYYEARDAY=-366", "2028-01: 1 | 2032-01: 1…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYYEARDAY=-1,1",
        "2026-01: 1 | 2026-12: 31 | 2027-01: 1 | 2027-12: 31…",
    ),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYDAY=-1MO", "2026-12: 28 | 2027-12: 27 | 2028-12: 25…"),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYDAY=53TH", "2026-12: 31 | 2032-12: 30 | 2037-12: 31…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
        "2026-03: 29 | 2026-10: 25 | 2027-03: 28 | 2027-10: 31…",
    ),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11: 26 | 2027-11: 25 | 2028-11: 23…"),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "2026-12: 28 | 2032-12: 27 | 2037-12: 28…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU",
        "2027-01: 3 | 2028-01: 2 | 2028-12: 31 | 2029-12: 30…",
    ),
    (
        "2025-06-01T08:00",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO",
        "2025-12: 29 | 2027-01: 4 | 2028-01: 3 | 2029-01: 1 | 2029-12: 31…",
    ),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", "2026-01: 4 | 2027-01: 3 | 2028-01: 2…"),
    ("2026-01-07T08:00", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=WE", "2026-05: 13 | 2027-05: 19 | 2028-05: 17…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR",
        "2026-02: 13 | 2026-03: 13 | 2026-11: 13 | 2027-08: 13 | 2028-10: 13…",
    ),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,-1",
        "2026-01: 5 | 2026-12: 28 | 2027-01: 4 | 2027-12: 27…",
    ),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYMONTH=1;BYWEEKNO=1,2;BYDAY=TU",
        "2026-01: 6 | 2027-01: 5 12 | 2028-01: 4…",
    ),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;BYMONTHDAY=1;BYHOUR=6,18;BYSETPOS=2,-2",
        "2026-01: 1T18:00 | 2026-12: 1T06:00 | 2027-01: 1T18:00 | 2027-12: 1T06:00…",
    ),
    // A rule that counts in weeks counts years of whole weeks: 2026 begins with Monday, 29 December 2025.
    ("2025-01-01T08:00", "FREQ=YEARLY;BYWEEKNO=-53;BYDAY=MO", "2025-12: 29 | 2031-12: 29 | 2036-12: 29…"),
    (
        "2026-01-01T08:00",
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO",
        "2028-01: 3 | 2029-12: 31 | 2031-12: 29…",
    ),
    (
        "2025-12-29T08:00",
        "FREQ=YEARLY;BYWEEKNO=1,-1;BYSETPOS=1,-1;BYDAY=MO",
        "2025-12: 29 | 2026-12: 28 | 2027-01: 4 | 2027-12: 27…",
    ),
    // The weekday of a week comes from the start: this is a Wednesday.
    ("2026-01-07T08:00", "FREQ=YEARLY;BYWEEKNO=20", "2026-05: 13 | 2027-05: 19 | 2028-05: 17…"),
    ("2026-01-07T08:00", "FREQ=YEARLY;BYMONTH=5;BYWEEKNO=20,40", "2026-05: 13 | 2027-05: 19 | 2028-05: 17…"),
    ("2026-01-01T08:00", "FREQ=YEARLY;BYDAY=1MO,WE;BYMONTH=2", "2026-02: 2 4 11 18 25 | 2027-02: 1 3…"),
];

#[test]
fn years() {
    check_all(YEARS);
}

#[test]
fn months() {
    check_all(&[
        (
            "2026-01-31T08:00",
            "FREQ=MONTHLY",
            "2026-01: 31 | 2026-03: 31 | 2026-05: 31 | 2026-07: 31 | 2026-08: 31…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYMONTHDAY=-31",
            "2026-01: 1 | 2026-03: 1 | 2026-05: 1 | 2026-07: 1 | 2026-08: 1…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYDAY=5FR",
            "2026-01: 30 | 2026-05: 29 | 2026-07: 31 | 2026-10: 30…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
            "2026-01: 1 30 | 2026-02: 2 27 | 2026-03: 2 31…",
        ),
        ("2026-01-01T08:00", "FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2", "2028-02: 29 | 2032-02: 29…"),
        (
            "2026-01-15T08:00",
            "FREQ=MONTHLY;INTERVAL=13",
            "2026-01: 15 | 2027-02: 15 | 2028-03: 15 | 2029-04: 15…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYDAY=SU;BYHOUR=8,20;BYSETPOS=-1",
            "2026-01: 25T20:00 | 2026-02: 22T20:00 | 2026-03: 29T20:00…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=-7,-6,-5,-4,-3,-2,-1",
            "2026-01: 30 | 2026-02: 27 | 2026-03: 27…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MONTHLY;BYDAY=1MO,-1FR;BYHOUR=7;BYMINUTE=15,45",
            "2026-01: 5T07:15 5T07:45 30T07:15 30T07:45 | 2026-02: 2T07:15 2T07:45…",
        ),
        // Every Monday, and the first Tuesday.
        ("2026-01-01T08:00", "FREQ=MONTHLY;BYDAY=MO,1TU", "2026-01: 5 6 12 19 26 | 2026-02: 2 3 9 16 23…"),
    ]);
}

#[test]
fn weeks() {
    check_all(&[
        ("2026-01-05T08:00", "FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1", "2026-01: 9 16 23…"),
        ("2026-12-28T08:00", "FREQ=WEEKLY;BYDAY=MO,TH,SU", "2026-12: 28 31 | 2027-01: 3 4 7 10…"),
        ("2026-01-01T08:00", "FREQ=WEEKLY;BYMONTH=1,3", "2026-01: 1 8 15 22 29 | 2026-03: 5 12 19…"),
        ("2026-01-07T08:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE", "2026-01: 7 11 21 25 | 2026-02: 4…"),
        (
            "2026-01-07T08:00",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,WE;WKST=SU",
            "2026-01: 7 18 21 | 2026-02: 1 4…",
        ),
        ("2026-01-01T08:00", "FREQ=WEEKLY;BYHOUR=6;BYMINUTE=30", "2026-01: 8T06:30 15T06:30…"),
        // The first of Monday, Wednesday and Friday is the Monday, in the week of the start too.
        ("2026-01-07T08:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2026-01: 12 19 26…"),
        (
            "2026-01-07T08:00",
            "FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=7,9;BYSETPOS=2,-1",
            "2026-01: 9T09:00 12T09:00 16T09:00…",
        ),
    ]);
}

#[test]
fn days() {
    check_all(&[
        ("2026-01-01T08:00", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2044-02: 29 | 2072-02: 29…"),
        ("2026-01-06T08:00", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "2026-01: 6 13 20…"),
        ("2026-01-01T08:00", "FREQ=DAILY;BYHOUR=9,17;BYSETPOS=-1", "2026-01: 1T17:00 2T17:00 3T17:00…"),
        ("2026-01-01T08:00", "FREQ=DAILY;BYDAY=SA,SU", "2026-01: 3 4 10 11…"),
        ("2026-01-01T08:00", "FREQ=DAILY;BYSECOND=0,30", "2026-01: 1 1T08:00:30 2 2T08:00:30…"),
        ("2026-01-01T08:00", "FREQ=DAILY;BYMONTHDAY=-1", "2026-01: 31 | 2026-02: 28 | 2026-03: 31…"),
        // There is no 61st second: it is the 60th.
        ("2026-01-01T08:00", "FREQ=DAILY;BYSECOND=59,60", "2026-01: 1T08:00:59 2T08:00:59…"),
        ("2026-01-01T08:00", "FREQ=DAILY;INTERVAL=2147483647", "2026-01: 1"),
        ("2026-01-01T08:00", "FREQ=DAILY;COUNT=1", "2026-01: 1"),
        ("2026-01-01T08:00", "FREQ=DAILY;UNTIL=20260103", "2026-01: 1..3"),
        ("2026-01-01T08:00", "FREQ=DAILY;UNTIL=20260103T075959", "2026-01: 1..2"),
        ("2026-01-01T08:00", "FREQ=DAILY;UNTIL=20260103T080000", "2026-01: 1..3"),
        ("2026-01-01T08:00", "FREQ=DAILY;UNTIL=20260103T080000Z", "2026-01: 1..3"),
    ]);
}

#[test]
fn hours() {
    check_all(&[
        ("2026-01-01T00:00", "FREQ=HOURLY;INTERVAL=5;BYMONTH=3", "2026-03: 1T04:00 1T09:00 1T14:00 1T19:00…"),
        (
            "2026-01-01T08:15",
            "FREQ=HOURLY;BYHOUR=9,10;BYMINUTE=0,30",
            "2026-01: 1T09:00 1T09:30 1T10:00 1T10:30 2T09:00 2T09:30…",
        ),
        (
            "2026-01-01T00:00",
            "FREQ=HOURLY;INTERVAL=7;BYHOUR=3,4",
            "2026-01: 2T04:00 7T03:00 9T04:00 14T03:00…",
        ),
        (
            "2026-01-01T08:15",
            "FREQ=HOURLY;BYMINUTE=10,20,50;BYSETPOS=-1",
            "2026-01: 1T08:50 1T09:50 1T10:50…",
        ),
        (
            "2026-01-01T08:15",
            "FREQ=HOURLY;BYYEARDAY=100,-1;BYHOUR=12",
            "2026-04: 10T12:15 | 2026-12: 31T12:15 | 2027-04: 10T12:15…",
        ),
        ("2026-01-01T08:15", "FREQ=HOURLY;INTERVAL=36", "2026-01: 1 2T20:15 4…"),
        ("2026-01-01T22:15", "FREQ=HOURLY;UNTIL=20260101", "2026-01: 1T22:15 1T23:15"),
    ]);
}

#[test]
fn minutes() {
    check_all(&[
        (
            "2026-01-01T00:00",
            "FREQ=MINUTELY;INTERVAL=7;BYHOUR=3;BYMINUTE=0",
            "2026-01: 7T03:00 14T03:00 21T03:00…",
        ),
        (
            "2026-01-01T08:00",
            "FREQ=MINUTELY;BYSECOND=0,15;BYSETPOS=2",
            "2026-01: 1T08:00:15 1T08:01:15 1T08:02:15…",
        ),
        ("2026-01-01T08:00", "FREQ=MINUTELY;INTERVAL=1440", "2026-01: 1 2 3…"),
        ("2026-01-01T08:00", "FREQ=MINUTELY;INTERVAL=40;BYDAY=FR", "2026-01: 2T00:00 2T00:40 2T01:20…"),
    ]);
}

#[test]
fn seconds() {
    check_all(&[
        (
            "2026-01-01T00:00",
            "FREQ=SECONDLY;INTERVAL=90;BYMINUTE=4",
            "2026-01: 1T00:04:30 1T01:04:30 1T02:04:30…",
        ),
        (
            "2026-01-01T00:00",
            "FREQ=SECONDLY;INTERVAL=7;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
            "2026-01: 7T03:00 14T03:00 21T03:00…",
        ),
        (
            "2026-01-01T00:00",
            "FREQ=SECONDLY;INTERVAL=45;BYMINUTE=0,1",
            "2026-01: 1 1T00:00:45 1T00:01:30 1T01:00 1T01:00:45…",
        ),
        ("2026-01-01T23:59", "FREQ=SECONDLY;INTERVAL=30", "2026-01: 1 1T23:59:30 2T00:00 2T00:00:30…"),
        (
            "2026-01-01T08:00",
            "FREQ=SECONDLY;BYHOUR=7;BYMINUTE=59;BYSECOND=58,59",
            "2026-01: 2T07:59:58 2T07:59:59 3T07:59:58…",
        ),
        // 86,399 days of 86,399 seconds: only then the same time of day comes back.
        (
            "2026-01-01T00:00",
            "FREQ=SECONDLY;INTERVAL=86399;BYHOUR=0;BYMINUTE=0;BYSECOND=0",
            "2026-01: 1 | 2262-07: 22…",
        ),
    ]);
}
