import { describe, expect, it } from "vitest";
import { cutMiddle, folded, jsonRows } from "./json";

describe("a JSON tree", () => {
  const value = {
    path: "/home",
    tags: [],
    stat: { mode: 1, owner: { name: "mara" } },
    "odd key": [1, { a: 2 }],
  };

  it("opens the first level and names every field as conditions write it", () => {
    const rows = jsonRows(value, new Set());
    expect(rows.map((row) => row.path)).toEqual([
      ...[
        "path",
        "tags",
        "stat",
        "stat.mode",
        "stat.owner",
        '["odd key"]',
        '["odd key"][0]',
        '["odd key"][1]',
      ],
    ]);
    expect(rows.find((row) => row.path === "stat.owner")?.open).toBe(false);
  });

  it("folds and unfolds by path", () => {
    expect(jsonRows(value, new Set(["stat", '["odd key"]'])).map((row) => row.path)).toEqual([
      "path",
      "tags",
      "stat",
      '["odd key"]',
    ]);
    expect(jsonRows(value, new Set(["stat.owner"])).some((row) => row.path === "stat.owner.name")).toBe(true);
  });

  it("says what is folded and cuts long texts in the middle", () => {
    expect(folded([], 0)).toEqual({ brackets: "[ ]", words: "empty" });
    expect(folded({}, 7)).toEqual({ brackets: "{ … }", words: "7 fields" });
    expect(cutMiddle("a".repeat(50) + "b".repeat(50), 21)).toBe(`${"a".repeat(10)}…${"b".repeat(10)}`);
    expect(jsonRows("plain", new Set())).toHaveLength(1);
  });
});
