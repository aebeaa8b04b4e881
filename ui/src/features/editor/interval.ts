/** The interval timer's parameters as the form shows them. Pure. */
import type { Json } from "./values";

export const UNITS = ["seconds", "minutes", "hours", "days"] as const;

/** Where the grid of an interval starts: at the first enabling, at full hours and days, or at an instant. */
export type Grid = "start" | "clock" | "instant";

/** A midnight long gone: grids that start there lie on full minutes, hours and days of the clock. */
export function clockAnchor(now: string): string {
  return `${now.slice(0, 10)}T00:00:00${/(Z|[+-]\d\d:\d\d)$/.exec(now)?.[1] ?? "Z"}`;
}

export function gridOf(anchor: Json | undefined): Grid {
  if (anchor === undefined) return "start";
  return typeof anchor === "string" && /T00:00:00(\.0+)?(Z|[+-]\d\d:\d\d)$/.test(anchor)
    ? "clock"
    : "instant";
}

/** How often something happens that happens every so many milliseconds: `96 fires a day`. */
export function frequency(periodMs: number): string {
  const DAY = 86_400_000;
  const pairs: [number, string][] = [
    [60_000, "minute"],
    [3_600_000, "hour"],
    [DAY, "day"],
    [7 * DAY, "week"],
    [365 * DAY, "year"],
  ];
  for (const [span, word] of pairs) {
    const fires = span / periodMs;
    if (fires >= 1) {
      const rounded = Math.round(fires * 10) / 10;
      return `${rounded.toLocaleString("en-GB")} ${rounded === 1 ? "fire" : "fires"} ${word === "hour" ? "an" : "a"} ${word}`;
    }
  }
  return "Less than one fire a year";
}

/** The time between fires where it is always the same; null where it is not. */
export function periodOf(fires: readonly { readonly at: string }[]): number | null {
  const times = fires.map((fire) => Date.parse(fire.at));
  const first = (times[1] ?? NaN) - (times[0] ?? NaN);
  const even = times.every((time, index) => index === 0 || time - (times[index - 1] ?? 0) === first);
  return even && first > 0 ? first : null;
}
