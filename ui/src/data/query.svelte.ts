/**
 * Reading that stays true: an answer of the engine, read again whenever the feed says that it is stale.
 * Old content stays until new content is complete; answers that were overtaken are dropped.
 */
import { topics as contractTopics } from "$/contract";
import { Refusal } from "$/host";
import { call, concerns, onFeed, type Command, type Request, type Response } from "./engine.svelte";

/** At most this often does a query read again while notices pour in. */
export const QUIET_MS = 200;

export interface QueryOptions {
  /** Topics whose change makes the answer stale; by default those that the contract names. */
  topics?: readonly string[];
  /** Least time between two reads caused by the feed, in milliseconds. */
  quietMs?: number;
  /** Whether notices are heeded now; what came meanwhile is caught up with. Default: always. */
  live?: () => boolean;
}

export class Query<C extends Command> {
  /** The newest complete answer. */
  data = $state.raw<Response<C> | undefined>();
  /** Why the newest read failed; the answer before stays. */
  error = $state.raw<Refusal | null>(null);
  /** Whether a read is under way. */
  reading = $state(false);
  /** Whether a first answer has been awaited for so long (200 ms) that a skeleton may show. */
  slow = $state(false);
  /** When `data` arrived, by the page's clock. */
  readAt = $state<number | null>(null);

  #turn = 0;
  #busy = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastRead = 0;
  #stale = false;
  readonly #command: C;
  readonly #request: () => Request<C> | null;
  readonly #options: QueryOptions;

  constructor(command: C, request: () => Request<C> | null, options: QueryOptions = {}) {
    this.#command = command;
    this.#request = request;
    this.#options = options;
  }

  /** Reads now. Resolves when an answer or a refusal is in. */
  async refetch(): Promise<void> {
    const request = this.#request();
    if (request === null) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const turn = ++this.#turn;
    this.#busy = true;
    this.#again = false;
    this.#stale = false;
    this.#lastRead = Date.now();
    this.reading = true;
    const patience = this.data === undefined ? setTimeout(() => (this.slow = true), 200) : undefined;
    try {
      const answer = await call(this.#command, request);
      if (turn !== this.#turn) return;
      this.data = answer;
      this.error = null;
      this.readAt = Date.now();
    } catch (thrown) {
      if (turn === this.#turn) this.error = Refusal.from(thrown);
    } finally {
      clearTimeout(patience);
      if (turn === this.#turn) {
        this.#busy = false;
        this.reading = false;
        this.slow = false;
        if (this.#again) this.#soon();
      }
    }
  }

  /** Forgets the answer, as when the request now asks for something else. */
  clear(): void {
    this.#turn++;
    this.#busy = false;
    this.#again = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.data = undefined;
    this.error = null;
    this.reading = false;
    this.slow = false;
  }

  /** What a notice does. */
  heed(heard: readonly string[] | "all"): void {
    if (!concerns(heard, this.#options.topics ?? contractTopics[this.#command])) return;
    if (this.#options.live && !this.#options.live()) {
      this.#stale = true;
      return;
    }
    this.#soon();
  }

  /** Reads if something was missed while notices were not heeded. */
  catchUp(): void {
    if (this.#stale) this.#soon();
  }

  stop(): void {
    this.#turn++;
    this.#busy = false;
    this.#again = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #soon(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    if (this.#timer !== undefined) return;
    const quiet = this.#options.quietMs ?? QUIET_MS;
    const wait = Math.max(0, this.#lastRead + quiet - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.refetch();
    }, wait);
  }
}

/**
 * A query that lives as long as the component that makes it. It reads at once, whenever `request` changes,
 * and whenever the feed names one of its topics. A `request` of null reads nothing and forgets the answer.
 */
export function query<C extends Command>(
  command: C,
  request: () => Request<C> | null,
  options: QueryOptions & { /** Keep the old answer while a changed request is read. */ keep?: boolean } = {},
): Query<C> {
  const made = new Query(command, request, options);
  let before: string | undefined;
  $effect(() => {
    const wanted = request();
    const key = JSON.stringify(wanted);
    if (key === before) return;
    before = key;
    if (wanted === null || !options.keep) made.clear();
    void made.refetch();
  });
  $effect(() => {
    if (!options.live || options.live()) made.catchUp();
  });
  $effect(() => {
    const stopListening = onFeed((heard) => made.heed(heard));
    return () => {
      stopListening();
      made.stop();
    };
  });
  return made;
}
