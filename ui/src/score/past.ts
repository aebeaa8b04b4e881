/** Words for what the past holds beside runs: what was missed and why, and times in which nothing could happen. */
import type { LaneMissed, MissReasonView, ScoreSpan } from "$/contract";
import { clockTime, duration, plural, shortDate, shortTime } from "$/kit/format";

const REASONS: Readonly<Record<MissReasonView, string>> = {
  asleep: "The machine was asleep.",
  not_running: "The engine was not running.",
  disabled: "The rule was off.",
  clock_changed: "The clock was set forward.",
  limit: "More were missed than are made up for.",
};

/** `18:00:00`, or `13:05 to 13:35` for several; the day stands where they end on another one. */
export function missedWhen({ at, until }: LaneMissed): string {
  if (at === until) return `${shortDate(at)} ${clockTime(at)}`;
  const day = at.slice(0, 10) === until.slice(0, 10) ? "" : `${shortDate(until)} `;
  return `${shortDate(at)} ${shortTime(at)} to ${day}${shortTime(until)}`;
}

/** `7 fires that never came. The machine was asleep.` */
export function missedWords({ count, reason }: LaneMissed): string {
  return `${plural(count, "fire")} that never came. ${REASONS[reason]}`;
}

/** The word on the hatching. */
export function spanWord(span: ScoreSpan): "asleep" | "stopped" {
  return span.kind === "asleep" ? "asleep" : "stopped";
}

/** `The machine was asleep from 17:52 to 18:24, 32 m.` */
export function spanWords(span: ScoreSpan): string {
  const who = span.kind === "asleep" ? "The machine was asleep" : "The engine was stopped";
  const day = span.from.slice(0, 10) === span.to.slice(0, 10) ? "" : `${shortDate(span.to)} `;
  const long = duration(Date.parse(span.to) - Date.parse(span.from));
  return `${who} from ${shortTime(span.from)} to ${day}${shortTime(span.to)}, ${long}.`;
}
