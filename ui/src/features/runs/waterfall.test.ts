import { describe, expect, it } from "vitest";
import type { ExecutionRow } from "$/contract";
import { waterfall } from "./waterfall";

const RUN: ExecutionRow = {
  id: 1,
  status: "completed",
  rule: null,
  action_ref: "core.echo",
  event: null,
  enforcement: null,
  rerun_of: null,
  why: "started by you",
  attempt: 1,
  requested_at: "2026-11-24T01:00:00+01:00",
  started_at: "2026-11-24T01:00:00.100+01:00",
  finished_at: "2026-11-24T01:00:00.600+01:00",
  duration_ms: 500,
  exit_code: 0,
  signal: null,
  error: null,
};
const START = Date.parse(RUN.requested_at);

describe("where a run's time went", () => {
  it("shows the wait and the run to scale, with round steps", () => {
    const drawn = waterfall(RUN, START, 400, 500);
    expect([drawn.queueMs, drawn.runMs, drawn.usual]).toEqual([100, 500, null]);
    expect(drawn.bars.map((bar) => bar.kind)).toEqual(["queue", "run"]);
    expect(drawn.bars[1]?.left).toBeCloseTo(100 / 624);
    expect(drawn.marks.map((mark) => mark.text)).toEqual(["0 ms", "200 ms", "400 ms"]);
  });

  it("leaves room for where a running one usually ends", () => {
    const running = { ...RUN, status: "running" as const, finished_at: null, duration_ms: null };
    const drawn = waterfall(running, START + 1_100, 10_000, 20_000);
    expect(drawn.runMs).toBe(1_000);
    expect(drawn.usual?.left).toBeGreaterThan(0.4);
    expect((drawn.usual?.left ?? 0) + (drawn.usual?.width ?? 0)).toBeLessThanOrEqual(1);
  });

  it("does not say when it usually ends once that has passed", () => {
    const running = { ...RUN, status: "running" as const, finished_at: null, duration_ms: null };
    expect(waterfall(running, START + 30_000, 10_000, 20_000).usual).toBeNull();
  });

  it("is all wait while it has not started", () => {
    const waiting = { ...RUN, status: "requested" as const, started_at: null, finished_at: null };
    const drawn = waterfall(waiting, START + 5_000, null, null);
    expect([drawn.queueMs, drawn.runMs, drawn.bars.length]).toEqual([5_000, null, 1]);
  });
});
