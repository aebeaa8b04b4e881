/**
 * What is in the form: a rule as a person edits it. Pure; knows neither the engine nor the page. Drafts
 * survive leaving the form and the program: see `shelf.ts`.
 */
import type { EventDetail, JsonValue, RuleDraft, RuleView } from "$/contract";
import { newGroup, newLeaf, readConditions, writeConditions, type Conditions } from "./conditions";
import { same, writeValue, type Json } from "./values";

export type Params = Record<string, Json>;

export interface Draft {
  /** The ref of a new rule as a person wrote it; empty where it follows the name. */
  ref: string;
  label: string;
  description: string;
  tags: string[];
  trigger_ref: string;
  trigger_params: Params;
  conditions: Conditions;
  action_ref: string;
  action_params: Params;
  timeout_seconds: number | null;
  /** Whether a new rule listens at once. A saved rule's switch acts by itself. */
  enabled: boolean;
}

/** The trigger that a new rule begins with. */
export const FIRST_TRIGGER = "core.intervaltimer";
export const FIRST_PARAMS: Readonly<Params> = { interval: 15, unit: "minutes" };
export const FIRST_ACTION = "core.echo";

export function emptyDraft(): Draft {
  return {
    ref: "",
    label: "",
    description: "",
    tags: [],
    trigger_ref: FIRST_TRIGGER,
    trigger_params: { ...FIRST_PARAMS },
    conditions: newGroup(),
    action_ref: FIRST_ACTION,
    action_params: {},
    timeout_seconds: null,
    enabled: true,
  };
}

/** A saved rule as a draft. */
export function draftOf(rule: RuleView): Draft {
  return {
    ref: rule.ref,
    label: rule.label,
    description: rule.description,
    tags: [...rule.tags],
    trigger_ref: rule.trigger_ref,
    trigger_params: structuredClone(rule.trigger_params) as Params,
    conditions: readConditions(rule.conditions),
    action_ref: rule.action_ref,
    action_params: structuredClone(rule.action_params) as Params,
    timeout_seconds: rule.timeout_seconds,
    enabled: rule.state === "enabled",
  };
}

/** A copy of a saved rule, to become a new one. */
export function copyOf(rule: RuleView): Draft {
  return { ...draftOf(rule), ref: "", label: `${rule.label} (copy)`, enabled: false };
}

/** A new rule for events like this one; `field` names what a first condition looks at. */
export function fromEvent(event: EventDetail, field: string | null): Draft {
  const value = field === null ? undefined : valueAt(event.payload, field);
  const leaf =
    value === undefined || field === null
      ? []
      : [newLeaf(`event.payload.${field}`, "equals", writeValue(value))];
  return {
    ...emptyDraft(),
    trigger_ref: event.event.trigger_ref,
    trigger_params: event.event.trigger_ref === FIRST_TRIGGER ? { ...FIRST_PARAMS } : {},
    conditions: newGroup("all", leaf),
  };
}

function valueAt(payload: JsonValue, path: string): Json | undefined {
  let at: JsonValue | undefined = payload;
  for (const part of path.split(".")) {
    if (at === null || typeof at !== "object") return undefined;
    at = Array.isArray(at) ? at[Number(part)] : at[part];
  }
  return at;
}

/** The draft as the engine takes it. */
export function toRequest(draft: Draft): RuleDraft {
  return {
    label: draft.label.trim(),
    description: draft.description.trim(),
    tags: draft.tags,
    trigger_ref: draft.trigger_ref,
    trigger_params: draft.trigger_params,
    conditions: writeConditions(draft.conditions),
    action_ref: draft.action_ref,
    action_params: draft.action_params,
    timeout_seconds: draft.timeout_seconds,
  };
}

/** The fields in which a draft differs from what is saved, as the engine names them. */
export function changedFields(saved: Draft, draft: Draft): string[] {
  const before = toRequest(saved);
  const after = toRequest(draft);
  const changed: string[] = [];
  for (const key of [
    "label",
    "description",
    "tags",
    "trigger_ref",
    "action_ref",
    "timeout_seconds",
  ] as const) {
    if (!same(before[key], after[key])) changed.push(key);
  }
  changed.push(...changedParams("trigger_params", before.trigger_params, after.trigger_params));
  if (!same(normal(before.conditions), normal(after.conditions))) changed.push("conditions");
  changed.push(...changedParams("action_params", before.action_params, after.action_params));
  return changed;
}

function changedParams(prefix: string, before: Params, after: Params): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !same(before[name], after[name])).map((name) => `${prefix}.${name}`);
}

/** No conditions at all have several spellings. */
function normal(conditions: Json): Json {
  return same(conditions, {}) || same(conditions, []) ? null : conditions;
}

/** The ref that a name suggests: `Écho, every second!` → `default.echo_every_second`. */
export function suggestRef(label: string): string {
  const name = label
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 100);
  return name === "" ? "" : `default.${name}`;
}

/** The tags of a comma-separated text, each once. */
export function readTags(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((tag) => tag.trim())
        .filter(Boolean),
    ),
  ];
}

/** The draft without what only this page knows, for keeping. */
export function pack(draft: Draft): JsonValue {
  return { ...toRequest(draft), ref: draft.ref, enabled: draft.enabled } as unknown as JsonValue;
}

/** A kept draft; null where it cannot be read. */
export function unpack(kept: unknown): Draft | null {
  if (typeof kept !== "object" || kept === null) return null;
  const from = kept as Partial<RuleDraft> & { ref?: unknown; enabled?: unknown };
  if (
    typeof from.label !== "string" ||
    typeof from.trigger_ref !== "string" ||
    typeof from.action_ref !== "string"
  ) {
    return null;
  }
  return {
    ref: typeof from.ref === "string" ? from.ref : "",
    label: from.label,
    description: typeof from.description === "string" ? from.description : "",
    tags: Array.isArray(from.tags) ? from.tags.filter((tag) => typeof tag === "string") : [],
    trigger_ref: from.trigger_ref,
    trigger_params: (from.trigger_params ?? {}) as Params,
    conditions: readConditions(from.conditions),
    action_ref: from.action_ref,
    action_params: (from.action_params ?? {}) as Params,
    timeout_seconds: typeof from.timeout_seconds === "number" ? from.timeout_seconds : null,
    enabled: from.enabled === true,
  };
}
