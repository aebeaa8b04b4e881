import { describe, expect, it } from "vitest";
import { readStretch, stretchWords, timedChanges, timedFilter, wrongTime } from "./time";

/** 24 November 2026, 21:42:08 in a zone one hour east. */
const NOW = { ms: Date.parse("2026-11-24T20:42:08Z"), offset: 3600 };

describe("time: in a filter", () => {
  it.each([
    ["15min", "2026-11-24T21:27:08.000+01:00", null],
    ["2 h", "2026-11-24T19:42:08.000+01:00", null],
    ["today", "2026-11-24T00:00:00.000+01:00", null],
    ["20:06", "2026-11-24T20:06:00.000+01:00", null],
    ["23:00", "2026-11-23T23:00:00.000+01:00", null],
    ["20:06-21:00", "2026-11-24T20:06:00.000+01:00", "2026-11-24T21:00:00.000+01:00"],
  ])("%s is a stretch of the user's own clock", (typed, from, to) => {
    expect(readStretch(typed, NOW)).toEqual({ from, to });
  });

  it("says what can be written where it is not understood", () => {
    expect(readStretch("25:00", NOW)).toBeNull();
    expect(wrongTime("soon", NOW)).toContain("20:06-21:00");
    expect(wrongTime("1h", NOW)).toBeNull();
  });

  it("goes to the address and back, and names other days", () => {
    const query = { from: "2026-11-24T19:06:00Z", to: "2026-11-24T20:00:00Z" };
    const filter = timedFilter(query, ["rule"], NOW);
    expect(filter.tokens).toEqual([{ key: "time", value: "20:06 to 21:00" }]);
    expect(timedChanges(filter, ["rule"], query, NOW)).not.toHaveProperty("from");
    expect(timedChanges({ tokens: [], text: "" }, ["rule"], query, NOW)).toMatchObject({
      from: null,
      to: null,
    });
    expect(stretchWords({ from: "2026-11-22T19:06:00Z", to: null }, NOW)).toBe("since Sun 22 Nov 20:06");
  });
});
