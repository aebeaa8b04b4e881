/**
 * Times, durations and sizes as the page writes them. Times arrive as RFC 3339 with the user's own offset:
 * what a clock on the wall shows is in the text already, so it is cut out, never computed.
 */

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const WEEKDAYS_LONG = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const MONTHS_LONG = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
] as const;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** U+2009, between a number and its per cent sign. */
const THIN = "\u2009";

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** The offset that a time is written with, in seconds east of UTC. */
export function offsetOf(time: string): number {
  const found = /([+-])(\d\d):(\d\d)$/.exec(time);
  if (!found) return 0;
  const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60;
  return found[1] === "-" ? -seconds : seconds;
}

/** A moment in milliseconds, written with an offset, as the engine would write it. */
export function withOffset(ms: number, offsetSeconds: number): string {
  const local = new Date(ms + offsetSeconds * SECOND).toISOString().slice(0, -1);
  const size = Math.abs(offsetSeconds);
  const zone = `${offsetSeconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}`;
  return local + zone;
}

/** `21:42:08` */
export function clockTime(time: string): string {
  return time.slice(11, 19);
}

/** `21:42` */
export function shortTime(time: string): string {
  return time.slice(11, 16);
}

/** `21:42:08.118`: always three places, so that columns line up. */
export function preciseTime(time: string): string {
  const fraction = /^\.(\d+)/.exec(time.slice(19))?.[1] ?? "";
  return `${time.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, "0")}`;
}

/** Day of the week of a local date, 0 for Sunday. */
function weekday(time: string): number {
  return new Date(`${time.slice(0, 10)}T00:00:00Z`).getUTCDay();
}

/** `Sat 24 Oct` */
export function shortDate(time: string): string {
  return `${WEEKDAYS[weekday(time)]} ${dayMonth(time)}`;
}

/** `24 Oct` */
export function dayMonth(time: string): string {
  return `${Number(time.slice(8, 10))} ${MONTHS[Number(time.slice(5, 7)) - 1]}`;
}

/** `Sunday 25 October` */
export function longDate(time: string): string {
  const month = MONTHS_LONG[Number(time.slice(5, 7)) - 1];
  return `${WEEKDAYS_LONG[weekday(time)]} ${Number(time.slice(8, 10))} ${month}`;
}

/** `October 2026` */
export function monthName(time: string): string {
  return `${MONTHS_LONG[Number(time.slice(5, 7)) - 1]} ${time.slice(0, 4)}`;
}

/** `2026-10-24 21:42:08.118 +02:00`, for a tooltip. */
export function fullTime(time: string): string {
  const zone = /(Z|[+-]\d\d:\d\d)$/.exec(time)?.[1] ?? "";
  return `${time.slice(0, 10)} ${preciseTime(time)} ${zone}`.trim();
}

/** Whole local days from one time to another: 1 where `later` is tomorrow. */
function daysBetween(earlier: string, later: string): number {
  return Math.round((Date.parse(later.slice(0, 10)) - Date.parse(earlier.slice(0, 10))) / DAY);
}

/** How long until then: `in 2:52` under an hour, `in 4 h 47` under a day, `in 5 d` beyond. */
export function until(time: string, now: number): string {
  const left = Math.max(0, Date.parse(time) - now);
  if (left < HOUR) {
    const seconds = Math.round(left / SECOND);
    return seconds < 3600 ? `in ${Math.floor(seconds / 60)}:${two(seconds % 60)}` : "in 1 h 00";
  }
  if (left < DAY) return `in ${Math.floor(left / HOUR)} h ${two(Math.floor(left / MINUTE) % 60)}`;
  return `in ${Math.floor(left / DAY)} d`;
}

/** The same with the hours beyond a day: `in 1 d 5 h`, `in 63 d`. */
export function untilFine(time: string, now: number): string {
  const left = Date.parse(time) - now;
  if (left < DAY || left >= 10 * DAY) return until(time, now);
  const hours = Math.floor(left / HOUR) % 24;
  return `in ${Math.floor(left / DAY)} d${hours === 0 ? "" : ` ${hours} h`}`;
}

/** When in the future: `21:45` today, `Sun 04:00` within a week, `5 Nov` beyond. `today` is now, as the engine writes it. */
export function upcoming(time: string, today: string): string {
  const days = daysBetween(today, time);
  if (days <= 0) return shortTime(time);
  return days < 7 ? `${WEEKDAYS[weekday(time)]} ${shortTime(time)}` : dayMonth(time);
}

/** When in the past: `now`, `12 s ago`, `2 min ago`, `3 h ago`, `yesterday 14:30`, `Mon 14:30`, `3 Oct`. */
export function ago(time: string, now: number, today: string): string {
  const gone = now - Date.parse(time);
  if (gone < 2 * SECOND) return "now";
  if (gone < MINUTE) return `${Math.floor(gone / SECOND)} s ago`;
  if (gone < HOUR) return `${Math.floor(gone / MINUTE)} min ago`;
  const days = daysBetween(time, today);
  if (days === 0 || gone < 6 * HOUR) return `${Math.floor(gone / HOUR)} h ago`;
  if (days === 1) return `yesterday ${shortTime(time)}`;
  return days < 7 ? `${WEEKDAYS[weekday(time)]} ${shortTime(time)}` : dayMonth(time);
}

/** `38 ms`, `4.1 s`, `1 m 12 s`, `17 m`, `4 h 47`, `6 d 4 h` */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE - 50) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  if (seconds < 3600) {
    const rest = seconds % 60;
    return rest === 0 ? `${seconds / 60} m` : `${Math.floor(seconds / 60)} m ${two(rest)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)}`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor(minutes / 60) % 24} h`;
}

/** A duration that is still growing, as a clock: `0:07`, `4:52`, `1:02:09` */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / SECOND));
  const tail = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds < 3600 ? tail.replace(/^0/, "") : `${Math.floor(seconds / 3600)}:${tail}`;
}

/** `148 KB`: powers of 1000. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["KB", "MB", "GB", "TB", "PB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `14,208` */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/** `96 %` with a thin space. */
export function percent(value: number): string {
  return `${Math.round(value)}${THIN}%`;
}

/** `1 run`, `3 runs`: a number with its noun. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
