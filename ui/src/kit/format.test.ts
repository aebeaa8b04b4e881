import { describe, expect, it } from "vitest";
import {
  ago,
  clockTime,
  count,
  dayMonth,
  duration,
  fullTime,
  longDate,
  monthName,
  offsetOf,
  percent,
  plural,
  preciseTime,
  shortDate,
  shortTime,
  size,
  stopwatch,
  until,
  untilFine,
  upcoming,
  withOffset,
} from "./format";

const AT = "2026-10-24T21:42:08.118+02:00";
const NOW = Date.parse(AT);

describe("times are cut out of what the engine wrote", () => {
  it("shows the wall clock of the user's zone, whatever the machine's own zone is", () => {
    expect(clockTime(AT)).toBe("21:42:08");
    expect(shortTime(AT)).toBe("21:42");
    expect(preciseTime(AT)).toBe("21:42:08.118");
    expect(preciseTime("2026-10-24T21:42:08+02:00")).toBe("21:42:08.000");
    expect(shortDate(AT)).toBe("Sat 24 Oct");
    expect(dayMonth("2026-11-05T00:00:00Z")).toBe("5 Nov");
    expect(longDate("2026-10-25T02:30:00+02:00")).toBe("Sunday 25 October");
    expect(monthName("2026-10-25")).toBe("October 2026");
    expect(fullTime(AT)).toBe("2026-10-24 21:42:08.118 +02:00");
  });

  it("reads and writes offsets, also west of Greenwich and at half hours", () => {
    expect(offsetOf(AT)).toBe(7200);
    expect(offsetOf("2026-10-24T21:42:08-03:30")).toBe(-12600);
    expect(offsetOf("2026-10-24T21:42:08Z")).toBe(0);
    expect(withOffset(NOW, 7200)).toBe(AT);
    expect(withOffset(NOW, -12600)).toBe("2026-10-24T16:12:08.118-03:30");
    expect(Date.parse(withOffset(NOW, 20700))).toBe(NOW);
  });
});

describe("how long until and since", () => {
  it("counts minutes and seconds under an hour, hours under a day, days beyond", () => {
    expect(until("2026-10-24T21:45:00+02:00", NOW)).toBe("in 2:52");
    expect(until("2026-10-25T02:30:00+02:00", NOW)).toBe("in 4 h 47");
    expect(until("2026-10-27T21:42:08.118+02:00", NOW)).toBe("in 3 d");
    expect(until("2026-10-24T21:00:00+02:00", NOW)).toBe("in 0:00");
    expect(untilFine("2026-10-26T02:45:00+01:00", NOW)).toBe("in 1 d 6 h");
    expect(untilFine("2026-10-27T21:42:08.118+02:00", NOW)).toBe("in 3 d");
    expect(untilFine("2026-12-27T21:42:08.118+01:00", NOW)).toBe("in 64 d");
    expect(untilFine("2026-10-25T02:30:00+02:00", NOW)).toBe("in 4 h 47");
  });

  it("names the day as far as it is needed", () => {
    expect(upcoming("2026-10-24T22:00:00+02:00", AT)).toBe("22:00");
    expect(upcoming("2026-10-25T04:00:00+01:00", AT)).toBe("Sun 04:00");
    expect(upcoming("2026-11-05T04:00:00+01:00", AT)).toBe("5 Nov");
    expect(ago("2026-10-24T21:42:07.500+02:00", NOW, AT)).toBe("now");
    expect(ago("2026-10-24T21:41:50+02:00", NOW, AT)).toBe("18 s ago");
    expect(ago("2026-10-24T21:00:00+02:00", NOW, AT)).toBe("42 min ago");
    expect(ago("2026-10-24T09:00:00+02:00", NOW, AT)).toBe("12 h ago");
    expect(ago("2026-10-23T14:30:00+02:00", NOW, AT)).toBe("yesterday 14:30");
    expect(ago("2026-10-20T14:30:00+02:00", NOW, AT)).toBe("Tue 14:30");
    expect(ago("2026-10-03T14:30:00+02:00", NOW, AT)).toBe("3 Oct");
  });
});

describe("durations, sizes, numbers", () => {
  it("keeps durations short and never shows 60 seconds", () => {
    expect([0, 38, 400, 4_060, 42_600, 59_949, 59_960].map(duration)).toEqual([
      ...["0 ms", "38 ms", "0.4 s", "4.1 s", "42.6 s", "59.9 s", "1 m"],
    ]);
    expect([72_000, 728_000, 17_220_000, 532_800_000].map(duration)).toEqual([
      ...["1 m 12 s", "12 m 08 s", "4 h 47", "6 d 4 h"],
    ]);
    expect([7_000, 292_000, 3_729_000].map(stopwatch)).toEqual(["0:07", "4:52", "1:02:09"]);
  });

  it("uses powers of 1000 for sizes", () => {
    expect([0, 999, 1_000, 148_000, 999_999, 64_000_000].map(size)).toEqual([
      ...["0 B", "999 B", "1.0 KB", "148 KB", "1.0 MB", "64 MB"],
    ]);
    expect(count(14_208)).toBe("14,208");
    expect(percent(96)).toBe("96\u2009%");
    expect([plural(1, "run"), plural(3, "run"), plural(2, "entry", "entries")]).toEqual([
      "1 run",
      "3 runs",
      "2 entries",
    ]);
  });
});
