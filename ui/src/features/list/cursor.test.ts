import { describe, expect, it } from "vitest";
import { ListCursor } from "./cursor.svelte";

function over(keys: number[]): ListCursor<number> {
  const cursor = new ListCursor<number>();
  cursor.sync(keys);
  return cursor;
}

describe("the cursor of a list", () => {
  it("enters at the near end and stops at both ends", () => {
    const cursor = over([1, 2, 3]);
    cursor.move(1);
    expect(cursor.current).toBe(1);
    cursor.move(-1);
    expect(cursor.current).toBe(1);
    cursor.move(9);
    expect(cursor.current).toBe(3);
  });

  it("stays with its row while others come and go", () => {
    const cursor = over([1, 2, 3]);
    cursor.current = 2;
    cursor.sync([9, 8, 3, 2, 1]);
    expect([cursor.current, cursor.index]).toEqual([2, 3]);
  });

  it("goes to the row that took the place of a deleted one", () => {
    const cursor = over([1, 2, 3]);
    cursor.current = 2;
    cursor.sync([1, 3]);
    expect(cursor.current).toBe(3);
    cursor.sync([1]);
    expect(cursor.current).toBe(1);
    cursor.sync([]);
    expect(cursor.current).toBeNull();
  });
});

describe("the selection", () => {
  it("grows with Shift, applies in list order, and forgets what is gone", () => {
    const cursor = over([1, 2, 3, 4]);
    cursor.current = 3;
    cursor.extend(-1);
    expect(cursor.targets).toEqual([2, 3]);
    cursor.sync([1, 3, 4]);
    expect(cursor.targets).toEqual([3]);
  });

  it("is everything with one key, and nothing with the same key again", () => {
    const cursor = over([1, 2]);
    cursor.all();
    expect(cursor.selected.size).toBe(2);
    cursor.all();
    expect(cursor.selected.size).toBe(0);
  });

  it("gives way to the cursor where nothing is selected", () => {
    const cursor = over([1, 2]);
    expect(cursor.targets).toEqual([]);
    cursor.move(1);
    expect(cursor.targets).toEqual([1]);
    cursor.range(2);
    expect(cursor.targets).toEqual([1, 2]);
  });
});
