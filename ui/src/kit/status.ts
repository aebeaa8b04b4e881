/** The one vocabulary of states: glyph, colour and word belong together on every screen. */
import type { ExecutionStatusView, SensorStateView } from "$/contract";

export type Glyph =
  | "completed"
  | "failed"
  | "timeout"
  | "running"
  | "requested"
  | "scheduled"
  | "cancelled"
  | "abandoned"
  | "missed"
  | "stuck"
  | "off";

export type Tone = "ok" | "fail" | "late" | "run" | "lost" | "mute";

export interface Look {
  readonly glyph: Glyph;
  readonly tone: Tone;
  readonly word: string;
}

export const STATUS: Readonly<Record<ExecutionStatusView, Look>> = {
  requested: { glyph: "requested", tone: "mute", word: "Requested" },
  scheduling: { glyph: "scheduled", tone: "mute", word: "Scheduled" },
  scheduled: { glyph: "scheduled", tone: "mute", word: "Scheduled" },
  running: { glyph: "running", tone: "run", word: "Running" },
  canceling: { glyph: "running", tone: "mute", word: "Cancelling" },
  completed: { glyph: "completed", tone: "ok", word: "Completed" },
  failed: { glyph: "failed", tone: "fail", word: "Failed" },
  timeout: { glyph: "timeout", tone: "late", word: "Timed out" },
  cancelled: { glyph: "cancelled", tone: "mute", word: "Cancelled" },
  abandoned: { glyph: "abandoned", tone: "lost", word: "Abandoned" },
};

export const SENSOR_STATUS: Readonly<Record<SensorStateView, Look>> = {
  starting: { glyph: "running", tone: "run", word: "Starting" },
  running: { glyph: "completed", tone: "ok", word: "Running" },
  stopped: { glyph: "off", tone: "mute", word: "Stopped" },
  failed: { glyph: "failed", tone: "fail", word: "Cannot start" },
  backoff: { glyph: "stuck", tone: "late", word: "Waiting to restart" },
};

/** Whether a run has not ended yet. */
export function isLive(status: ExecutionStatusView): boolean {
  return ["requested", "scheduling", "scheduled", "running", "canceling"].includes(status);
}

/** Whether a run ended, and not well. */
export function isBad(status: ExecutionStatusView): boolean {
  return status === "failed" || status === "timeout" || status === "abandoned";
}
