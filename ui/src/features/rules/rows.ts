/** The list of rules as it is shown: filtered, grouped, in rows. Pure. */
import type { RuleRow } from "$/contract";
import { isBad } from "$/kit/status";
import { matchesText, valuesOf, type Filter } from "../list/tokens";

export type State = "all" | "on" | "failing" | "off" | "finished";
export type Grouping = "none" | "tag" | "pack" | "trigger";

export const STATES: readonly State[] = ["all", "on", "failing", "off", "finished"];
export const GROUPINGS: readonly Grouping[] = ["none", "tag", "pack", "trigger"];

export type Item =
  | { readonly kind: "group"; readonly name: string; readonly count: number; readonly open: boolean }
  | { readonly kind: "rule"; readonly row: RuleRow };

/** Whether a rule needs a person: it cannot work, or its newest run did not end well. */
export function isFailing({ rule, last }: RuleRow): boolean {
  return rule.fault !== null || (rule.state === "enabled" && last !== null && isBad(last.status));
}

export function isIn(row: RuleRow, state: State): boolean {
  switch (state) {
    case "all":
      return true;
    case "on":
      return row.rule.state === "enabled";
    case "failing":
      return isFailing(row);
    case "off":
      return row.rule.state === "disabled";
    case "finished":
      return row.rule.state === "finished";
  }
}

/** How many rules each state has. */
export function countStates(rows: readonly RuleRow[]): Record<State, number> {
  const counts = { all: rows.length, on: 0, failing: 0, off: 0, finished: 0 };
  for (const row of rows)
    for (const state of ["on", "failing", "off", "finished"] as const) if (isIn(row, state)) counts[state]++;
  return counts;
}

/** The rules that a filter lets through, in their order. */
export function filterRows(rows: readonly RuleRow[], filter: Filter, state: State): RuleRow[] {
  const tags = valuesOf(filter, "tag").map((tag) => tag.toLowerCase());
  const packs = valuesOf(filter, "pack");
  const triggers = valuesOf(filter, "trigger");
  return rows.filter((row) => {
    const { rule } = row;
    const own = rule.tags.map((tag) => tag.toLowerCase());
    return (
      isIn(row, state) &&
      tags.every((tag) => own.includes(tag)) &&
      (packs.length === 0 || packs.includes(rule.pack)) &&
      (triggers.length === 0 || triggers.includes(rule.trigger_ref)) &&
      matchesText(filter.text, [
        rule.label,
        rule.description,
        rule.ref,
        rule.sentence,
        rule.zone ?? "",
        rule.trigger_ref,
        rule.action_ref,
        ...rule.tags,
      ])
    );
  });
}

/** The grouping that is used where none is chosen: by tag as soon as a rule has one. */
export function usualGrouping(rows: readonly RuleRow[]): Grouping {
  return rows.some((row) => row.rule.tags.length > 0) ? "tag" : "none";
}

function groupOf({ rule }: RuleRow, by: Grouping): string {
  switch (by) {
    case "tag":
      return rule.tags[0] ?? "";
    case "pack":
      return rule.pack;
    case "trigger":
      return rule.trigger_ref;
    case "none":
      return "";
  }
}

/** Rows with the heads of their groups; rules without a group come last. `shut` names folded groups. */
export function itemsOf(rows: readonly RuleRow[], by: Grouping, shut: ReadonlySet<string>): Item[] {
  if (by === "none") return rows.map((row) => ({ kind: "rule", row }));
  const groups = new Map<string, RuleRow[]>();
  for (const row of rows) {
    const name = groupOf(row, by);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  const names = [...groups.keys()].sort((a, b) => Number(a === "") - Number(b === "") || a.localeCompare(b));
  return names.flatMap((name) => {
    const group = groups.get(name) ?? [];
    const open = !shut.has(name);
    const head: Item = { kind: "group", name, count: group.length, open };
    return [head, ...(open ? group.map((row): Item => ({ kind: "rule", row })) : [])];
  });
}
