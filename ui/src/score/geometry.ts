/**
 * Where things lie on the score: pure arithmetic between time and pixels. Zones are never computed: the
 * engine says from when on which offset holds.
 */
import type { ScorePast, ZoneOffset } from "$/contract";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The thin score: a day of past, half a day of future. */
export const PAST = DAY;
export const FUTURE = 12 * HOUR;
/** Share of the width left of the needle. */
export const NOW_AT = PAST / (PAST + FUTURE);

export const LEAST_SPAN = 15 * MINUTE;
export const MOST_SPAN = 14 * DAY;

/** A stretch of time laid over a width in pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

export function xOf(scale: Scale, at: number): number {
  return ((at - scale.from) / (scale.to - scale.from)) * scale.width;
}

export function timeAt(scale: Scale, x: number): number {
  return scale.from + (x / scale.width) * (scale.to - scale.from);
}

/** Now in steps of one pixel, so that nothing moves by less. */
export function stepwise(now: number, span: number, width: number): number {
  const pixel = span / Math.max(1, width);
  return Math.floor(now / pixel) * pixel;
}

/** The thin score's scale around now. */
export function thinScale(now: number, width: number): Scale {
  const still = stepwise(now, PAST + FUTURE, width);
  return { from: still - PAST, to: still + FUTURE, width };
}

const BINS = [1, 2, 5, 10, 15, 30] as const;

/** Width of a bin in minutes, so that it takes 4 px at least. */
export function binMinutes(width: number): number {
  const pixelMinutes = (PAST + FUTURE) / MINUTE / Math.max(1, width);
  return BINS.find((minutes) => minutes / pixelMinutes >= 4) ?? 30;
}

/** What the large score shows: how much time, and how far its needle is from home. */
export interface Lens {
  readonly span: number;
  /** How far the window has been moved into the future (or, negative, the past), in milliseconds. */
  readonly shift: number;
}

export const FIRST_LENS: Lens = { span: 17 * HOUR, shift: 0 };

/** The large score's scale: with no shift, now lies at `home` (0 to 1) of the width. */
export function lensScale(lens: Lens, now: number, width: number, home: number): Scale {
  const still = stepwise(now, lens.span, width);
  const from = still + lens.shift - lens.span * home;
  return { from, to: from + lens.span, width };
}

/** Zooms so that the time under `x` stays there. */
export function zoomed(lens: Lens, factor: number, x: number, width: number, home: number): Lens {
  const span = Math.max(LEAST_SPAN, Math.min(MOST_SPAN, lens.span * factor));
  const place = x / Math.max(1, width);
  const shift = lens.shift + (lens.span - span) * (place - home);
  return { span, shift: limited(shift) };
}

/** Moves by a number of pixels. */
export function panned(lens: Lens, pixels: number, width: number): Lens {
  return { span: lens.span, shift: limited(lens.shift - (pixels / Math.max(1, width)) * lens.span) };
}

function limited(shift: number): number {
  return Math.max(-MOST_SPAN * 2, Math.min(MOST_SPAN, shift));
}

/** `17 h`, `40 min`, `3 d`: how much time is in view. */
export function spanWords(span: number): string {
  if (span < 2 * HOUR) return `${Math.round(span / MINUTE)} min`;
  return span < 3 * DAY ? `${Math.round(span / HOUR)} h` : `${Math.round(span / DAY)} d`;
}

/** The offset in force at a moment, in milliseconds. */
export function offsetAt(offsets: readonly ZoneOffset[], at: number): number {
  let offset = offsets[0]?.offset_seconds ?? 0;
  for (const change of offsets) if (Date.parse(change.from) <= at) offset = change.offset_seconds;
  return offset * 1000;
}

export interface Tick {
  readonly x: number;
  readonly label: string;
  /** Midnight: it names the day. */
  readonly day: boolean;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map(
  (minutes) => minutes * MINUTE,
);

/** The least step of a ruler at which its labels are `room` pixels apart. */
export function rulerStep(scale: Scale, room: number): number {
  const pixel = (scale.to - scale.from) / Math.max(1, scale.width);
  return STEPS.find((step) => step / pixel >= room) ?? 7 * DAY;
}

/** Marks at round local times; where clocks change, hours are repeated or skipped as on the wall. */
export function ticks(scale: Scale, offsets: readonly ZoneOffset[], step: number, long: boolean): Tick[] {
  const found: Tick[] = [];
  const changes = offsets
    .map((change) => Date.parse(change.from))
    .filter((at) => at > scale.from && at < scale.to);
  const edges = [scale.from, ...changes, scale.to];
  for (let part = 0; part + 1 < edges.length; part++) {
    const start = edges[part] ?? scale.from;
    const end = edges[part + 1] ?? scale.to;
    const offset = offsetAt(offsets, start);
    for (let local = Math.ceil((start + offset) / step) * step; local - offset < end; local += step) {
      found.push(tick(scale, local, offset, step, long));
    }
  }
  return found;
}

function tick(scale: Scale, local: number, offset: number, step: number, long: boolean): Tick {
  const wall = new Date(local);
  const day = local % DAY === 0;
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock =
    long || step < HOUR ? `${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}` : two(wall.getUTCHours());
  const date = `${DAYS[wall.getUTCDay()]} ${wall.getUTCDate()}${long ? ` ${MONTHS[wall.getUTCMonth()]}` : ""}`;
  return { x: xOf(scale, local - offset), label: day ? date : clock, day };
}

export interface Seam {
  readonly x: number;
  readonly at: number;
  /** `−1 h` where clocks go back, `+1 h` where they go forward. */
  readonly label: string;
}

/** Where clocks change. */
export function seams(scale: Scale, offsets: readonly ZoneOffset[]): Seam[] {
  return offsets.flatMap((change, index) => {
    const before = offsets[index - 1];
    const at = Date.parse(change.from);
    if (!before || at <= scale.from || at >= scale.to) return [];
    const minutes = (change.offset_seconds - before.offset_seconds) / 60;
    const size = Math.abs(minutes) % 60 === 0 ? `${Math.abs(minutes) / 60} h` : `${Math.abs(minutes)} min`;
    return [{ x: xOf(scale, at), at, label: `${minutes < 0 ? "−" : "+"}${size}` }];
  });
}

/** Height of a bar that stands for so many of at most so many; the square root keeps the small ones visible. */
export function barHeight(value: number, most: number, room: number, least = 3): number {
  if (value <= 0) return 0;
  return Math.max(least, Math.round(Math.sqrt(value / Math.max(1, most)) * room));
}

export type Hanging = "fail" | "late" | "lost" | "mute";

/** What hangs from the staff in a bin, from the staff downwards. */
export function hanging(bin: ScorePast, most: number, room: number): { mark: Hanging; height: number }[] {
  const counts: [Hanging, number][] = [
    ["fail", bin.failed],
    ["late", bin.timeout],
    ["lost", bin.abandoned],
    ["mute", bin.cancelled],
  ];
  let left = room;
  const stack: { mark: Hanging; height: number }[] = [];
  for (const [mark, count] of counts) {
    const height = Math.min(left, barHeight(count, most, room, 6));
    if (height <= 0) continue;
    stack.push({ mark, height });
    left -= height;
  }
  return stack;
}
