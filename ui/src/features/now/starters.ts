/** The rules that a first visitor can make by filling in a sentence. */
import type { RuleDraft } from "$/contract";

export type Unit = "seconds" | "minutes" | "hours" | "days";
export const UNITS: readonly Unit[] = ["seconds", "minutes", "hours", "days"];

export interface Sentence {
  /** As typed: the engine says what is wrong with it. */
  interval: number | string | null;
  unit: Unit;
  /** What to run, or what to say. */
  text: string;
}

export interface Starter {
  readonly id: "script" | "echo";
  readonly title: string;
  readonly hint: string;
  readonly verb: string;
  readonly action: string;
  readonly first: Sentence;
}

export const STARTERS: readonly Starter[] = [
  {
    id: "script",
    title: "Run a script",
    hint: "every so often",
    verb: "run",
    action: "core.shell",
    first: { interval: 15, unit: "minutes", text: 'echo "Still here, $(date +%H:%M)"' },
  },
  {
    id: "echo",
    title: "Say something",
    hint: "every second, to see it work",
    verb: "say",
    action: "core.echo",
    first: { interval: 1, unit: "seconds", text: "Hello, World!" },
  },
];

/** `minute` after 1, `minutes` after anything else. */
export function unitWord(unit: Unit, interval: Sentence["interval"]): string {
  return interval === 1 ? unit.slice(0, -1) : unit;
}

/** The sentence as a rule. */
export function draftOf(starter: Starter, sentence: Sentence): RuleDraft {
  const every = `every ${sentence.interval === 1 ? "" : `${sentence.interval ?? "?"} `}${unitWord(sentence.unit, sentence.interval)}`;
  const params: RuleDraft["action_params"] =
    starter.id === "script" ? { script: sentence.text } : { message: sentence.text };
  return {
    label: `${starter.id === "script" ? "Run a script" : "Echo"} ${every}`,
    description: "",
    tags: [],
    trigger_ref: "core.intervaltimer",
    trigger_params: {
      unit: sentence.unit,
      ...(sentence.interval === null ? {} : { interval: sentence.interval }),
    },
    conditions: {},
    action_ref: starter.action,
    action_params: params,
    timeout_seconds: null,
  };
}
