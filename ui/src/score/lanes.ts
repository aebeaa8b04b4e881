/** Where the marks of the large score lie: laid out once, then painted and hit from the same list. */
import type { ForecastFire, Lane, LaneMissed, LaneRun, ScoreSpan } from "$/contract";
import { MARK, riseOf, type Mark } from "$/kit/ticks";
import { xOf, type Scale } from "./geometry";

export const LANE_HEIGHT = 30;
/** Where the staff lies in its lane. */
export const STAFF = 20;

export interface RunMarkBox {
  readonly kind: "run";
  readonly lane: number;
  readonly x: number;
  readonly width: number;
  /** Height above the staff; 0 for what hangs. */
  readonly rise: number;
  readonly mark: Mark;
  readonly run: LaneRun;
}
export interface FireBox {
  readonly kind: "fire";
  readonly lane: number;
  readonly x: number;
  readonly width: number;
  readonly at: string;
  /** What is odd about it, such as a clock change. */
  readonly note: string | null;
}
/** What should have happened and did not: one mark a run of instants. */
export interface MissedBox {
  readonly kind: "missed";
  readonly lane: number;
  readonly x: number;
  readonly width: number;
  readonly missed: LaneMissed;
}
/** A time in which nothing could happen, as it is pointed at in one lane. */
export interface SpanBox {
  readonly kind: "span";
  readonly lane: number;
  readonly x: number;
  readonly width: number;
  readonly span: ScoreSpan;
}
export interface BandBox {
  readonly kind: "band";
  readonly lane: number;
  readonly x: number;
  readonly width: number;
  readonly text: string;
}
export type Box = RunMarkBox | FireBox | MissedBox | BandBox | SpanBox;

/** What is odd about fires to come, by rule and instant; of the lane of everything else by instant alone. */
export type Notes = ReadonlyMap<string, string>;

function noteKey(rule: number | null, at: string): string {
  return `${rule ?? ""} ${Date.parse(at)}`;
}

export function notesOf(fires: readonly ForecastFire[]): Notes {
  const notes = new Map<string, string>();
  for (const { at, note, rule } of fires) {
    if (note === null) continue;
    notes.set(noteKey(rule.id, at), note);
    notes.set(noteKey(null, at), `${rule.label}: ${note}`);
  }
  return notes;
}

const THIN = 3;
const RISE = 13;

function runBox(run: LaneRun, lane: number, full: number, scale: Scale, nowX: number): RunMarkBox {
  const at = Date.parse(run.at);
  const x = Math.round(xOf(scale, at));
  const mark = MARK[run.status];
  const end = mark === "run" ? nowX : xOf(scale, at + run.duration_ms);
  const width = Math.max(THIN, Math.round(end) - x);
  const rise =
    mark === "ok"
      ? riseOf(run.duration_ms, full, RISE, 4)
      : mark === "run"
        ? RISE + 1
        : mark === "wait"
          ? 12
          : 0;
  // What runs touches the needle, however short it is; nothing that has happened lies right of it.
  const latest = Math.round(nowX) - (mark === "run" ? THIN : width);
  return {
    kind: "run",
    lane,
    x: Math.min(x, latest),
    width,
    rise,
    mark,
    run,
  };
}

/** Several that were missed in a row are one mark as long as their time, all of it left of the needle. */
function missedBox(missed: LaneMissed, lane: number, scale: Scale, nowX: number): MissedBox {
  const from = Math.round(xOf(scale, Date.parse(missed.at)));
  const width = Math.max(THIN, Math.round(xOf(scale, Date.parse(missed.until))) - from + THIN);
  return { kind: "missed", lane, x: Math.min(from, Math.round(nowX) - width), width, missed };
}

/** Every mark of the lanes, in the order in which they are painted. */
export function layLanes(lanes: readonly Lane[], scale: Scale, now: number, notes: Notes = new Map()): Box[] {
  const nowX = xOf(scale, now);
  return lanes.flatMap((lane, index) => {
    const full = Math.max(1, lane.p95_ms ?? 1);
    const boxes: Box[] = [];
    for (const run of lane.runs) {
      const box = runBox(run, index, full, scale, nowX);
      if (box.x + box.width >= 0 && box.x <= scale.width) boxes.push(box);
    }
    for (const missed of lane.missed) {
      const box = missedBox(missed, index, scale, nowX);
      if (box.x + box.width >= 0 && box.x <= scale.width) boxes.push(box);
    }
    for (const band of lane.bands) {
      const x = Math.max(Math.round(xOf(scale, Date.parse(band.from))), Math.round(nowX) + 8);
      const end = Math.min(Math.round(xOf(scale, Date.parse(band.to))), scale.width + 2);
      if (end - x > 4) boxes.push({ kind: "band", lane: index, x, width: end - x, text: band.text });
    }
    for (const at of lane.fires) {
      const x = Math.round(xOf(scale, Date.parse(at)));
      const note = notes.get(noteKey(lane.rule?.id ?? null, at)) ?? null;
      if (x >= 0 && x <= scale.width && x > nowX)
        boxes.push({ kind: "fire", lane: index, x, width: THIN, at, note });
    }
    return boxes;
  });
}

/** What lies under the pointer: the nearest mark of that lane within 5 px, what happened before what did not, before bands. */
export function boxAt(boxes: readonly Box[], x: number, y: number): Box | null {
  const lane = Math.floor(y / LANE_HEIGHT);
  const order = { run: 0, missed: 1, fire: 2, band: 3, span: 4 } as const;
  let best: Box | null = null;
  let bestMiss = 6;
  for (const box of boxes) {
    if (box.lane !== lane) continue;
    const miss = x < box.x ? box.x - x : Math.max(0, x - box.x - box.width);
    const better = !best || miss < bestMiss || (miss === bestMiss && order[box.kind] < order[best.kind]);
    if (miss <= 5 && better) {
      best = box;
      bestMiss = miss;
    }
  }
  return best;
}

/** The hatching under the pointer. */
export function spanAt(spans: readonly ScoreSpan[], scale: Scale, x: number, y: number): SpanBox | null {
  for (const span of spans) {
    const from = xOf(scale, Date.parse(span.from));
    const to = xOf(scale, Date.parse(span.to));
    if (x >= from && x <= Math.max(to, from + 2))
      return { kind: "span", lane: Math.floor(y / LANE_HEIGHT), x, width: 0, span };
  }
  return null;
}

export type Direction = "left" | "right" | "up" | "down" | "failed";

/** The run to go to by keys: along a lane, to the nearest in time of another lane, or to the next that failed. */
export function stepRun(boxes: readonly Box[], from: RunMarkBox | null, to: Direction): RunMarkBox | null {
  const runs = boxes.filter((box) => box.kind === "run");
  if (!from)
    return to === "failed"
      ? (runs.findLast(bad) ?? null)
      : (runs.toSorted((a, b) => a.x - b.x).at(-1) ?? null);
  if (to === "failed") {
    const failed = runs.filter(bad).sort((a, b) => b.x - a.x || a.lane - b.lane);
    const at = failed.findIndex((box) => box.run.id === from.run.id);
    return failed[at + 1] ?? failed[0] ?? from;
  }
  if (to === "left" || to === "right") {
    const lane = runs.filter((box) => box.lane === from.lane).sort((a, b) => a.x - b.x);
    const at = lane.findIndex((box) => box.run.id === from.run.id);
    return lane[at + (to === "left" ? -1 : 1)] ?? from;
  }
  const by = to === "up" ? -1 : 1;
  for (let lane = from.lane + by; lane >= 0 && runs.some((box) => (box.lane - lane) * by >= 0); lane += by) {
    const near = runs
      .filter((box) => box.lane === lane)
      .sort((a, b) => Math.abs(a.x - from.x) - Math.abs(b.x - from.x))[0];
    if (near) return near;
  }
  return from;
}

function bad(box: RunMarkBox): boolean {
  return box.mark === "fail" || box.mark === "late" || box.mark === "lost";
}
