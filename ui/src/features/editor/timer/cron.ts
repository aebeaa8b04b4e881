/**
 * Cron text and the five rulers: which marks a text means, and the text after a mark was set. Pure. What is
 * right is the engine's to say; here is only what the rulers can show.
 */

export type FieldName = "minute" | "hour" | "day" | "month" | "weekday";

export interface FieldSpec {
  readonly name: FieldName;
  readonly label: string;
  readonly lowest: number;
  readonly highest: number;
  /** The three letters that stand for its values, in order; empty where it has only numbers. */
  readonly words: readonly string[];
  /** The names of its values in sentences. */
  readonly names: readonly string[];
}

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const three = (name: string): string => name.slice(0, 3).toUpperCase();

/** The rulers, in the order of the text. */
export const FIELDS: readonly FieldSpec[] = [
  { name: "minute", label: "Minute", lowest: 0, highest: 59, words: [], names: [] },
  { name: "hour", label: "Hour", lowest: 0, highest: 23, words: [], names: [] },
  { name: "day", label: "Day", lowest: 1, highest: 31, words: [], names: [] },
  { name: "month", label: "Month", lowest: 1, highest: 12, words: MONTHS.map(three), names: MONTHS },
  { name: "weekday", label: "Weekday", lowest: 0, highest: 6, words: WEEKDAYS.map(three), names: WEEKDAYS },
];

/** Short forms that mean five fields. */
const NICKNAMES: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** A word of the text and where it begins, counted from 0. */
export interface Token {
  readonly text: string;
  readonly start: number;
}

/** What one ruler shows. */
export interface Ruling {
  readonly spec: FieldSpec;
  /** Its word in the text. */
  readonly token: string;
  /** The marks that are set; empty where every value counts; null where the word says more than marks can. */
  readonly marks: ReadonlySet<number> | null;
}

export interface Rulers {
  /** The word for seconds, where there is one: the rulers leave it alone. */
  readonly seconds: string | null;
  readonly fields: readonly Ruling[];
}

export function tokensOf(text: string): Token[] {
  return [...text.matchAll(/\S+/g)].map((found) => ({ text: found[0], start: found.index }));
}

/** The words of the rulers' text: of a short form those that it stands for. */
function wordsOf(text: string): string[] {
  const words = tokensOf(text).map((token) => token.text);
  const only = words[0];
  const long = words.length === 1 && only ? NICKNAMES[only.toLowerCase()] : undefined;
  return long ? long.split(" ") : words;
}

/** What the rulers show of a text; null where it has not the five or six fields that they stand for. */
export function rulersOf(text: string): Rulers | null {
  const words = wordsOf(text);
  if (words.length !== 5 && words.length !== 6) return null;
  const five = words.slice(-5);
  return {
    seconds: words.length === 6 ? (words[0] ?? null) : null,
    fields: FIELDS.map((spec, index) => {
      const token = five[index] ?? "*";
      return { spec, token, marks: readField(spec, token) };
    }),
  };
}

/** The values that a field means; empty for all of them, null where marks cannot show it. */
export function readField(spec: FieldSpec, token: string): ReadonlySet<number> | null {
  if (token === "*" || (token === "?" && (spec.name === "day" || spec.name === "weekday"))) return new Set();
  const found = new Set<number>();
  for (const item of token.split(",")) {
    const values = readItem(spec, item);
    if (!values) return null;
    for (const value of values) found.add(value);
  }
  return found.size === spec.highest - spec.lowest + 1 ? new Set() : found;
}

/** `*`, `5`, `1-5`, each with or without `/2`. */
function readItem(spec: FieldSpec, item: string): number[] | null {
  const parts = /^(\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,4}))?$/i.exec(item);
  if (!parts) return null;
  const step = parts[4] === undefined ? 1 : Number(parts[4]);
  const all = parts[1] === "*";
  // One value with a step is read in two ways by cron's many kin.
  if (!all && parts[3] === undefined && parts[4] !== undefined) return null;
  const from = all ? spec.lowest : valueOf(spec, parts[2] ?? "");
  const to = all ? spec.highest : parts[3] === undefined ? from : valueOf(spec, parts[3]);
  if (from === null || to === null || step < 1) return null;
  // A Sunday that ends a range comes after the Saturday.
  const end = spec.name === "weekday" && to === 0 && from > 0 && /[a-z]$/i.test(parts[3] ?? "") ? 7 : to;
  if (end < from) return null;
  const values: number[] = [];
  for (let value = from; value <= end; value += step) values.push(fold(spec, value));
  return values;
}

/** Sunday is 0 and 7. */
function fold(spec: FieldSpec, value: number): number {
  return spec.name === "weekday" && value === 7 ? 0 : value;
}

function valueOf(spec: FieldSpec, text: string): number | null {
  const word = spec.words.indexOf(text.toUpperCase());
  if (word >= 0) return word + spec.lowest;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  const highest = spec.name === "weekday" ? 7 : spec.highest;
  return value >= spec.lowest && value <= highest ? value : null;
}

/** The shortest plain word for some marks: none and all of them are `*`. */
export function writeField(spec: FieldSpec, marks: ReadonlySet<number>): string {
  const values = [...marks].sort((a, b) => a - b);
  if (values.length === 0 || values.length === spec.highest - spec.lowest + 1) return "*";
  // Only of minutes is `*/n` the same as its list: steps through all hours keep their spacing when clocks change,
  // and a star in a field of days makes the other one decide alone.
  const step = spec.name === "minute" ? stepOf(spec, values) : null;
  if (step !== null) return `*/${step}`;
  const parts: string[] = [];
  for (let start = 0; start < values.length;) {
    let end = start;
    while (values[end + 1] === (values[end] ?? 0) + 1) end++;
    if (end - start >= 2) parts.push(`${values[start]}-${values[end]}`);
    else parts.push(...values.slice(start, end + 1).map(String));
    start = end + 1;
  }
  return parts.join(",");
}

/** The step of values that go from the lowest to the highest in even steps of 2 at least. */
function stepOf(spec: FieldSpec, values: readonly number[]): number | null {
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const last = values.at(-1) ?? 0;
  const even =
    values.length > 2 &&
    values[0] === spec.lowest &&
    last + step > spec.highest &&
    values.every((value, index) => value === spec.lowest + index * step);
  return even && step > 1 ? step : null;
}

/** A text with one of its five fields put in the place of what is there. */
export function withField(text: string, name: FieldName, token: string): string {
  const index = FIELDS.findIndex((spec) => spec.name === name);
  const words = wordsOf(text);
  const whole = words.length === 5 || words.length === 6 ? words : ["*", "*", "*", "*", "*"];
  const place = whole.length - 5 + index;
  // An empty word would make the fields after it slip one to the left.
  return whole.map((word, at) => (at === place ? token.replace(/\s+/g, "") || "*" : word)).join(" ");
}

/** Marks after those from one to another were set or taken out. */
export function withMarks(
  before: ReadonlySet<number>,
  from: number,
  to: number,
  on: boolean,
): ReadonlySet<number> {
  const after = new Set(before);
  for (let value = Math.min(from, to); value <= Math.max(from, to); value++) {
    if (on) after.add(value);
    else after.delete(value);
  }
  return after;
}

/** Words with commas and a last `and`. */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

/** What a ruler says in words: `at 2 and 14`, `every day`, `Sunday to Friday`. */
export function reading({ spec, token, marks }: Ruling): string {
  if (marks === null) return "as written";
  const values = [...marks].sort((a, b) => a - b);
  if (values.length === 0) return spec.name === "weekday" ? "any weekday" : `every ${spec.name}`;
  const step = stepOf(spec, values);
  if (step !== null && token.startsWith("*/")) return `every ${step} ${spec.name}s`;
  const named = (value: number): string => spec.names[value - spec.lowest] ?? String(value);
  const [first = 0, last = first] = [values[0], values.at(-1)];
  if (values.length > 2 && last - first === values.length - 1)
    return `${spec.names.length > 0 ? "" : `${spec.name === "day" ? "days " : ""}`}${named(first)} to ${named(last)}`;
  if (values.length > 4) return `${values.length} ${spec.name}s`;
  const short = values.length > 1 ? (value: number): string => named(value).slice(0, 3) : named;
  const words = listed(values.map(spec.names.length > 0 ? short : named));
  switch (spec.name) {
    case "minute":
      return `at minute ${words}`;
    case "hour":
      return `at ${words}`;
    case "day":
      return `on day ${words}`;
    case "month":
    case "weekday":
      return words;
  }
}

/** Whether both kinds of days are narrowed: cron then takes a day that fits either. */
export function eitherDay(rulers: Rulers): boolean {
  const narrowed = (name: FieldName): boolean => {
    const field = rulers.fields.find(({ spec }) => spec.name === name);
    return field !== undefined && !/^[*?+]/.test(field.token);
  };
  return narrowed("day") && narrowed("weekday");
}

/** What the engine found wrong in a text, taken out of its sentence. */
export interface Wrong {
  /** How many characters stand before it; null where the sentence names no place. */
  readonly column: number | null;
  /** What stands there, as the sentence repeats it. */
  readonly found: string;
  /** Why it is wrong, without the place and the proposals. */
  readonly reason: string;
  /** What may be meant. */
  readonly proposals: readonly string[];
}

/** Reads ``Weekday `8` at column 15: There is no weekday 8. … Did you mean `7`?`` */
export function readWrong(message: string): Wrong {
  const place = /^[^`:]*`(.*?)` at column (\d{1,5}):\s*/s.exec(message);
  const rest = place ? message.slice(place[0].length) : message;
  const asked = /[;,.]?\s*\bdid you mean (.+?)\?/i.exec(rest)?.[1] ?? "";
  const proposals = [...asked.matchAll(/`([^`]+)`/g)].map((one) => one[1] ?? "");
  const plain = proposals.length === 0 ? rest : rest.replace(/[;,]?\s*\bdid you mean .+?\?/i, "").trim();
  const reason = plain === "" ? `\`${place?.[1] ?? ""}\` is not known here` : plain;
  return {
    column: place ? Number(place[2]) - 1 : null,
    found: place?.[1] ?? "",
    reason: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? "" : "."}`,
    proposals,
  };
}

/** The word of the text that holds a column; -1 where there is none. */
export function wordAt(text: string, column: number | null): number {
  if (column === null) return -1;
  return tokensOf(text).findIndex(
    ({ start, text: word }) => column >= start && column <= start + word.length,
  );
}

/** A text after a proposal was taken in place of what is wrong. */
export function mended(text: string, { column, found }: Wrong, proposal: string): string {
  const word = tokensOf(text)[wordAt(text, column)];
  if (!word || column === null || /^@|\s/.test(proposal)) return proposal;
  const put = (from: number, to: number): string => text.slice(0, from) + proposal + text.slice(to);
  const end = word.start + word.text.length;
  // A sign that means nothing, or a comma too many: the proposal is the whole field without it.
  if (!text.startsWith(found, column) || !/^[\w*,/?#+-]+$/.test(found)) return put(word.start, end);
  const to = column + found.length;
  if (!proposal.includes("/") || (text[to] !== "/" && text[column - 1] !== "/")) return put(column, to);
  // A proposal with a step stands for the step and what is before it.
  const item = text.slice(0, column).lastIndexOf(",") + 1;
  const comma = text.indexOf(",", to);
  return put(Math.max(word.start, item), comma < 0 ? end : Math.min(comma, end));
}
