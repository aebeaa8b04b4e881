/** What can be done to rules from a list of them: at once on the screen, then as the engine answers. */
import { SvelteMap } from "svelte/reactivity";
import type { RuleRow, RuleView } from "$/contract";
import { call } from "$/data";
import { plural } from "$/kit/format";
import { toasts } from "$/kit/toasts.svelte";
import { href, router } from "$/shell/router.svelte";
import { Refusal } from "$/host";

/** Running more rules than this at once is asked about first. */
export const ASK_ABOVE = 5;

export class RuleDeeds {
  /** Whether a rule is to listen, where an answer is still awaited. */
  readonly wanted = new SvelteMap<number, boolean>();
  /** Rules that are being deleted. */
  readonly leaving = new SvelteMap<number, true>();
  readonly #rows: () => readonly RuleRow[];
  readonly #put: (rule: RuleView) => void;

  /** `put` takes a rule as the engine answered, until the list is read again. */
  constructor(rows: () => readonly RuleRow[], put: (rule: RuleView) => void) {
    this.#rows = rows;
    this.#put = put;
  }

  isOn({ rule }: RuleRow): boolean {
    return this.wanted.get(rule.id) ?? rule.state === "enabled";
  }

  /** Switches one rule. Throws where that was refused. */
  async flip(row: RuleRow, on: boolean): Promise<void> {
    const { id, ref } = row.rule;
    this.wanted.set(id, on);
    try {
      this.#put(await call(on ? "rule.enable" : "rule.disable", { ref }));
    } finally {
      this.wanted.delete(id);
    }
  }

  /** Switches one rule by its switch, and offers to take that back. */
  async turn(row: RuleRow, on: boolean): Promise<void> {
    await this.flip(row, on);
    toasts.done(on ? "Turned on" : "Turned off", row.rule.label, () => this.flip(this.#fresh(row), !on));
  }

  /** Switches several rules. */
  async turnAll(rows: readonly RuleRow[], on: boolean): Promise<void> {
    const concerned = rows.filter((row) => this.isOn(row) !== on);
    const done = await this.#each(concerned, on ? "turned on" : "turned off", (row) => this.flip(row, on));
    if (done.length === 0) return;
    const name = done.length === 1 ? done[0]?.rule.label : plural(done.length, "rule");
    toasts.done(on ? "Turned on" : "Turned off", name, async () => {
      await this.#each(done, on ? "turned off" : "turned on", (row) => this.flip(this.#fresh(row), !on));
    });
  }

  /** Fires rules once, now. */
  async run(rows: readonly RuleRow[]): Promise<void> {
    const started: number[] = [];
    const done = await this.#each(rows, "run", async (row) => {
      started.push((await call("rule.run", { ref: row.rule.ref })).id);
    });
    const only = started.length === 1 ? started[0] : undefined;
    if (done.length === 0) return;
    toasts.show({
      tone: "run",
      text: done.length === 1 ? "Started" : `Started ${plural(done.length, "rule")}`,
      name: done.length === 1 ? done[0]?.rule.label : undefined,
      action: {
        label: "View",
        perform: () => router.go(only === undefined ? href("runs") : href("runs", {}, only)),
      },
    });
  }

  /** Deletes rules, and offers to bring them back. */
  async remove(rows: readonly RuleRow[]): Promise<void> {
    const done = await this.#each(rows, "deleted", async (row) => {
      this.leaving.set(row.rule.id, true);
      try {
        await call("rule.delete", { ref: row.rule.ref });
      } catch (thrown) {
        this.leaving.delete(row.rule.id);
        throw thrown;
      }
    });
    if (done.length === 0) return;
    const name = done.length === 1 ? done[0]?.rule.label : plural(done.length, "rule");
    toasts.done("Deleted", name, async () => {
      await this.#each(done, "brought back", async (row) => {
        const back = await call("rule.restore", { ref: row.rule.ref });
        this.leaving.delete(row.rule.id);
        this.leaving.delete(back.id);
      });
    });
  }

  #fresh(row: RuleRow): RuleRow {
    return this.#rows().find((other) => other.rule.id === row.rule.id) ?? row;
  }

  /** Does one thing to each rule; says in one sentence what was refused. Answers with those that it was done to. */
  async #each(
    rows: readonly RuleRow[],
    participle: string,
    deed: (row: RuleRow) => Promise<void>,
  ): Promise<RuleRow[]> {
    const results = await Promise.allSettled(rows.map(deed));
    const failed = results.flatMap((result) =>
      result.status === "rejected" ? [Refusal.from(result.reason)] : [],
    );
    const first = failed[0];
    if (first) {
      const name =
        rows.length === 1 ? rows[0]?.rule.label : `${failed.length} of ${plural(rows.length, "rule")}`;
      toasts.show({ tone: "fail", name, text: `could not be ${participle}`, detail: first.message });
    }
    return rows.filter((_, index) => results[index]?.status === "fulfilled");
  }
}
