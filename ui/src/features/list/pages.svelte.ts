/**
 * The rows of a long list on the engine's side, newest first, read page by page: the newest page again
 * whenever the feed says so, older ones as the reader gets there. What is known stays until it is replaced.
 */
import { concerns, onFeed } from "$/data";
import { Refusal } from "$/host";

export const PAGE = 100;
/** Beyond this many rows the oldest are let go; they are read again when wanted. */
export const MOST = 5_000;
/** Least time between two readings that the feed causes, in milliseconds. */
export const QUIET_MS = 250;
/** After how long without a first answer a skeleton may show, in milliseconds. */
const PATIENCE_MS = 200;

export interface PageRequest {
  readonly before?: number;
  readonly limit: number;
}

export interface PageAnswer<T> {
  readonly rows: readonly T[];
  /** Ask on with `before` = this; null where there is no more. */
  readonly next: number | null;
}

export type ReadPage<T> = (page: PageRequest) => Promise<PageAnswer<T>>;

export class Pages<T extends { readonly id: number }> {
  /** What is known, newest first. */
  rows = $state.raw<readonly T[]>([]);
  /** Whether a first answer is in. */
  ready = $state(false);
  /** Whether the first answer takes so long that a skeleton may show. */
  slow = $state(false);
  /** Whether `rows` goes to the very end. */
  complete = $state(false);
  /** Why the newest reading failed. */
  error = $state.raw<Refusal | null>(null);

  #read: ReadPage<T>;
  readonly #open: (row: T) => boolean;
  #turn = 0;
  #older: Promise<void> | null = null;

  /** `open` tells whether a row may still change by itself. */
  constructor(read: ReadPage<T>, open: (row: T) => boolean) {
    this.#read = read;
    this.#open = open;
  }

  /** Begins anew, with another way to read where one is given. */
  async start(read: ReadPage<T> = this.#read): Promise<void> {
    this.#read = read;
    this.ready = false;
    const patience = setTimeout(() => (this.slow = true), PATIENCE_MS);
    const turn = ++this.#turn;
    try {
      const page = await read({ limit: PAGE });
      if (turn === this.#turn) this.#replace(page);
    } catch (thrown) {
      if (turn === this.#turn) this.error = Refusal.from(thrown);
    } finally {
      clearTimeout(patience);
      if (turn === this.#turn) this.slow = false;
    }
  }

  /** Reads the newest page again, and older ones that hold rows which may have changed. */
  async refresh(): Promise<void> {
    const turn = this.#turn;
    try {
      const page = await this.#read({ limit: PAGE });
      if (turn !== this.#turn) return;
      const last = page.rows.at(-1);
      const first = this.rows[0];
      if (!this.ready || !last || !first || last.id > first.id) this.#replace(page);
      else this.#merge(page, Infinity);
      await this.#refreshOpen(turn, last?.id ?? 0);
    } catch (thrown) {
      if (turn === this.#turn) this.error = Refusal.from(thrown);
    }
  }

  /** Reads the page after the oldest row. */
  older(): Promise<void> {
    this.#older ??= this.#readOlder().finally(() => (this.#older = null));
    return this.#older;
  }

  async #readOlder(): Promise<void> {
    const last = this.rows.at(-1);
    if (this.complete || !last) return;
    const turn = this.#turn;
    try {
      const page = await this.#read({ before: last.id, limit: PAGE });
      if (turn !== this.#turn) return;
      const end = this.rows.at(-1)?.id ?? 0;
      this.rows = [...this.rows, ...page.rows.filter((row) => row.id < end)];
      this.complete = page.next === null;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = Refusal.from(thrown);
    }
  }

  /** Rows that may have changed and lie below the newest page: at most three more pages. */
  async #refreshOpen(turn: number, below: number): Promise<void> {
    let limit = below;
    for (let pages = 0; pages < 3; pages++) {
      const open = this.rows.find((row) => row.id < limit && this.#open(row));
      if (!open) return;
      const page = await this.#read({ before: open.id + 1, limit: PAGE });
      if (turn !== this.#turn) return;
      this.#merge(page, open.id + 1);
      limit = page.rows.at(-1)?.id ?? 0;
    }
  }

  #replace(page: PageAnswer<T>): void {
    this.rows = page.rows;
    this.complete = page.next === null;
    this.ready = true;
    this.error = null;
  }

  /** Puts a page in the place of what it covers: everything below `under` down to its last row. */
  #merge(page: PageAnswer<T>, under: number): void {
    const last = page.next === null ? -1 : (page.rows.at(-1)?.id ?? -1);
    const above = this.rows.filter((row) => row.id >= under);
    const below = this.rows.filter((row) => row.id < last);
    const rows = [...above, ...page.rows, ...below];
    if (page.next === null) this.complete = true;
    if (rows.length > MOST) this.complete = false;
    this.rows = rows.slice(0, MOST);
    this.error = null;
  }
}

/**
 * Keeps pages true for as long as the calling component lives: begins anew whenever `request` changes, and
 * reads again when the feed names one of the topics.
 */
export function follow<T extends { readonly id: number }, R>(
  pages: Pages<T>,
  request: () => R,
  read: (request: R) => ReadPage<T>,
  topics: readonly string[],
): void {
  let before: string | undefined;
  $effect(() => {
    const wanted = request();
    const key = JSON.stringify(wanted);
    if (key === before) return;
    before = key;
    void pages.start(read(wanted));
  });
  $effect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let busy = false;
    let again = false;
    let last = 0;
    const turn = async (): Promise<void> => {
      timer = undefined;
      busy = true;
      again = false;
      last = Date.now();
      await pages.refresh();
      busy = false;
      if (again) soon();
    };
    const soon = (): void => {
      if (busy) again = true;
      else timer ??= setTimeout(() => void turn(), Math.max(0, last + QUIET_MS - Date.now()));
    };
    const stop = onFeed((heard) => {
      if (concerns(heard, topics)) soon();
    });
    return () => {
      stop();
      clearTimeout(timer);
      busy = true;
    };
  });
}
