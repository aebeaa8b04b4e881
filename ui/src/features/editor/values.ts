/**
 * Values as people type them: `12` is a number, `true` a truth, `"12"` a text, `[1, 2]` a list, and
 * anything else is text as it stands. Nothing is coerced behind the reader's back.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Reads typed text as the value that it means. */
export function readValue(text: string): Json {
  const trimmed = text.trim();
  if (trimmed === "true") return true;
  if (trimmed === "false") return false;
  if (trimmed === "null") return null;
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (/^["[{]/.test(trimmed)) {
    try {
      return JSON.parse(trimmed) as Json;
    } catch {
      return text;
    }
  }
  return text;
}

/** Writes a value so that [`readValue`] gives it back. */
export function writeValue(value: Json): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return readValue(value) === value ? value : JSON.stringify(value);
}

/** The word for the type of a value. */
export function typeWord(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "number":
      return "number";
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    default:
      return "object";
  }
}

/** Reads a list typed with commas. A JSON list is taken as it is. */
export function readList(text: string): Json[] {
  const whole = readValue(text);
  if (Array.isArray(whole)) return whole;
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(readValue);
}

/** Writes a list with commas where that reads back the same, as JSON where not. */
export function writeList(values: readonly Json[]): string {
  const plain = values.map(writeValue).join(", ");
  return JSON.stringify(readList(plain)) === JSON.stringify(values) ? plain : JSON.stringify(values);
}

/** Whether two values are the same, whatever the order of their keys. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: Json | undefined): string {
  return (
    JSON.stringify(value, (_key, inner: Json) =>
      inner !== null && typeof inner === "object" && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ""
  );
}
