import { describe, expect, it } from "vitest";
import type { ZoneOffset } from "$/contract";
import {
  barHeight,
  binMinutes,
  FIRST_LENS,
  hanging,
  HOUR,
  lensScale,
  MINUTE,
  MOST_SPAN,
  panned,
  rulerStep,
  seams,
  spanWords,
  thinScale,
  ticks,
  timeAt,
  xOf,
  zoomed,
} from "./geometry";
import { HOME, moveLens } from "./lens";

const NOW = Date.parse("2026-10-24T21:42:08+02:00");
const SUMMER: ZoneOffset[] = [{ from: "2026-10-23T21:00:00+02:00", offset_seconds: 7200 }];
const BACK: ZoneOffset[] = [...SUMMER, { from: "2026-10-25T02:00:00+01:00", offset_seconds: 3600 }];

describe("the thin score", () => {
  it("has now at two thirds and moves by whole pixels", () => {
    const scale = thinScale(NOW, 1296);
    expect(xOf(scale, NOW)).toBeCloseTo(864, -1);
    expect(thinScale(NOW + 1_000, 1296).from - scale.from).toBeLessThanOrEqual(100_001);
    expect(timeAt(scale, xOf(scale, NOW))).toBeCloseTo(NOW, 0);
  });

  it("sums in bins of at least 4 px", () => {
    expect([816, 1296, 2400, 3696].map(binMinutes)).toEqual([15, 10, 5, 5]);
    expect(binMinutes(100)).toBe(30);
  });

  it("keeps the small visible beside the large", () => {
    expect(barHeight(0, 600, 18)).toBe(0);
    expect(barHeight(1, 600, 18)).toBe(3);
    expect(barHeight(600, 600, 18)).toBe(18);
  });

  it("stacks what hangs and never runs into the ruler", () => {
    const bin = { at: "", completed: 0, failed: 3, timeout: 3, cancelled: 3, abandoned: 3 };
    const stack = hanging(bin, 3, 13);
    expect(stack.map((part) => part.mark)).toEqual(["fail"]);
    expect(
      hanging({ ...bin, failed: 1, timeout: 1 }, 9, 13).reduce((sum, part) => sum + part.height, 0),
    ).toBeLessThanOrEqual(13);
  });
});

describe("the ruler", () => {
  it("marks round local hours and names the day at midnight", () => {
    const scale = {
      from: Date.parse("2026-10-24T20:30:00+02:00"),
      to: Date.parse("2026-10-25T01:30:00+02:00"),
      width: 500,
    };
    expect(ticks(scale, SUMMER, HOUR, true).map((tick) => tick.label)).toEqual([
      "21:00",
      "22:00",
      "23:00",
      "Sun 25 Oct",
      "01:00",
    ]);
  });

  it("repeats the hour where clocks go back, and shows the seam", () => {
    const scale = {
      from: Date.parse("2026-10-25T01:30:00+02:00"),
      to: Date.parse("2026-10-25T03:30:00+01:00"),
      width: 300,
    };
    expect(ticks(scale, BACK, HOUR, true).map((tick) => tick.label)).toEqual(["02:00", "02:00", "03:00"]);
    expect(seams(scale, BACK)).toMatchObject([{ label: "−1 h", x: 150 }]);
    expect(seams(scale, SUMMER)).toEqual([]);
  });

  it("has labels far enough apart at any zoom", () => {
    for (const span of [15 * MINUTE, HOUR, 17 * HOUR, MOST_SPAN]) {
      const scale = { from: NOW, to: NOW + span, width: 1200 };
      expect((rulerStep(scale, 44) / span) * 1200).toBeGreaterThanOrEqual(44);
    }
  });
});

describe("the lens", () => {
  it("keeps the time under the pointer while it zooms, within 15 minutes and 2 weeks", () => {
    const before = timeAt(lensScale(FIRST_LENS, NOW, 1200, HOME), 300);
    const lens = zoomed(FIRST_LENS, 0.5, 300, 1200, HOME);
    expect(Math.abs(timeAt(lensScale(lens, NOW, 1200, HOME), 300) - before)).toBeLessThan(2 * MINUTE);
    expect(zoomed(FIRST_LENS, 1e-9, 0, 1200, HOME).span).toBe(15 * MINUTE);
    expect(zoomed(FIRST_LENS, 1e9, 0, 1200, HOME).span).toBe(MOST_SPAN);
  });

  it("pans with the hand and jumps to where it is clicked", () => {
    expect(panned(FIRST_LENS, 120, 1200).shift).toBeCloseTo(-FIRST_LENS.span / 10);
    const jumped = moveLens(FIRST_LENS, "jump", 0, NOW - 6 * HOUR, NOW);
    const scale = lensScale(jumped, NOW, 1200, HOME);
    expect(Math.abs((scale.from + scale.to) / 2 - (NOW - 6 * HOUR))).toBeLessThan(2 * MINUTE);
  });

  it("is resized by one edge while the other stays", () => {
    const before = lensScale(FIRST_LENS, NOW, 1_000, HOME);
    const after = lensScale(
      moveLens(FIRST_LENS, "from", before.from, before.from + 2 * HOUR, NOW),
      NOW,
      1_000,
      HOME,
    );
    expect(Math.abs(after.to - before.to)).toBeLessThan(3 * MINUTE);
    expect(Math.abs(after.from - before.from - 2 * HOUR)).toBeLessThan(3 * MINUTE);
  });

  it("says how much is in view", () => {
    expect([15 * MINUTE, 17 * HOUR, MOST_SPAN].map(spanWords)).toEqual(["15 min", "17 h", "14 d"]);
  });
});
