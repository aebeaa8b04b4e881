import { describe, expect, it } from "vitest";
import { LiveRows } from "./live.svelte";

interface Row {
  id: number;
  word: string;
}
const row = (id: number, word = "new"): Row => ({ id, word });
const ids = (rows: readonly Row[]): number[] => rows.map((each) => each.id);

describe("a live list", () => {
  it("takes new rows at the top while nobody holds it", () => {
    const live = new LiveRows<Row>((each) => each.id);
    live.take([row(2), row(1)]);
    live.take([row(3), row(2), row(1)]);
    expect(ids(live.shown)).toEqual([3, 2, 1]);
    expect(live.waiting).toBe(0);
  });

  it("never moves a row under the hand: newer ones wait, rows change in place", () => {
    const live = new LiveRows<Row>((each) => each.id);
    live.take([row(2), row(1, "running")]);
    live.hold(true);
    live.take([row(4), row(3), row(2), row(1, "completed")]);
    expect(ids(live.shown)).toEqual([2, 1]);
    expect(live.shown[1]?.word).toBe("completed");
    expect(live.waiting).toBe(2);
    expect(live.since).not.toBeNull();
    live.hold(false);
    expect(ids(live.shown)).toEqual([4, 3, 2, 1]);
    expect(live.waiting).toBe(0);
  });

  it("lets older pages in at the end, and brings what waits when asked", () => {
    const live = new LiveRows<Row>((each) => each.id);
    live.take([row(9), row(8)]);
    live.hold(true);
    live.take([row(10), row(9), row(8), row(7)]);
    expect(ids(live.shown)).toEqual([9, 8, 7]);
    live.bring();
    expect(ids(live.shown)).toEqual([10, 9, 8, 7]);
  });

  it("keeps what is shown when so much came that nothing of it is in the newest page", () => {
    const live = new LiveRows<Row>((each) => each.id);
    live.take([row(2), row(1)]);
    live.hold(true);
    live.take([row(104), row(103)]);
    expect(ids(live.shown)).toEqual([2, 1]);
    expect(live.waiting).toBe(2);
  });
});
