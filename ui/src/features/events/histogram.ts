/** The stretch that the histogram over the list shows, in whole minutes. Pure. */
import type { EventHistogram } from "$/contract";
import type { Stretch } from "../list/time";

const MINUTE = 60_000;
/** Bars at most. */
export const MOST_BARS = 120;
const USUAL_MS = 120 * MINUTE;

export interface Window {
  readonly from: number;
  readonly to: number;
  readonly bins: number;
}

/** The last two hours, or a chosen stretch with some room before it. */
export function windowOf(stretch: Stretch, now: number): Window {
  const end = Math.ceil(
    (stretch.to === null ? now : Math.min(Date.parse(stretch.to) + MINUTE, now + MINUTE)) / MINUTE,
  );
  const start =
    stretch.from === null
      ? end - USUAL_MS / MINUTE
      : Math.floor(
          Date.parse(stretch.from) / MINUTE - Math.max(10, (end - Date.parse(stretch.from) / MINUTE) * 0.4),
        );
  const minutes = Math.max(10, end - start);
  const each = Math.max(1, Math.ceil(minutes / MOST_BARS));
  const bins = Math.ceil(minutes / each);
  return { from: (end - bins * each) * MINUTE, to: end * MINUTE, bins };
}

/** Where an instant lies in a histogram, 0 to 1. */
export function placeOf(time: number, { from, bin_ms, bins }: EventHistogram): number {
  const start = Date.parse(from);
  return Math.max(0, Math.min(1, (time - start) / (bin_ms * bins.length)));
}

/** The stretch between two places, on whole bins. */
export function between(
  one: number,
  other: number,
  { from, bin_ms, bins }: EventHistogram,
): { from: number; to: number } {
  const start = Date.parse(from);
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const first = Math.floor(low * bins.length);
  const last = Math.max(first + 1, Math.ceil(high * bins.length));
  return { from: start + first * bin_ms, to: start + last * bin_ms };
}
