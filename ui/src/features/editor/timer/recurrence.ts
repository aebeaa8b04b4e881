/**
 * A recurrence as fields and as the text of RFC 5545, one into the other. Pure. What is right is the engine's
 * to say.
 */
import type { Json } from "../values";
import { readList } from "../values";

export type Params = Readonly<Record<string, Json>>;

export const FREQUENCIES = [
  { value: "SECONDLY", one: "second", many: "seconds" },
  { value: "MINUTELY", one: "minute", many: "minutes" },
  { value: "HOURLY", one: "hour", many: "hours" },
  { value: "DAILY", one: "day", many: "days" },
  { value: "WEEKLY", one: "week", many: "weeks" },
  { value: "MONTHLY", one: "month", many: "months" },
  { value: "YEARLY", one: "year", many: "years" },
] as const;

export type Frequency = (typeof FREQUENCIES)[number]["value"];

/** The days of the week, as the engine writes them and as people do. */
export const WEEKDAYS = [
  ["MO", "Monday"],
  ["TU", "Tuesday"],
  ["WE", "Wednesday"],
  ["TH", "Thursday"],
  ["FR", "Friday"],
  ["SA", "Saturday"],
  ["SU", "Sunday"],
] as const;

/** The parts of a rule text and the parameters that mean the same. */
const PARTS = [
  ["FREQ", "freq", "word"],
  ["INTERVAL", "interval", "number"],
  ["COUNT", "count", "number"],
  ["UNTIL", "until", "time"],
  ["BYMONTH", "by_month", "numbers"],
  ["BYWEEKNO", "by_week_no", "numbers"],
  ["BYYEARDAY", "by_year_day", "numbers"],
  ["BYMONTHDAY", "by_month_day", "numbers"],
  ["BYDAY", "by_day", "words"],
  ["BYHOUR", "by_hour", "numbers"],
  ["BYMINUTE", "by_minute", "numbers"],
  ["BYSECOND", "by_second", "numbers"],
  ["BYSETPOS", "by_set_pos", "numbers"],
  ["WKST", "week_start", "word"],
] as const;

/** The parameters that a rule text stands for: it and they exclude each other. */
export const RULE_PARAMS: readonly string[] = PARTS.map(([, name]) => name);
/** All that has a place of its own in the form. */
export const SHOWN_PARAMS: readonly string[] = [...RULE_PARAMS, "rule", "dtstart"];

/** The rarer parts, with what they count. */
export const RARE_PARAMS = [
  { name: "by_hour", label: "Hours", help: "0 to 23" },
  { name: "by_minute", label: "Minutes", help: "0 to 59" },
  { name: "by_second", label: "Seconds", help: "0 to 59" },
  { name: "by_set_pos", label: "Positions", help: "1 the first, −1 the last of a period" },
  { name: "by_week_no", label: "Weeks of the year", help: "1 to 53, yearly only" },
  { name: "by_year_day", label: "Days of the year", help: "1 to 366" },
] as const;

/** A parameter as a list, whether it was written as one, as one value or with commas. */
export function listOf(value: Json | undefined): Json[] {
  if (value === undefined || value === null || value === "") return [];
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? readList(value) : [value];
}

export function frequencyOf(params: Params): string {
  const freq = params["freq"];
  return typeof freq === "string" ? freq.toUpperCase() : "";
}

/** `20261231T170000Z` → `2026-12-31T17:00:00Z`; anything else as it is. */
function plainTime(text: string): string {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/i.exec(text);
  if (!found) return text;
  const [, year, month, day, hour, minute, second, zulu] = found;
  const date = `${year}-${month}-${day}`;
  return hour === undefined ? date : `${date}T${hour}:${minute}:${second}${zulu ?? ""}`.toUpperCase();
}

/** `2026-12-31T17:00` → `20261231T170000`; null where it cannot be written so. */
function ruleTime(text: string): string | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?(Z?))?$/i.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second = "00", zulu = ""] = found;
  const date = `${year}${month}${day}`;
  return hour === undefined ? date : `${date}T${hour}${minute}${second}${zulu.toUpperCase()}`;
}

/** The text of the fields; null where a field holds what has no place in it. */
export function writeRule(params: Params): string | null {
  const parts: string[] = [];
  for (const [part, name, kind] of PARTS) {
    const value = params[name];
    if (value === undefined || (name === "interval" && value === 1)) continue;
    const written = kind === "time" ? ruleTime(String(value)) : listOf(value).map(String).join(",");
    if (written === null || !/^[\w,+-]+$/.test(written)) return null;
    parts.push(`${part}=${kind === "word" || kind === "words" ? written.toUpperCase() : written}`);
  }
  return parts.length === 0 ? null : parts.join(";");
}

/** The fields of a text; null where it has parts that are no fields. */
export function readRule(text: string): Record<string, Json> | null {
  const found: Record<string, Json> = {};
  const plain = text.trim().replace(/^RRULE:/i, "");
  if (plain === "") return null;
  for (const piece of plain.split(";")) {
    const [key = "", value = "", ...more] = piece.split("=");
    const part = PARTS.find(([name]) => name === key.trim().toUpperCase());
    if (!part || value.trim() === "" || more.length > 0) return null;
    const [, name, kind] = part;
    if (name in found) return null;
    const words = value.trim().toUpperCase().split(",");
    const numbers = words.map(Number);
    if ((kind === "numbers" || kind === "number") && !numbers.every(Number.isInteger)) return null;
    if ((kind === "word" || kind === "number" || kind === "time") && words.length !== 1) return null;
    found[name] = {
      word: words[0] ?? "",
      words,
      number: numbers[0] ?? 0,
      numbers,
      time: plainTime(words[0] ?? ""),
    }[kind];
  }
  return "freq" in found ? found : null;
}

/** How a recurrence ends. */
export type End = "never" | "count" | "until";

export function endOf(params: Params): End {
  if (params["count"] !== undefined) return "count";
  return params["until"] === undefined ? "never" : "until";
}

/** Which one of its month or year a weekday is: 0 each, 1 the first, −1 the last. */
export const ORDINALS = [
  { value: "0", label: "every" },
  { value: "1", label: "the first" },
  { value: "2", label: "the second" },
  { value: "3", label: "the third" },
  { value: "4", label: "the fourth" },
  { value: "5", label: "the fifth" },
  { value: "-1", label: "the last" },
] as const;

export interface Days {
  /** Their codes, in the order of the week. */
  readonly codes: readonly string[];
  /** What all of them are. */
  readonly nth: number;
}

/** Days as buttons can show them: all of them alike; null where they are not, as in `1MO,-1FR`. */
export function daysOf(value: Json | undefined): Days | null {
  const codes = new Set<string>();
  let nth: number | null = null;
  for (const one of listOf(value)) {
    const found = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/i.exec(String(one).trim());
    const number = Number(found?.[1] ?? 0);
    if (
      !found?.[2] ||
      (nth !== null && number !== nth) ||
      !ORDINALS.some(({ value: is }) => Number(is) === number)
    )
      return null;
    nth = number;
    codes.add(found[2].toUpperCase());
  }
  return { codes: WEEKDAYS.map(([code]) => code).filter((code) => codes.has(code)), nth: nth ?? 0 };
}

/** The parameter of some days; nothing where there is none. */
export function writeDays({ codes, nth }: Days): Json | undefined {
  return codes.length === 0 ? undefined : codes.map((code) => (nth === 0 ? code : `${nth}${code}`));
}

/** Days with one of them put in or taken out, in the order of the week. */
export function withDay({ codes, nth }: Days, day: string): Days {
  const order = WEEKDAYS.map(([code]): string => code);
  return { codes: order.filter((code) => codes.includes(code) !== (code === day)), nth };
}

/** Numbers typed with commas; nothing where the field is empty. */
export function readNumbers(text: string): Json | undefined {
  const list = readList(text);
  return list.length === 0 ? undefined : list;
}
