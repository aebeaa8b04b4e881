/**
 * Rows of a live list, newest first, that never jump under the hand: while the list is held, rows that are
 * shown change in place, older rows may follow at the end, and newer ones wait to be asked for.
 */

export type RowKey = string | number;

export class LiveRows<T> {
  /** What the list shows. */
  shown = $state.raw<readonly T[]>([]);
  /** How many newer rows wait. */
  waiting = $state(0);
  /** Since when they wait, in milliseconds. */
  since = $state<number | null>(null);

  #newest: readonly T[] = [];
  #held = false;
  readonly #key: (row: T) => RowKey;

  constructor(key: (row: T) => RowKey) {
    this.#key = key;
  }

  /** Takes the newest state of the list. */
  take(rows: readonly T[]): void {
    this.#newest = rows;
    if (!this.#held || this.shown.length === 0) this.#show();
    else this.#merge(rows);
  }

  /** Holds the list still, or lets it go; what waited comes in when it is let go. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    if (!held) this.#show();
  }

  /** Brings in what waits, held or not. */
  bring(): void {
    this.#show();
  }

  #show(): void {
    this.shown = this.#newest;
    this.waiting = 0;
    this.since = null;
  }

  #merge(rows: readonly T[]): void {
    const fresh = new Map(rows.map((row) => [this.#key(row), row]));
    const known = new Set(this.shown.map(this.#key));
    const first = rows.findIndex((row) => known.has(this.#key(row)));
    const newer = first < 0 ? rows.length : first;
    const last = rows.findLastIndex((row) => known.has(this.#key(row)));
    const older = last < 0 ? [] : rows.slice(last + 1);
    this.shown = [...this.shown.map((row) => fresh.get(this.#key(row)) ?? row), ...older];
    this.waiting = newer;
    if (newer === 0) this.since = null;
    else this.since ??= Date.now();
  }
}
