/** The coming weeks as a grid: a column a week, a row a weekday. Pure. */
import type { CalendarDay } from "$/contract";
import { count, longDate, shortTime } from "$/kit/format";
import { weekdayOf } from "./moment";

/** How many days are asked for: eight weeks. */
export const DAYS = 56;

/** Seven places a column; null before the first and after the last day. Indexes of `days`. */
export function columnsOf(days: readonly CalendarDay[]): (number | null)[][] {
  const lead = days[0] ? weekdayOf(days[0].date) : 0;
  const columns = days.length === 0 ? 0 : Math.ceil((lead + days.length) / 7);
  return Array.from({ length: columns }, (_, column) =>
    Array.from({ length: 7 }, (_, row) => {
      const index = column * 7 + row - lead;
      return index >= 0 && index < days.length ? index : null;
    }),
  );
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The month's name above the first column, and above each in which a month begins; empty elsewhere. */
export function monthsOf(days: readonly CalendarDay[]): string[] {
  let before = "";
  return columnsOf(days).map((column, index) => {
    const dates = column.flatMap((at) => (at === null ? [] : [days[at]?.date ?? ""]));
    const month = (index === 0 ? dates[0] : dates.at(-1))?.slice(5, 7) ?? "";
    if (month === before) return "";
    before = month;
    return MONTHS[Number(month) - 1] ?? "";
  });
}

/** A count that fits into a small place: `96`, `1.4k`, `86k`. */
export function shortCount(fires: number): string {
  if (fires < 1000) return String(fires);
  const thousands = fires / 1000;
  return `${thousands < 9.95 ? thousands.toFixed(1) : Math.round(thousands)}k`;
}

/** How loud a day is, 0 to 4: by its share of the fullest day, so that one fire is always seen. */
export function loudness(fires: number, most: number): 0 | 1 | 2 | 3 | 4 {
  if (fires <= 0) return 0;
  return Math.max(1, Math.ceil((fires / Math.max(1, most)) * 4)) as 1 | 2 | 3 | 4;
}

/** A day in words: `Sunday 25 October: 2 fires, the first at 02:30. Clocks go back from 03:00 to 02:00.` */
export function dayWords({ date, fires, first, note }: CalendarDay): string {
  const at = first ? shortTime(first.local ?? first.at) : "";
  const said =
    fires === 0 ? "no fire" : fires === 1 ? `1 fire at ${at}` : `${count(fires)} fires, the first at ${at}`;
  return `${longDate(date)}: ${said}.${note ? ` ${note}` : ""}`;
}

/** The day that a key leads to; null for a key that leads nowhere. */
export function dayByKey(at: number, key: string, days: number): number | null {
  const by = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }[key];
  if (by !== undefined) return at + by >= 0 && at + by < days ? at + by : at;
  if (key === "Home") return 0;
  return key === "End" ? days - 1 : null;
}
