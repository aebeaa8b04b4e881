/** The form of one rule: what is typed, what is saved, what the engine thinks of it. */
import type {
  ActionView,
  FieldError,
  FireView,
  RuleCheck,
  RuleDraft,
  RuleView,
  ScheduleCalendar,
  TriggerView,
} from "$/contract";
import { call, clock, engine } from "$/data";
import { Refusal } from "$/host";
import { withOffset } from "$/kit/format";
import { pathsOf } from "./conditions";
import {
  changedFields,
  copyOf,
  draftOf,
  emptyDraft,
  fromEvent,
  suggestRef,
  toRequest,
  type Draft,
} from "./draft";
import { shelf } from "./shelf.svelte";
import { DAYS } from "./timer/calendar";
import { carriedOver, isTimer, startOf, type Params } from "./timer/starts";
import { NO_ZONE } from "./timer/zones";

/** How long after the last key the engine is asked, in milliseconds. */
export const CHECK_AFTER_MS = 120;
/** How many fires are looked through for the score and for clock changes to come. */
const AHEAD = 1_000;
/** The name of a draft that is not saved yet. */
export const NEW = "new";

/** Where a form starts from. */
export interface Start {
  /** The ref of a saved rule, or `new`. */
  readonly name: string;
  /** A new rule as a copy of this one. */
  readonly copy?: string | undefined;
  /** A new rule for events like this one. */
  readonly event?: number | undefined;
  /** A field of that event's payload to begin a condition with. */
  readonly field?: string | undefined;
}

/** A refusal begins with a capital where it stands alone under a field. */
function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

export class EditorModel {
  form = $state<Draft>(emptyDraft());
  /** What is saved, or what a new rule began with. */
  saved = $state.raw<Draft>(emptyDraft());
  /** The saved rule; null for a new one. */
  rule = $state.raw<RuleView | null>(null);
  triggers = $state.raw<readonly TriggerView[]>([]);
  actions = $state.raw<readonly ActionView[]>([]);
  ready = $state(false);
  slow = $state(false);
  /** Why the form could not be filled. */
  error = $state.raw<Refusal | null>(null);

  /** What the engine thought of the draft when it was last asked. */
  check = $state.raw<RuleCheck | null>(null);
  /** Whether `check` is about an older draft. */
  stale = $state(false);
  /** Why the engine could not be asked. */
  checkError = $state.raw<Refusal | null>(null);
  /** The coming weeks of a timer; null while there are none to show. */
  calendar = $state.raw<ScheduleCalendar | null>(null);
  /** A timer's fires for a good while. */
  ahead = $state.raw<readonly FireView[]>([]);
  /** Whether `calendar` and `ahead` are about an older draft. */
  aheadStale = $state(false);
  saving = $state(false);
  /** Whether saving was tried: from then on empty fields are wrong too. */
  tried = $state(false);
  /** The rule was changed elsewhere since it was opened. */
  overtaken = $state(false);

  readonly start: Start;
  /** What was set for triggers that were chosen before in this form. */
  readonly #visited = new Map<string, Params>();
  #refreshed = 0;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #version = 0;

  constructor(start: Start) {
    this.start = start;
  }

  get isNew(): boolean {
    return this.start.name === NEW;
  }

  /** The fields that differ from what is saved. */
  readonly changed = $derived.by(() => changedFields(this.saved, this.form));
  readonly trigger = $derived(this.triggers.find((one) => one.ref === this.form.trigger_ref));
  readonly action = $derived(this.actions.find((one) => one.ref === this.form.action_ref));
  /** The ref that it has, or would get. */
  readonly ref = $derived(this.rule?.ref ?? (this.form.ref.trim() || suggestRef(this.form.label)));
  readonly errors = $derived<readonly FieldError[]>(
    (this.check?.errors ?? []).map(({ field, message }) => ({ field, message: sentence(message) })),
  );

  readonly fires = $derived<readonly FireView[]>(this.check?.fires ?? []);

  /** Reads what the form needs. */
  async load(): Promise<void> {
    const patience = setTimeout(() => (this.slow = true), 200);
    this.error = null;
    try {
      const [triggers, actions] = await Promise.all([
        call("trigger.list", {}),
        call("action.list", {}),
        this.#begin(),
      ]);
      this.triggers = triggers.triggers;
      this.actions = actions.actions;
      this.ready = true;
    } catch (thrown) {
      this.error = Refusal.from(thrown);
    } finally {
      clearTimeout(patience);
      this.slow = false;
    }
  }

  async #begin(): Promise<void> {
    const { name, copy, event, field } = this.start;
    const kept = copy === undefined && event === undefined ? shelf.take(name) : null;
    if (!this.isNew) {
      this.#adopt(await call("rule.show", { ref: name }));
    } else if (copy !== undefined) {
      this.form = copyOf(await call("rule.show", { ref: copy }));
    } else if (event !== undefined) {
      this.form = fromEvent(await call("event.show", { id: event }), field ?? null);
    }
    if (kept) {
      this.form = kept.draft;
      if (this.rule && kept.version !== this.rule.version) {
        this.#version = kept.version;
        this.overtaken = true;
      }
    }
  }

  /** Takes a rule as the engine has it. */
  #adopt(rule: RuleView): void {
    this.rule = rule;
    this.#version = rule.version;
    this.saved = draftOf(rule);
    this.form = draftOf(rule);
    this.overtaken = false;
    this.tried = false;
  }

  /** Keeps the draft for later, or forgets it where nothing is changed. */
  keep(): void {
    if (!this.ready || this.saving) return;
    if (this.changed.length > 0) shelf.put(this.start.name, this.plain(), this.#version);
    else shelf.drop(this.start.name);
  }

  /** Asks the engine about the draft, shortly after the last change. */
  ask(): void {
    if (!this.ready) return;
    this.stale = true;
    this.aheadStale = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), CHECK_AFTER_MS);
  }

  async #ask(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const ref = this.rule?.ref ?? this.form.ref.trim();
      const draft = toRequest(this.plain());
      const check = await call("rule.check", { draft, new: this.isNew, ...(ref === "" ? {} : { ref }) });
      if (turn !== this.#turn) return;
      this.check = check;
      this.checkError = null;
      this.stale = false;
      await this.#lookAhead(draft, check.errors, turn);
    } catch (thrown) {
      if (turn === this.#turn) this.checkError = Refusal.from(thrown);
    }
  }

  /** Reads the coming weeks of a timer that is in order; of anything else there are none. */
  async #lookAhead(draft: RuleDraft, errors: readonly FieldError[], turn: number): Promise<void> {
    const { trigger_ref, trigger_params } = draft;
    const wrong = errors.some((error) => error.field.startsWith("trigger"));
    const asked = isTimer(trigger_ref) && !wrong;
    const saved = this.rule ? { rule: this.rule.ref } : {};
    const [calendar, next] = asked
      ? await Promise.all([
          // Without them the preview still has its list.
          call("schedule.calendar", { trigger_ref, trigger_params, days: DAYS, ...saved }).catch(() => null),
          call("schedule.next", { trigger_ref, trigger_params, count: AHEAD }).catch(() => null),
        ])
      : [null, null];
    if (turn !== this.#turn) return;
    this.calendar = calendar;
    this.ahead = next?.fires ?? [];
    this.aheadStale = false;
  }

  /** Asks again about the same draft, as when its first fire has passed. At most once for each `now`. */
  refresh(now: number): void {
    if (!this.ready || this.#refreshed === now) return;
    this.#refreshed = now;
    void this.#ask();
  }

  /** The form's content as plain values. */
  plain(): Draft {
    return $state.snapshot<object>(this.form) as Draft;
  }

  stop(): void {
    this.#turn++;
    clearTimeout(this.#timer);
  }

  /** What is wrong with a field; nothing while it is still empty and saving was not tried. */
  errorAt(field: string, value: unknown): string | null {
    const empty = value === undefined || value === null || value === "";
    if (empty && !this.tried) return null;
    return (
      this.errors.find((error) => error.field === field || error.field.startsWith(`${field}.`))?.message ??
      null
    );
  }

  /** What is wrong with each row of the conditions, by the row's id. */
  readonly conditionErrors = $derived.by(() => {
    const found = new Map<number, string>();
    const paths = [...pathsOf(this.form.conditions)].sort(([, a], [, b]) => b.length - a.length);
    for (const { field, message } of this.errors) {
      const hit = paths.find(([, path]) => field === path || field.startsWith(`${path}.`));
      if (hit && !found.has(hit[0])) found.set(hit[0], message);
    }
    return found;
  });

  /** Saves. Answers with the rule, or null where something has to be mended first. */
  async save(over = false): Promise<RuleView | null> {
    if (this.saving) return null;
    this.tried = true;
    this.saving = true;
    try {
      const draft = toRequest(this.plain());
      const ref = this.form.ref.trim();
      const rule = this.rule
        ? await call("rule.update", {
            ref: this.rule.ref,
            draft,
            ...(over ? {} : { version: this.#version }),
          })
        : await call("rule.create", { draft, enabled: this.form.enabled, ...(ref === "" ? {} : { ref }) });
      shelf.drop(this.start.name);
      this.#adopt(rule);
      return rule;
    } catch (thrown) {
      const refusal = Refusal.from(thrown);
      if (refusal.code === "conflict" && this.rule) this.overtaken = true;
      if (refusal.fields.length > 0 && this.check)
        this.check = { ...this.check, errors: [...refusal.fields] };
      if (refusal.fields.length > 0 && !this.overtaken) return null;
      if (this.overtaken) return null;
      throw refusal;
    } finally {
      this.saving = false;
    }
  }

  /** Goes back to what is saved. Answers with what was in the form, to bring it back. */
  discard(): Draft {
    const before = this.plain();
    this.form = this.rule ? draftOf(this.rule) : emptyDraft();
    this.tried = false;
    shelf.drop(this.start.name);
    return before;
  }

  /** Takes the rule as it is saved now, in place of the draft. */
  async takeTheirs(): Promise<void> {
    shelf.drop(this.start.name);
    this.#adopt(await call("rule.show", { ref: this.start.name }));
  }

  /** Sees whether the saved rule is still what was opened. */
  async look(): Promise<void> {
    if (!this.rule || this.saving) return;
    try {
      const now = await call("rule.show", { ref: this.rule.ref });
      if (this.saving || !this.rule) return;
      if (now.version === this.rule.version) this.switched(now);
      else if (this.changed.length === 0) this.#adopt(now);
      else this.overtaken = true;
    } catch {
      // Saving will say what is wrong.
    }
  }

  /** Takes what the engine says of the switch, leaving the draft alone. */
  switched(rule: RuleView): void {
    if (this.rule)
      this.rule = { ...this.rule, state: rule.state, next_fire: rule.next_fire, fault: rule.fault };
  }

  pickTrigger(ref: string): void {
    if (ref === this.form.trigger_ref) return;
    const before = this.plain();
    this.#visited.set(before.trigger_ref, before.trigger_params);
    const zone = engine.status?.zone ?? NO_ZONE;
    const fresh = startOf(ref, withOffset(clock.now, clock.offset), zone);
    const back =
      this.#visited.get(ref) ??
      (ref === this.saved.trigger_ref && !this.isNew
        ? this.saved.trigger_params
        : carriedOver(isTimer(ref) ? before.trigger_params : {}, fresh));
    this.form.trigger_ref = ref;
    this.form.trigger_params = structuredClone(back);
  }

  pickAction(ref: string): void {
    if (ref === this.form.action_ref) return;
    const back = ref === this.saved.action_ref ? this.saved.action_params : {};
    this.form.action_ref = ref;
    this.form.action_params = structuredClone(back);
  }
}
