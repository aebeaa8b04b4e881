import { describe, expect, it } from "vitest";
import type { ExecutionStatusView, Lane, LaneRun } from "$/contract";
import { boxAt, layLanes, notesOf, spanAt, stepRun, type RunMarkBox } from "./lanes";
import { missedWhen, missedWords, spanWords } from "./past";

const NOW = Date.parse("2026-10-24T12:00:00Z");
const SCALE = { from: NOW - 600_000, to: NOW + 400_000, width: 1000 };
function run(
  id: number,
  at: number,
  status: ExecutionStatusView = "completed",
  duration_ms = 1_000,
): LaneRun {
  return { id, status, at: new Date(NOW + at).toISOString(), duration_ms, count: 1, error: null };
}
function lane(runs: LaneRun[], rest: Partial<Lane> = {}): Lane {
  return { rule: null, p95_ms: 1_000, runs, missed: [], fires: [], bands: [], ...rest };
}
const runs = (boxes: ReturnType<typeof layLanes>): RunMarkBox[] => boxes.filter((box) => box.kind === "run");

describe("marks on the lanes", () => {
  it("rise when completed, by their duration and at least a little; all others hang", () => {
    const boxes = runs(
      layLanes(
        [lane([run(1, -300_000), run(2, -200_000, "completed", 1), run(3, -100_000, "failed")])],
        SCALE,
        NOW,
      ),
    );
    expect(boxes.map((box) => box.rise)).toEqual([12, 4, 0]);
    expect(boxes.map((box) => box.x)).toEqual([300, 400, 500]);
  });

  it("reach the needle while they run, however short they have run", () => {
    const boxes = runs(
      layLanes([lane([run(1, -100_000, "running", 100_000), run(2, -10, "running", 10)])], SCALE, NOW),
    );
    expect(boxes.map((box) => box.x + box.width)).toEqual([600, 600]);
  });

  it("never show a forecast left of the needle", () => {
    const fires = [-50_000, 50_000].map((at) => new Date(NOW + at).toISOString());
    const boxes = layLanes(
      [
        lane([], {
          fires,
          bands: [{ from: fires[0] ?? "", to: new Date(NOW + 1e6).toISOString(), text: "every 5 min" }],
        }),
      ],
      SCALE,
      NOW,
    );
    expect(boxes.filter((box) => box.kind === "fire")).toHaveLength(1);
    expect(boxes.every((box) => box.x > 600)).toBe(true);
  });
});

describe("what was missed", () => {
  const missed = (at: number, until: number): Lane["missed"][number] => ({
    at: new Date(NOW + at).toISOString(),
    until: new Date(NOW + until).toISOString(),
    count: at === until ? 1 : 4,
    reason: "asleep",
  });

  it("stands left of the needle, several in a row as long as their time", () => {
    const boxes = layLanes([lane([], { missed: [missed(-300_000, -200_000), missed(-1, -1)] })], SCALE, NOW);
    expect(boxes.map((box) => [box.kind, box.x, box.width])).toEqual([
      ["missed", 300, 103],
      ["missed", 597, 3],
    ]);
    expect(boxAt(boxes, 350, 10)).toMatchObject({ kind: "missed", missed: { count: 4 } });
  });

  it("says when and why", () => {
    const one = {
      at: "2026-10-24T18:00:00+02:00",
      until: "2026-10-24T18:00:00+02:00",
      count: 1,
      reason: "asleep",
    } as const;
    expect(missedWhen(one)).toBe("Sat 24 Oct 18:00:00");
    expect(missedWords(one)).toBe("1 fire that never came. The machine was asleep.");
    const many = { ...one, until: "2026-10-25T06:00:00+01:00", count: 14, reason: "not_running" } as const;
    expect(missedWhen(many)).toBe("Sat 24 Oct 18:00 to Sun 25 Oct 06:00");
    expect(missedWords(many)).toBe("14 fires that never came. The engine was not running.");
  });
});

describe("times in which nothing could happen", () => {
  const spans = (["asleep", "stopped"] as const).map((kind, index) => ({
    from: new Date(NOW - 500_000 + index * 200_000).toISOString(),
    to: new Date(NOW - 400_000 + index * 200_000).toISOString(),
    kind,
  }));

  it("are told apart under the pointer, with their times", () => {
    expect(spanAt(spans, SCALE, 150, 40)).toMatchObject({ lane: 1, span: { kind: "asleep" } });
    expect(spanAt(spans, SCALE, 350, 0)).toMatchObject({ span: { kind: "stopped" } });
    expect(spanAt(spans, SCALE, 250, 0)).toBeNull();
    const night = { from: "2026-10-24T23:52:00+02:00", to: "2026-10-25T00:24:00+02:00" };
    expect(spanWords({ ...night, kind: "asleep" })).toBe(
      "The machine was asleep from 23:52 to Sun 25 Oct 00:24, 32 m.",
    );
    expect(spanWords({ ...night, to: "2026-10-24T23:53:00+02:00", kind: "stopped" })).toBe(
      "The engine was stopped from 23:52 to 23:53, 1 m.",
    );
  });
});

describe("a forecast fire", () => {
  it("has its note, whether its rule has a lane of its own or shares one", () => {
    const at = new Date(NOW + 50_000).toISOString();
    const rule = { id: 4, ref: "default.backup", label: "Backup" };
    const notes = notesOf([
      { at, local: null, note: "02:30 comes twice.", rule },
      { at: new Date(NOW + 90_000).toISOString(), local: null, note: null, rule },
    ]);
    // The engine may write the same instant with another offset.
    const fires = [at.replace("Z", "+00:00"), new Date(NOW + 90_000).toISOString()];
    const boxes = layLanes([lane([], { rule, fires }), lane([], { fires })], SCALE, NOW, notes);
    expect(boxes.map((box) => box.kind === "fire" && box.note)).toEqual([
      "02:30 comes twice.",
      null,
      "Backup: 02:30 comes twice.",
      null,
    ]);
  });
});

describe("pointing at the score", () => {
  const boxes = layLanes(
    [lane([run(1, -300_000)]), lane([run(2, -298_000, "failed"), run(3, -100_000, "timeout")])],
    SCALE,
    NOW,
  );

  it("finds the nearest mark of the lane under the pointer", () => {
    expect(boxAt(boxes, 304, 10)).toMatchObject({ run: { id: 1 } });
    expect(boxAt(boxes, 304, 40)).toMatchObject({ run: { id: 2 } });
    expect(boxAt(boxes, 450, 10)).toBeNull();
  });

  it("goes by keys along a lane, to the other lane, and to the next that failed", () => {
    const [first, second, third] = runs(boxes);
    if (!first || !second || !third) throw new Error("three runs were laid out");
    expect(stepRun(boxes, first, "down")?.run.id).toBe(2);
    expect(stepRun(boxes, second, "right")?.run.id).toBe(3);
    expect(stepRun(boxes, third, "right")?.run.id).toBe(3);
    expect(stepRun(boxes, first, "up")?.run.id).toBe(1);
    expect(stepRun(boxes, null, "failed")?.run.id).toBe(3);
    expect(stepRun(boxes, third, "failed")?.run.id).toBe(2);
  });
});
