/**
 * A date and a time of day as two fields, and the one text that the engine takes: `2026-10-27T09:15`, read by
 * the clocks of the rule's zone, or with an offset. Dates are counted as on paper; no zone is ever computed.
 */

export interface Parts {
  readonly date: string;
  readonly time: string;
  /** `Z`, `+02:00`, or nothing where the rule's zone says it. */
  readonly offset: string;
}

const DAY = 86_400_000;

/** The fields of a text; what is no date and time stands in the first field, as it is. */
export function splitMoment(text: string): Parts {
  const found = /^(\S*?)(?:[T ](\S*?))?(Z|[+-]\d\d:?\d\d)?$/i.exec(text.trim());
  if (!found || (found[2] === undefined && found[3] !== undefined))
    return { date: text, time: "", offset: "" };
  // Seconds that are nothing are left out.
  const time = (found[2] ?? "").replace(/^(\d\d:\d\d):00(\.0+)?$/, "$1");
  return { date: found[1] ?? "", time, offset: (found[3] ?? "").toUpperCase() };
}

/** The text of the fields; nothing while both are empty. */
export function joinMoment({ date, time, offset }: Parts): string | undefined {
  const [day, clock] = [date.trim(), time.trim()];
  if (day === "" && clock === "") return undefined;
  return `${day}${clock === "" ? "" : `T${clock.replace(/^(\d):/, "0$1:")}`}${offset}`;
}

/** Whether a text is a date that there is. */
export function isDate(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text;
}

/** The date so many days later. */
export function plusDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** The same day of another month, or its last one. */
export function plusMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10);
}

/** Day of the week, 0 for Monday. */
export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The days of a month in weeks from Monday on; null where a day belongs to another month. */
export function monthWeeks(date: string): (string | null)[][] {
  const first = `${date.slice(0, 7)}-01`;
  const lead = weekdayOf(first);
  const count = Number(plusDays(plusMonths(first, 1), -1).slice(8, 10));
  const cells = Math.ceil((lead + count) / 7) * 7;
  const days = Array.from({ length: cells }, (_, cell) =>
    cell < lead || cell >= lead + count ? null : plusDays(first, cell - lead),
  );
  return Array.from({ length: cells / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/** The date that a key leads to in a calendar; null for a key that leads nowhere. */
export function dateByKey(date: string, key: string): string | null {
  switch (key) {
    case "ArrowLeft":
      return plusDays(date, -1);
    case "ArrowRight":
      return plusDays(date, 1);
    case "ArrowUp":
      return plusDays(date, -7);
    case "ArrowDown":
      return plusDays(date, 7);
    case "PageUp":
      return plusMonths(date, -1);
    case "PageDown":
      return plusMonths(date, 1);
    case "Home":
      return plusDays(date, -weekdayOf(date));
    case "End":
      return plusDays(date, 6 - weekdayOf(date));
    default:
      return null;
  }
}
