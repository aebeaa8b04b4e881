/** What becomes of missed runs, and the other options of a timer, in words. Pure. */
import { plural } from "$/kit/format";
import type { Json } from "../values";

export type Misfire = "skip" | "once" | "all";

/** How many missed runs are made up for where nothing else is said. */
export const ALL_LIMIT = 100;

export const MISFIRES: readonly { value: Misfire; label: string; help: string }[] = [
  { value: "skip", label: "Skip", help: "What was missed is recorded, and nothing runs for it." },
  {
    value: "once",
    label: "Run once",
    help: "One late run stands for all that were missed. It says how many.",
  },
  { value: "all", label: "Run all", help: "Each missed run is made up for, in order." },
];

/** The policy of some parameters; null where they hold something else. */
export function misfireOf(value: Json | undefined): Misfire | null {
  if (value === undefined) return "once";
  return MISFIRES.find((one) => one.value === value)?.value ?? null;
}

/** The options in one line, for while they are folded. */
export function optionsInWords(params: Readonly<Record<string, Json>>): string {
  const policy = misfireOf(params["misfire"]);
  const words = [policy === null ? "Missed runs: ?" : `Missed runs: ${labelOf(policy)}`];
  const jitter = params["jitter_seconds"];
  if (typeof jitter === "number" && jitter > 0) words.push(`spread over ${plural(jitter, "second")}`);
  if (typeof params["not_before"] === "string") words.push(`from ${plainMoment(params["not_before"])}`);
  if (typeof params["not_after"] === "string") words.push(`until ${plainMoment(params["not_after"])}`);
  return words.join(" · ");
}

function labelOf(policy: Misfire): string {
  return MISFIRES.find((one) => one.value === policy)?.label.toLowerCase() ?? policy;
}

/** `2026-10-27T09:15:00+01:00` → `2026-10-27 09:15`. */
function plainMoment(text: string): string {
  return text.replace("T", " ").replace(/^(\S+ \d\d:\d\d).*$/, "$1");
}
