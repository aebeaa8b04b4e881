/** What the engine's contract is about to say of timers. */
import type { FireView as Fire } from "$/contract";
import { line } from "$/data";
import type { CalendarDay } from "./calendar";
import type { ZoneName } from "./zones";
import type { Params } from "./starts";

export interface FireView extends Fire {
  /** The same in the schedule's own zone, where that is not the user's. */
  readonly local: string | null;
}
export interface Calendar {
  readonly days: readonly CalendarDay[];
  readonly zone: string;
}
export interface Zones {
  readonly here: string;
  readonly zones: readonly ZoneName[];
}

export function askCalendar(trigger_ref: string, trigger_params: Params, days: number): Promise<Calendar> {
  return line.call("schedule.calendar", { trigger_ref, trigger_params, days }) as Promise<Calendar>;
}
export function askZones(): Promise<Zones> {
  return line.call("zone.list", {}) as Promise<Zones>;
}

export function withLocal(fires: readonly Fire[]): FireView[] {
  return fires.map((fire) => ({ local: null, ...fire }));
}
