import { describe, expect, it } from "vitest";
import type { RuleRow, RuleView } from "$/contract";
import { countStates, filterRows, itemsOf, usualGrouping } from "./rows";

function row(id: number, over: Partial<RuleView> = {}, last: RuleRow["last"] = null): RuleRow {
  const rule: RuleView = {
    id,
    ref: `default.r${id}`,
    pack: "default",
    label: `Rule ${id}`,
    description: "",
    tags: [],
    trigger_ref: "core.intervaltimer",
    trigger_params: {},
    conditions: null,
    action_ref: "core.echo",
    action_params: {},
    timeout_seconds: null,
    state: "enabled",
    version: 1,
    fault: null,
    sentence: "Every second",
    zone: null,
    execution_count: 0,
    next_fire: null,
    created: "2026-11-24T00:00:00Z",
    updated: "2026-11-24T00:00:00Z",
    ...over,
  };
  return { rule, last };
}
const FAILED = { id: 1, status: "failed" as const, at: "2026-11-24T00:00:00Z", duration_ms: 3 };
const ROWS = [
  row(1, { label: "Photo backup", description: "Copies to the NAS", tags: ["backup"] }, FAILED),
  row(2, { state: "disabled", tags: ["Backup", "night"], zone: "America/New_York" }, FAILED),
  row(3, { state: "disabled", fault: "There is no action core.ehco" }),
  row(4, { pack: "core", state: "finished" }),
];
const none = { tokens: [], text: "" };

describe("the list of rules", () => {
  it("counts what is on, failing, off and finished", () => {
    expect(countStates(ROWS)).toEqual({ all: 4, on: 1, failing: 2, off: 2, finished: 1 });
  });

  it("is found by any word, by tag and by pack", () => {
    const found = (filter: Parameters<typeof filterRows>[1]): number[] =>
      filterRows(ROWS, filter, "all").map(({ rule }) => rule.id);
    expect(found({ ...none, text: "nas photo" })).toEqual([1]);
    expect(found({ ...none, tokens: [{ key: "tag", value: "backup" }] })).toEqual([1, 2]);
    expect(found({ ...none, tokens: [{ key: "pack", value: "core" }] })).toEqual([4]);
    expect(filterRows(ROWS, none, "failing").map(({ rule }) => rule.id)).toEqual([1, 3]);
    expect(filterRows(ROWS, none, "finished").map(({ rule }) => rule.id)).toEqual([4]);
    expect(found({ ...none, text: "new_york" })).toEqual([2]);
  });

  it("is grouped, folded, and rules without a group come last", () => {
    const shown = itemsOf(ROWS, "tag", new Set(["backup"])).map((item) =>
      item.kind === "group" ? `${item.name || "none"} ${item.count}` : item.row.rule.id,
    );
    expect(shown).toEqual(["backup 1", "Backup 1", 2, "none 2", 3, 4]);
    expect(itemsOf(ROWS, "none", new Set()).length).toBe(4);
    expect([usualGrouping(ROWS), usualGrouping(ROWS.slice(2))]).toEqual(["tag", "none"]);
  });
});
