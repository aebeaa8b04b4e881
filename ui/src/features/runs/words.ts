/** What runs say about themselves, in sentences. Pure. */
import type { ExecutionRow } from "$/contract";
import { duration } from "$/kit/format";

/** The run's name for people: its rule, or what ran. */
export function nameOf(run: ExecutionRow): string {
  return run.rule?.label ?? run.action_ref;
}

/** How a run ended, to stand after its output. */
export function endingOf(run: ExecutionRow, silent: boolean): string {
  const took = run.duration_ms === null ? null : duration(run.duration_ms);
  if (run.started_at === null)
    return (
      run.error ??
      { cancelled: "Cancelled before it started." }[run.status as "cancelled"] ??
      "It never started."
    );
  if (silent && run.exit_code !== null) {
    return `The process wrote nothing${took ? ` in ${took}` : ""} and exited with ${run.exit_code}.`;
  }
  const after = took ? ` after ${took}` : "";
  switch (run.status) {
    case "completed":
      return `Exited with code ${run.exit_code ?? 0}${after}.`;
    case "timeout":
      return `Its time was up${after}.`;
    case "cancelled":
      return `Cancelled${after}.`;
    case "abandoned":
      return "The engine stopped while this ran; how it ended is not known.";
    default:
      if (run.signal !== null) return `Ended by signal ${run.signal}${after}.`;
      return run.exit_code === null
        ? (run.error ?? "It ended badly.")
        : `Exited with code ${run.exit_code}${after}.`;
  }
}

/** The second line of a run in the list: what went wrong, else why it ran. */
export function secondLine(run: ExecutionRow): string {
  switch (run.status) {
    case "failed":
      if (run.exit_code !== null && run.exit_code !== 0)
        return run.error && !/^exit/i.test(run.error)
          ? `exit ${run.exit_code}, ${run.error}`
          : `exit ${run.exit_code}`;
      return run.error ?? (run.signal === null ? run.why : `ended by signal ${run.signal}`);
    case "timeout":
      return run.duration_ms === null
        ? "its time was up"
        : `stopped after ${duration(run.duration_ms)}: its time was up`;
    case "abandoned":
      return "lost: the engine stopped while it ran";
    default:
      return run.why;
  }
}

/** Width of a run's duration bar, 3 to 36 px, by the logarithm of its time. */
export function barWidth(ms: number): number {
  return Math.round(Math.max(3, Math.min(36, 3 + Math.log10(Math.max(1, ms / 100)) * 8)));
}
