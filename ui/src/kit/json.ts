/** A JSON value as rows of a tree: pure, so that folding and paths can be tested. */
import type { JsonValue } from "$/contract";

export interface JsonRow {
  /** Dotted, as conditions and templates write it: `stat.mode`, `tags[0]`. */
  readonly path: string;
  readonly key: string | null;
  readonly depth: number;
  readonly value: JsonValue;
  /** Entries of an object or list; null for a plain value. */
  readonly size: number | null;
  readonly open: boolean;
}

/** Entries of one object or list that are shown at first. */
export const FIRST_ENTRIES = 200;
const LONGEST = 120;

function entries(value: JsonValue): [string, JsonValue][] | null {
  if (Array.isArray(value)) return value.map((entry, index) => [String(index), entry]);
  return typeof value === "object" && value !== null ? Object.entries(value) : null;
}

function join(path: string, key: string, list: boolean): string {
  if (list) return `${path}[${key}]`;
  const plainKey = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
  if (!plainKey) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Rows of a value; `toggled` holds the paths that are not as they are at first (open down to depth 1). */
export function jsonRows(value: JsonValue, toggled: ReadonlySet<string>): JsonRow[] {
  const rows: JsonRow[] = [];
  const walk = (key: string | null, path: string, depth: number, inner: JsonValue): void => {
    const children = entries(inner);
    const openAtFirst = depth < 1 && (children?.length ?? 0) <= FIRST_ENTRIES;
    const open = children !== null && children.length > 0 && openAtFirst !== toggled.has(path);
    rows.push({ path, key, depth, value: inner, size: children?.length ?? null, open });
    if (open) {
      for (const [childKey, child] of children) {
        walk(childKey, join(path, childKey, Array.isArray(inner)), depth + 1, child);
      }
    }
  };
  const top = entries(value);
  if (top === null || top.length === 0) walk(null, "", 0, value);
  else for (const [key, child] of top) walk(key, join("", key, Array.isArray(value)), 0, child);
  return rows;
}

/** A long text is cut in the middle, where it matters least. */
export function cutMiddle(text: string, longest = LONGEST): string {
  if (text.length <= longest) return text;
  const half = Math.floor((longest - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/** A folded object or list in short: `{ … } 7 fields`, `[ ] empty`. */
export function folded(value: JsonValue, size: number): { brackets: string; words: string } {
  const list = Array.isArray(value);
  if (size === 0) return { brackets: list ? "[ ]" : "{ }", words: "empty" };
  const noun = list ? (size === 1 ? "entry" : "entries") : size === 1 ? "field" : "fields";
  return { brackets: list ? "[ … ]" : "{ … }", words: `${size} ${noun}` };
}
