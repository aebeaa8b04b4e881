import { describe, expect, it } from "vitest";
import type { ExecutionStatusView, Lane, LaneRun } from "$/contract";
import { boxAt, layLanes, stepRun, type RunMarkBox } from "./lanes";

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
  return { rule: null, p95_ms: 1_000, runs, fires: [], bands: [], ...rest };
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
