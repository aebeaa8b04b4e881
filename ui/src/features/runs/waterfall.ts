/** Where a run's time went: bars and an axis with round steps. */
import type { ExecutionRow } from "$/contract";

export interface Bar {
  readonly kind: "queue" | "run";
  /** Start and width, as shares of the whole axis. */
  readonly left: number;
  readonly width: number;
  readonly ms: number;
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly marks: readonly { readonly left: number; readonly text: string }[];
  /** Where this rule's runs usually end, as shares of the axis; null where that is not known or not shown. */
  readonly usual: { readonly left: number; readonly width: number } | null;
  readonly queueMs: number;
  readonly runMs: number | null;
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
];
const LONG_STEPS = [600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000];

/** Draws a run as it stands at `now` (milliseconds). */
export function waterfall(
  run: ExecutionRow,
  now: number,
  usualMs: number | null,
  p95Ms: number | null,
): Waterfall {
  const asked = Date.parse(run.requested_at);
  const end = run.finished_at === null ? now : Date.parse(run.finished_at);
  const started = run.started_at === null ? null : Date.parse(run.started_at);
  const queueMs = Math.max(0, (started ?? end) - asked);
  const runMs = started === null ? null : Math.max(0, end - started);
  const live = run.finished_at === null;
  const expected = live && usualMs !== null ? queueMs + Math.max(usualMs, p95Ms ?? usualMs) : 0;
  const whole = Math.max(1, (queueMs + (runMs ?? 0)) * 1.04, expected * 1.04);
  const bars: Bar[] = [{ kind: "queue", left: 0, width: queueMs / whole, ms: queueMs }];
  if (runMs !== null) bars.push({ kind: "run", left: queueMs / whole, width: runMs / whole, ms: runMs });
  const usual =
    live && usualMs !== null && (runMs ?? 0) <= (p95Ms ?? usualMs)
      ? { left: (queueMs + usualMs) / whole, width: Math.max(0.01, ((p95Ms ?? usualMs) - usualMs) / whole) }
      : null;
  return { bars, marks: marksOf(whole), usual, queueMs, runMs };
}

function marksOf(whole: number): { left: number; text: string }[] {
  const step =
    [...STEPS, ...LONG_STEPS].find((one) => whole / one <= 6) ??
    Math.ceil(whole / 6 / 86_400_000) * 86_400_000;
  const marks = [];
  for (let at = 0; at < whole * 0.94; at += step) marks.push({ left: at / whole, text: stepText(at, step) });
  return marks;
}

function stepText(at: number, step: number): string {
  if (step < 1_000) return `${at} ms`;
  if (step < 60_000) return `${at / 1_000} s`;
  if (step < 3_600_000) return `${at / 60_000} min`;
  return `${at / 3_600_000} h`;
}
