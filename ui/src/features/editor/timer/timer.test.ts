import { describe, expect, it } from "vitest";
import type { CalendarDay } from "$/contract";
import type { Json } from "../values";
import { columnsOf, dayByKey, dayWords, loudness, monthsOf, shortCount } from "./calendar";
import { dateByKey, isDate, joinMoment, monthWeeks, plusMonths, splitMoment, weekdayOf } from "./moment";
import { misfireOf, optionsInWords } from "./policy";
import {
  daysOf,
  endOf,
  frequencyOf,
  listOf,
  readNumbers,
  readRule,
  withDay,
  writeDays,
  writeRule,
} from "./recurrence";
import { carriedOver, CRON, INTERVAL, isTimer, ONCE, RECURRENCE, startOf } from "./starts";
import { findZones, offsetWords } from "./zones";

const NOW = "2026-10-24T21:42:08+02:00";

describe("a date and a time as two fields", () => {
  it.each([
    ["2026-10-27T09:15", { date: "2026-10-27", time: "09:15", offset: "" }],
    ["2026-10-27T09:15:00+01:00", { date: "2026-10-27", time: "09:15", offset: "+01:00" }],
    ["2026-10-27 09:15:30z", { date: "2026-10-27", time: "09:15:30", offset: "Z" }],
    ["2026-10-27", { date: "2026-10-27", time: "", offset: "" }],
    ["next Tuesday at noon", { date: "next Tuesday at noon", time: "", offset: "" }],
    ["", { date: "", time: "", offset: "" }],
  ])("%s is taken apart", (text, parts) => expect(splitMoment(text)).toEqual(parts));

  it("is put together as the engine reads it, and nothing where nothing is typed", () => {
    expect(joinMoment({ date: "2026-10-27", time: "9:15", offset: "" })).toBe("2026-10-27T09:15");
    expect(joinMoment({ date: "2026-10-27", time: "09:15", offset: "+01:00" })).toBe(
      "2026-10-27T09:15+01:00",
    );
    expect(joinMoment({ date: "2026-10-2", time: "", offset: "" })).toBe("2026-10-2");
    expect(joinMoment({ date: " ", time: "", offset: "Z" })).toBeUndefined();
  });

  it("is chosen in a month of whole weeks, by keys too", () => {
    const weeks = monthWeeks("2026-10-24");
    expect(weeks[0]).toEqual([null, null, null, "2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"]);
    expect(weeks).toHaveLength(5);
    expect(monthWeeks("2027-02-01")).toHaveLength(4);
    expect(
      ["ArrowLeft", "ArrowDown", "Home", "End", "PageDown"].map((key) => dateByKey("2026-10-31", key)),
    ).toEqual(["2026-10-30", "2026-11-07", "2026-10-26", "2026-11-01", "2026-11-30"]);
    expect(dateByKey("2026-10-31", "x")).toBeNull();
    expect(plusMonths("2027-01-31", 1)).toBe("2027-02-28");
    expect([isDate("2026-02-29"), isDate("2028-02-29"), isDate("2026-2-3")]).toEqual([false, true, false]);
    expect(weekdayOf("2026-10-25")).toBe(6);
  });
});

describe("the calendar of the coming weeks", () => {
  const days: CalendarDay[] = Array.from({ length: 10 }, (_, index) => ({
    date: new Date(Date.UTC(2026, 9, 24 + index)).toISOString().slice(0, 10),
    fires: 2,
    first: null,
    note: null,
  }));

  it("has a column a week from Monday on and a place for each day", () => {
    const columns = columnsOf(days);
    expect(columns).toHaveLength(3);
    expect(columns[0]).toEqual([null, null, null, null, null, 0, 1]);
    expect(columns[2]).toEqual([9, null, null, null, null, null, null]);
    expect(columnsOf([])).toEqual([]);
    expect(monthsOf(days)).toEqual(["Oct", "Nov", ""]);
  });

  it("is walked by keys: days down, weeks across", () => {
    expect(["ArrowDown", "ArrowRight", "ArrowLeft", "End", "Tab"].map((key) => dayByKey(1, key, 10))).toEqual(
      [2, 8, 1, 9, null],
    );
  });

  it("says a day in words, with what a clock change does to it", () => {
    const first = { at: "2026-10-25T08:30:00+01:00", local: "2026-10-25T02:30:00-05:00", note: null };
    const note = "Clocks go back from 03:00 to 02:00.";
    expect(dayWords({ date: "2026-10-25", fires: 2, first, note })).toBe(
      "Sunday 25 October: 2 fires, the first at 02:30. Clocks go back from 03:00 to 02:00.",
    );
    expect(dayWords({ date: "2026-10-26", fires: 1, first: { ...first, local: null }, note: null })).toBe(
      "Monday 26 October: 1 fire at 08:30.",
    );
    expect(dayWords({ date: "2026-10-27", fires: 0, first: null, note: null })).toBe(
      "Tuesday 27 October: no fire.",
    );
  });

  it("shows one fire beside many, and large counts in a small place", () => {
    expect([0, 1, 720, 1440].map((fires) => loudness(fires, 1440))).toEqual([0, 1, 2, 4]);
    expect([2, 999, 1440, 86_400].map(shortCount)).toEqual(["2", "999", "1.4k", "86k"]);
  });
});

describe("a recurrence", () => {
  const fields: Record<string, Json> = { freq: "WEEKLY", interval: 2, by_day: ["TU", "TH"], count: 10 };

  it("is written as text and read back", () => {
    const text = "FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=TU,TH";
    expect(writeRule(fields)).toBe(text);
    expect(readRule(text)).toEqual(fields);
    expect(readRule("RRULE:freq=monthly;bymonthday=1,-1;until=20261231T170000Z")).toEqual({
      freq: "MONTHLY",
      by_month_day: [1, -1],
      until: "2026-12-31T17:00:00Z",
    });
    expect(writeRule({ freq: "DAILY", interval: 1, until: "2026-12-31T17:00" })).toBe(
      "FREQ=DAILY;UNTIL=20261231T170000",
    );
  });

  it("stays text where fields cannot hold it, and fields where text cannot", () => {
    for (const text of [
      "",
      "FREQ",
      "FREQ=DAILY;X-NAME=1",
      "INTERVAL=2",
      "FREQ=DAILY;COUNT=many",
      "FREQ=DAILY;FREQ=DAILY",
    ])
      expect(readRule(text)).toBeNull();
    expect(writeRule({ freq: "DAILY", until: "some day" })).toBeNull();
    expect(writeRule({})).toBeNull();
  });

  it("has its days by button, in the order of the week, each or one of the month", () => {
    const none = { codes: [], nth: 0 };
    expect(daysOf(undefined)).toEqual(none);
    expect(daysOf("th, mo")).toEqual({ codes: ["MO", "TH"], nth: 0 });
    expect(daysOf(["-1FR"])).toEqual({ codes: ["FR"], nth: -1 });
    for (const mixed of [["1MO", "FR"], ["MONDAY"], ["6MO"], [1]]) expect(daysOf(mixed)).toBeNull();
    expect(withDay({ codes: ["TH"], nth: 0 }, "MO").codes).toEqual(["MO", "TH"]);
    expect(withDay({ codes: ["TH"], nth: 0 }, "TH")).toEqual(none);
    expect(writeDays({ codes: ["MO", "TH"], nth: -1 })).toEqual(["-1MO", "-1TH"]);
    expect(writeDays(none)).toBeUndefined();
  });

  it("reads lists however they were written", () => {
    expect([listOf("MO,TU"), listOf(["MO"]), listOf(15), listOf(""), listOf(null)]).toEqual([
      ["MO", "TU"],
      ["MO"],
      [15],
      [],
      [],
    ]);
    expect(readNumbers("1, 15, -1")).toEqual([1, 15, -1]);
    expect(readNumbers(" ")).toBeUndefined();
    expect([endOf(fields), endOf({ until: "x" }), endOf({})]).toEqual(["count", "until", "never"]);
    expect([frequencyOf({ freq: "weekly" }), frequencyOf({})]).toEqual(["WEEKLY", ""]);
  });
});

describe("a fresh timer", () => {
  it("fires at a plain time in the user's own zone", () => {
    expect(startOf(CRON, NOW, "Europe/Berlin")).toEqual({
      expression: "0 9 * * *",
      timezone: "Europe/Berlin",
    });
    expect(startOf(ONCE, NOW, "Europe/Berlin")).toEqual({
      fire_at: "2026-10-25T09:00",
      timezone: "Europe/Berlin",
    });
    expect(startOf(RECURRENCE, NOW, "UTC")).toEqual({
      freq: "WEEKLY",
      interval: 1,
      by_day: ["SU"],
      dtstart: "2026-10-25T09:00",
      timezone: "UTC",
    });
    expect(startOf(INTERVAL, NOW, "UTC")).toEqual({ interval: 15, unit: "minutes" });
    expect([isTimer(CRON), isTimer("core.filewatch")]).toEqual([true, false]);
  });

  it("keeps zone and policies of the one before it, and nothing else", () => {
    const before = { interval: 15, unit: "minutes", misfire: "skip", timezone: "Asia/Tokyo" };
    expect(carriedOver(before, startOf(CRON, NOW, "UTC"))).toEqual({
      expression: "0 9 * * *",
      timezone: "Asia/Tokyo",
      misfire: "skip",
    });
    expect(carriedOver(before, { interval: 1 })).toEqual({ interval: 1, misfire: "skip" });
  });
});

describe("options in words", () => {
  it("say what becomes of missed runs first", () => {
    expect(optionsInWords({})).toBe("Missed runs: run once");
    expect(
      optionsInWords({ misfire: "all", jitter_seconds: 30, not_before: "2026-11-01T00:00:00+01:00" }),
    ).toBe("Missed runs: run all · spread over 30 seconds · from 2026-11-01 00:00");
    expect([misfireOf(undefined), misfireOf("skip"), misfireOf("never")]).toEqual(["once", "skip", null]);
  });
});

describe("time zones", () => {
  const zones = [
    { name: "America/New_York", offset_seconds: -14_400 },
    { name: "Asia/Kolkata", offset_seconds: 19_800 },
    { name: "Europe/Berlin", offset_seconds: 7_200 },
    { name: "Europe/Paris", offset_seconds: 7_200 },
    { name: "UTC", offset_seconds: 0 },
  ];
  const names = (typed: string): string[] => findZones(zones, typed, "Europe/Paris").map((zone) => zone.name);

  it("are found by any part of their names or by offset, the own one first", () => {
    expect(names("")).toEqual(["Europe/Paris", "UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin"]);
    expect(names("new y")).toEqual(["America/New_York"]);
    expect(names("europe")).toEqual(["Europe/Paris", "Europe/Berlin"]);
    expect(names("utc+5:30")).toEqual(["Asia/Kolkata"]);
    expect(names("nowhere")).toEqual([]);
  });

  it("have their offset beside them", () => {
    expect([7_200, -12_600, 0, 20_700].map(offsetWords)).toEqual(["UTC+2", "UTC−3:30", "UTC", "UTC+5:45"]);
  });
});
