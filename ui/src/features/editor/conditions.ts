/**
 * Conditions as rows and groups that a form can edit, and back to what the engine reads: a tree of
 * `all`, `any`, `none` with leaves `{field, operator, value}`. What a form cannot show as rows (an
 * expression) is kept and edited as text.
 */
import { readList, readValue, writeList, writeValue, type Json } from "./values";

export type Mode = "all" | "any" | "none";

export interface Leaf {
  kind: "leaf";
  id: number;
  field: string;
  operator: string;
  /** The value as typed. */
  text: string;
}

export interface Group {
  kind: "group";
  id: number;
  mode: Mode;
  items: (Leaf | Group)[];
}

export interface Expression {
  kind: "expression";
  text: string;
}

export type Conditions = Group | Expression;

type Taking = "value" | "text" | "list" | "pair" | "nothing";

export interface Operator {
  readonly name: string;
  readonly words: string;
  /** What it takes on its right side. */
  readonly takes: Taking;
}

/** Every operator, in the order of the list to choose from. */
export const OPERATORS: readonly Operator[] = [
  { name: "equals", words: "is", takes: "value" },
  { name: "not_equals", words: "is not", takes: "value" },
  { name: "less_than", words: "is less than", takes: "value" },
  { name: "less_than_or_equal", words: "is at most", takes: "value" },
  { name: "greater_than", words: "is more than", takes: "value" },
  { name: "greater_than_or_equal", words: "is at least", takes: "value" },
  { name: "is_between", words: "is between", takes: "pair" },
  { name: "contains", words: "contains", takes: "value" },
  { name: "not_contains", words: "does not contain", takes: "value" },
  { name: "starts_with", words: "starts with", takes: "text" },
  { name: "ends_with", words: "ends with", takes: "text" },
  { name: "matches", words: "matches", takes: "text" },
  { name: "in", words: "is one of", takes: "list" },
  { name: "not_in", words: "is none of", takes: "list" },
  { name: "exists", words: "exists", takes: "nothing" },
  { name: "not_exists", words: "does not exist", takes: "nothing" },
];

/** The operator of a name; unknown names take any value and are shown as they are. */
export function operatorOf(name: string): Operator {
  return (
    OPERATORS.find((operator) => operator.name === name) ?? {
      name,
      words: name.replaceAll("_", " "),
      takes: "value",
    }
  );
}

let lastId = 0;

export function newLeaf(field = "", operator = "equals", text = ""): Leaf {
  return { kind: "leaf", id: ++lastId, field, operator, text };
}

export function newGroup(mode: Mode = "all", items: (Leaf | Group)[] = []): Group {
  return { kind: "group", id: ++lastId, mode, items };
}

/** Reads conditions as the engine keeps them. */
export function readConditions(stored: Json | undefined): Conditions {
  if (stored === undefined || stored === null) return newGroup();
  if (Array.isArray(stored)) return newGroup("all", stored.map(readFlat));
  if (typeof stored !== "object") return { kind: "expression", text: writeValue(stored) };
  if (typeof stored.expression === "string") return { kind: "expression", text: stored.expression };
  if (Object.keys(stored).length === 0) return newGroup();
  const item = readItem(stored);
  return item.kind === "group" ? item : newGroup("all", [item]);
}

/** A leaf of the flat list form, whose field is relative to the payload. */
function readFlat(stored: Json): Leaf | Group {
  const item = readItem(stored);
  if (item.kind === "leaf" && item.field !== "" && !/^(event|pack|system)\b/.test(item.field)) {
    return { ...item, field: `event.payload.${item.field}` };
  }
  return item;
}

function readItem(stored: Json): Leaf | Group {
  if (stored === null || typeof stored !== "object" || Array.isArray(stored))
    return newLeaf("", "equals", writeValue(stored));
  for (const mode of ["all", "any", "none"] as const) {
    const items = stored[mode];
    if (Array.isArray(items)) return newGroup(mode, items.map(readItem));
  }
  const operator = typeof stored.operator === "string" ? stored.operator : "equals";
  const field = typeof stored.field === "string" ? stored.field : "";
  return newLeaf(field, operator, writeOperand(operator, stored.value));
}

function writeOperand(operator: string, value: Json | undefined): string {
  if (value === undefined) return "";
  switch (operatorOf(operator).takes) {
    case "nothing":
      return "";
    case "text":
      return typeof value === "string" ? value : writeValue(value);
    case "list":
    case "pair":
      return Array.isArray(value) ? writeList(value) : writeValue(value);
    case "value":
      return writeValue(value);
  }
}

/** What the typed text of a leaf means for its operator; `undefined` where it takes nothing. */
export function operand(leaf: Leaf): Json | undefined {
  switch (operatorOf(leaf.operator).takes) {
    case "nothing":
      return undefined;
    case "text":
      return leaf.text;
    case "list":
      return readList(leaf.text);
    case "pair":
      return readList(leaf.text.replace(/\s+and\s+/, ", "));
    case "value":
      return readValue(leaf.text);
  }
}

/** Writes conditions as the engine keeps them; nothing to check is `null`. */
export function writeConditions(conditions: Conditions): Json {
  if (conditions.kind === "expression") {
    return conditions.text.trim() === "" ? null : { expression: conditions.text };
  }
  return conditions.items.length === 0 ? null : writeItem(conditions);
}

function writeItem(item: Leaf | Group): Json {
  if (item.kind === "group") return { [item.mode]: item.items.map(writeItem) };
  const value = operand(item);
  const head = { field: item.field.trim(), operator: item.operator };
  return value === undefined ? head : { ...head, value };
}

/** The path under which the engine names each row in its errors, such as `conditions.all.1`. */
export function pathsOf(root: Conditions): Map<number, string> {
  const paths = new Map<number, string>();
  if (root.kind === "expression") return paths;
  const walk = (group: Group, at: string): void => {
    paths.set(group.id, at);
    group.items.forEach((item, index) => {
      const path = `${at}.${group.mode}.${index}`;
      if (item.kind === "group") walk(item, path);
      else paths.set(item.id, path);
    });
  };
  walk(root, "conditions");
  return paths;
}

/** How many rows there are, groups not counted. */
export function countLeaves(root: Conditions): number {
  if (root.kind === "expression") return root.text.trim() === "" ? 0 : 1;
  return root.items.reduce((sum, item) => sum + (item.kind === "leaf" ? 1 : countLeaves(item)), 0);
}

/** Takes a row or a group out, wherever it is. */
export function removeItem(root: Group, id: number): void {
  const at = root.items.findIndex((item) => item.id === id);
  if (at >= 0) root.items.splice(at, 1);
  else for (const item of root.items) if (item.kind === "group") removeItem(item, id);
}

/** The conditions in a few words, for a folded gate. */
export function conditionsInWords(root: Conditions): string {
  if (root.kind === "expression") return root.text.trim() === "" ? "Always" : root.text;
  if (root.items.length === 0) return "Always";
  const joint = { all: " and ", any: " or ", none: " nor " }[root.mode];
  const parts = root.items.map((item) =>
    item.kind === "group"
      ? `(${conditionsInWords(item)})`
      : `${item.field.replace(/^event\.payload\./, "")} ${operatorOf(item.operator).words} ${item.text}`.trim(),
  );
  return root.mode === "none" ? `Neither ${parts.join(joint)}` : parts.join(joint);
}
