/** What the form of a timer begins with, and what goes along when another timer is chosen. Pure. */
import type { Json } from "../values";
import { WEEKDAYS } from "./recurrence";
import { plusDays, weekdayOf } from "./moment";

export type Params = Record<string, Json>;

export const INTERVAL = "core.intervaltimer";
export const CRON = "core.crontimer";
export const ONCE = "core.datetimetimer";
export const RECURRENCE = "core.rruletimer";

/** The timers in the order of the form. */
export const TIMERS: readonly string[] = [INTERVAL, CRON, ONCE, RECURRENCE];

/** What they are called in the form. */
export const TIMER_NAMES: Readonly<Record<string, string>> = {
  [INTERVAL]: "Interval",
  [CRON]: "Cron",
  [ONCE]: "Date and time",
  [RECURRENCE]: "Recurrence",
};

/** The parameters that all timers share, in the order of the form. */
export const SHARED = ["misfire", "misfire_limit", "jitter_seconds", "not_before", "not_after"] as const;

export function isTimer(trigger: string): boolean {
  return TIMERS.includes(trigger);
}

/** What a fresh timer says: `now` is the wall clock as the engine writes it, `zone` the user's own. */
export function startOf(trigger: string, now: string, zone: string): Params {
  const today = now.slice(0, 10);
  const tomorrow = `${plusDays(today, 1)}T09:00`;
  switch (trigger) {
    case INTERVAL:
      return { interval: 15, unit: "minutes" };
    case CRON:
      return { expression: "0 9 * * *", timezone: zone };
    case ONCE:
      return { fire_at: tomorrow, timezone: zone };
    case RECURRENCE: {
      const day = WEEKDAYS[weekdayOf(tomorrow.slice(0, 10))]?.[0] ?? "MO";
      return { freq: "WEEKLY", interval: 1, by_day: [day], dtstart: tomorrow, timezone: zone };
    }
    default:
      return {};
  }
}

/** A fresh timer with the zone and the policies of the one before it. */
export function carriedOver(before: Readonly<Params>, fresh: Params): Params {
  const carried = { ...fresh };
  for (const name of SHARED) if (before[name] !== undefined) carried[name] = before[name];
  if ("timezone" in fresh && before["timezone"] !== undefined) carried["timezone"] = before["timezone"];
  return carried;
}
