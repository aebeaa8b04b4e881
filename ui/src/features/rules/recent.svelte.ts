/** The last runs of the rules that can be seen: asked for together, and again when something ran. */
import { SvelteMap } from "svelte/reactivity";
import type { RunMark } from "$/contract";
import { call, concerns, onFeed } from "$/data";

export const STRIP_RUNS = 30;
/** Rules in one question. */
const MOST = 200;
const QUIET_MS = 1_000;
const GATHER_MS = 20;

export class Recent {
  readonly runs = new SvelteMap<number, readonly RunMark[]>();

  readonly #wanted = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  #alive = true;

  /** Keeps the runs of a rule up to date until the answer is called. */
  want(rule: number): () => void {
    this.#wanted.set(rule, (this.#wanted.get(rule) ?? 0) + 1);
    if (!this.runs.has(rule)) this.#soon(GATHER_MS);
    return () => {
      const left = (this.#wanted.get(rule) ?? 1) - 1;
      if (left > 0) this.#wanted.set(rule, left);
      else this.#wanted.delete(rule);
    };
  }

  /** Listens to the feed. Answers how to stop. */
  start(): () => void {
    this.#alive = true;
    const stop = onFeed((heard) => {
      if (concerns(heard, ["executions"]))
        this.#soon(Math.max(GATHER_MS, this.#last + QUIET_MS - Date.now()));
    });
    return () => {
      this.#alive = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      stop();
    };
  }

  #soon(wait: number): void {
    if (this.#alive) this.#timer ??= setTimeout(() => void this.#read(), wait);
  }

  async #read(): Promise<void> {
    const rules = [...this.#wanted.keys()].slice(0, MOST);
    this.#last = Date.now();
    try {
      if (rules.length > 0) {
        const answer = await call("rule.recent", { rules, count: STRIP_RUNS });
        for (const id of rules) if (!this.runs.has(id)) this.runs.set(id, []);
        for (const { rule, runs } of answer.rules) this.runs.set(rule, runs);
      }
    } catch {
      // The strips stay as they are; the list itself says what is wrong.
    }
    this.#timer = undefined;
  }
}
