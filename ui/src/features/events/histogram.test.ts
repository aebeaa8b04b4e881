import { describe, expect, it } from "vitest";
import { between, placeOf, windowOf } from "./histogram";

const NOW = Date.parse("2026-11-24T20:42:08Z");
const HISTOGRAM = {
  from: "2026-11-24T20:00:00Z",
  bin_ms: 60_000,
  bins: Array.from({ length: 60 }, () => ({ events: 1, fired: 0 })),
};

describe("the histogram of events", () => {
  it("shows the last two hours in minutes and does not move within one", () => {
    const shown = windowOf({ from: null, to: null }, NOW);
    expect(shown.bins).toBe(120);
    expect(new Date(shown.to).toISOString()).toBe("2026-11-24T20:43:00.000Z");
    expect(windowOf({ from: null, to: null }, NOW + 30_000)).toEqual(shown);
  });

  it("leaves room before a chosen stretch, with at most 120 bars", () => {
    const shown = windowOf({ from: "2026-11-23T20:00:00Z", to: null }, NOW);
    expect(shown.from).toBeLessThan(Date.parse("2026-11-23T20:00:00Z"));
    expect(shown.bins).toBeLessThanOrEqual(120);
    expect((shown.to - shown.from) % (shown.bins * 60_000)).toBe(0);
  });

  it("turns a drag into whole bars, whichever way it went", () => {
    const span = { from: Date.parse("2026-11-24T20:15:00Z"), to: Date.parse("2026-11-24T20:31:00Z") };
    expect(between(0.251, 0.51, HISTOGRAM)).toEqual(span);
    expect(between(0.51, 0.251, HISTOGRAM)).toEqual(span);
    expect(placeOf(Date.parse("2026-11-24T20:30:00Z"), HISTOGRAM)).toBe(0.5);
    expect(placeOf(0, HISTOGRAM)).toBe(0);
  });
});
