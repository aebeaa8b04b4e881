/** What events and decisions say, in short. Pure. */
import type { DecisionView, EventRow, JsonValue, OutcomeView, Pip } from "$/contract";
import { clockTime, count, duration, offsetOf, withOffset } from "$/kit/format";
import { isBad } from "$/kit/status";
import { operatorOf } from "../editor/conditions";

export interface Part {
  /** Said quietly before the text. */
  readonly key?: string;
  readonly text: string;
  readonly quiet?: boolean;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
const MOST_PARTS = 4;

/** The payload of an event in one line. */
export function summary(event: EventRow): Part[] {
  const facts = event.facts;
  if (typeof facts["scheduled_at"] === "string") return timerSummary(event);
  return Object.entries(facts)
    .slice(0, MOST_PARTS)
    .map(([key, value]) => ({ key, text: plainValue(value, event.created) }));
}

function timerSummary({ facts, created }: EventRow): Part[] {
  const late = typeof facts["delay_ms"] === "number" ? facts["delay_ms"] : 0;
  const missed = typeof facts["missed_count"] === "number" ? facts["missed_count"] : 0;
  const parts: Part[] = [{ key: "planned", text: plainValue(facts["scheduled_at"] ?? "", created) }];
  if (typeof facts["execution_count"] === "number")
    parts.push({ key: "fire", text: count(facts["execution_count"]) });
  if (facts["misfired"] === true) {
    parts.push({ text: missed > 1 ? `for ${count(missed)} that were missed` : "made up for", quiet: true });
  } else if (late >= 1) parts.push({ text: `${duration(late)} late`, quiet: true });
  return parts;
}

/** A plain value; instants as the clock time that the event's own offset gives them. */
function plainValue(value: JsonValue, created: string): string {
  if (typeof value === "string" && TIME.test(value) && !Number.isNaN(Date.parse(value))) {
    return clockTime(withOffset(Date.parse(value), offsetOf(created)));
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

export interface Result {
  readonly text: string;
  readonly fired: boolean;
  /** How many of its runs did not end well. */
  readonly failed: number;
}

/** What came of an event, in short. */
export function resultOf(pips: readonly Pip[]): Result {
  const fired = pips.filter((pip) => pip.outcome === "matched");
  const failed = fired.filter((pip) => pip.execution && isBad(pip.execution.status)).length;
  const first = fired[0];
  if (!first) {
    const wrong = pips.find((pip) => pip.outcome === "error");
    if (wrong) return { text: `${wrong.rule.label}: not worked out`, fired: false, failed: 0 };
    return { text: pips.length === 0 ? "No rule looked" : "No rule matched", fired: false, failed: 0 };
  }
  return { text: fired.length === 1 ? first.rule.label : `${fired.length} runs`, fired: true, failed };
}

/** How a dot of the row looks: filled where the rule fired, a ring where not, dotted where it was off. */
export function pipLook(outcome: OutcomeView): "fired" | "no" | "off" | "wrong" {
  switch (outcome) {
    case "matched":
      return "fired";
    case "error":
      return "wrong";
    case "disabled":
    case "throttled":
    case "quarantined":
      return "off";
    case "unmatched":
      return "no";
  }
}

export interface Why {
  /** A word at the right: `did not fire`. */
  readonly word: string;
  /** Parts of a sentence; code where `code` is set. */
  readonly parts: readonly { readonly text: string; readonly code?: boolean }[];
}

/** Why a rule fired or did not. */
export function whyOf({ outcome, reason }: DecisionView): Why {
  switch (outcome) {
    case "matched":
      return { word: "fired", parts: [{ text: "All that it asks for holds." }] };
    case "disabled":
      return { word: "off", parts: [{ text: reason?.message ?? "The rule was off when the event came." }] };
    case "throttled":
      return { word: "held back", parts: [{ text: reason?.message ?? "A limit held it back." }] };
    case "quarantined":
      return { word: "held", parts: [{ text: reason?.message ?? "It fired too often or in a circle." }] };
    case "error":
      return {
        word: "not worked out",
        parts: [{ text: reason?.message ?? "A condition or a template could not be worked out." }],
      };
    case "unmatched":
      return { word: "did not fire", parts: unmatched(reason) };
  }
}

function unmatched(reason: DecisionView["reason"]): Why["parts"] {
  if (!reason?.field) return [{ text: reason?.message ?? "Its conditions did not hold." }];
  const field = reason.field.replace(/^event\.payload\./, "");
  const operator = reason.operator ?? "equals";
  const takes = operatorOf(operator).takes;
  const parts: { text: string; code?: boolean }[] = [
    { text: field, code: true },
    { text: ` ${operatorOf(operator).words}` },
  ];
  if (takes !== "nothing") parts.push({ text: " " }, { text: shortValue(reason.expected), code: true });
  if (operator === "exists") return [...parts, { text: ": it does not" }];
  if (reason.actual === null || reason.actual === undefined)
    return [...parts, { text: ": there was no such field" }];
  return [...parts, { text: ": was " }, { text: shortValue(reason.actual), code: true }];
}

function shortValue(value: JsonValue | undefined): string {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 28)}…${text.slice(-28)}` : text;
}
