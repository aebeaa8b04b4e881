/** The small grammar of strips: what ended well rises from the staff, everything else hangs from it. */
import type { ExecutionStatusView, RunMark } from "$/contract";

export type Mark = "ok" | "fail" | "late" | "lost" | "mute" | "run" | "wait";

export const MARK: Readonly<Record<ExecutionStatusView, Mark>> = {
  requested: "wait",
  scheduling: "wait",
  scheduled: "wait",
  running: "run",
  canceling: "run",
  completed: "ok",
  failed: "fail",
  timeout: "late",
  cancelled: "mute",
  abandoned: "lost",
};

export const STRIP_HEIGHT = 22;
const STAFF = 14;
const STEP = 4;
const RISE_LEAST = 3;
const RISE_MOST = 11;
const HANG = 6;

/** The 95th percentile of what ended, by which heights are measured; at least one millisecond. */
export function fullHeight(runs: readonly RunMark[]): number {
  const ended = runs
    .flatMap((run) => (run.duration_ms === null ? [] : [run.duration_ms]))
    .sort((a, b) => a - b);
  return Math.max(1, ended[Math.floor((ended.length - 1) * 0.95)] ?? 1);
}

/** Height of a finished run against its rule's own 95th percentile: never under 3 px. */
export function riseOf(
  durationMs: number | null,
  full: number,
  most = RISE_MOST,
  least = RISE_LEAST,
): number {
  if (durationMs === null) return least;
  return Math.max(least, Math.min(most, Math.round((durationMs / full) * (most - 1))));
}

export function stripWidth(places: number): number {
  return places * STEP - 1;
}

/** One path for each kind of mark, newest at the right edge. */
export function stripPaths(runs: readonly RunMark[], places: number): Map<Mark, string> {
  const shown = runs.slice(-places);
  const full = fullHeight(shown);
  const paths = new Map<Mark, string>();
  shown.forEach((run, index) => {
    const x = (places - shown.length + index) * STEP;
    const mark = MARK[run.status];
    const rises = mark === "ok" || mark === "run" || mark === "wait";
    const height = mark === "run" ? RISE_MOST : rises ? riseOf(run.duration_ms, full) : HANG;
    const path =
      mark === "wait"
        ? `M${x + 0.5} ${STAFF}v-4.5h2v4.5`
        : rises
          ? `M${x} ${STAFF}v-${height}h3v${height}z`
          : `M${x} ${STAFF + 1}h3v${height}h-3z`;
    paths.set(mark, (paths.get(mark) ?? "") + path);
  });
  return paths;
}

/** The run under a place of the strip, counted in pixels from its left edge. */
export function runAt(runs: readonly RunMark[], places: number, x: number): RunMark | null {
  const shown = runs.slice(-places);
  return shown[Math.floor(x / STEP) - (places - shown.length)] ?? null;
}
