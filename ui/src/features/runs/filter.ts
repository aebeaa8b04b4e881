/** What the filter of Runs asks the engine for. Pure. */
import type { ExecutionListRequest, ExecutionRow, ExecutionStatusView } from "$/contract";
import { matchesText, valueOf, type Filter } from "../list/tokens";
import type { Stretch } from "../list/time";
import { nameOf, secondLine } from "./words";

export type Which = "all" | "running" | "bad";

export const LIVE: readonly ExecutionStatusView[] = [
  "requested",
  "scheduling",
  "scheduled",
  "running",
  "canceling",
];
export const NOT_COMPLETED: readonly ExecutionStatusView[] = ["failed", "timeout", "cancelled", "abandoned"];
export const STATUSES: readonly ExecutionStatusView[] = [...LIVE, "completed", ...NOT_COMPLETED];
export const KEYS = ["rule", "action", "status"] as const;

/** The statuses that a choice and a `status:` leave. */
function statusesOf(which: Which, wanted: string | undefined): ExecutionStatusView[] | null {
  const chosen = which === "running" ? LIVE : which === "bad" ? NOT_COMPLETED : STATUSES;
  if (wanted === undefined) return which === "all" ? null : [...chosen];
  return chosen.filter((status) => status === wanted);
}

/** The request without its page; null where nothing can match. */
export function requestOf(filter: Filter, which: Which, stretch: Stretch): ExecutionListRequest | null {
  const status = statusesOf(which, valueOf(filter, "status"));
  if (status?.length === 0) return null;
  const rule = valueOf(filter, "rule");
  const action = valueOf(filter, "action");
  return {
    ...(status ? { status } : {}),
    ...(rule === undefined ? {} : { rule }),
    ...(action === undefined ? {} : { action }),
    ...(stretch.from === null ? {} : { from: stretch.from }),
    ...(stretch.to === null ? {} : { to: stretch.to }),
  };
}

/** Whether a run holds every word of a text. */
export function holds(run: ExecutionRow, text: string): boolean {
  return matchesText(text, [
    nameOf(run),
    run.action_ref,
    run.why,
    secondLine(run),
    run.error ?? "",
    String(run.id),
  ]);
}
