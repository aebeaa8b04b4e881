/**
 * The cursor and the selection of a list, by key: rows may come, go and change places, the cursor stays
 * with its row. Where the row is gone, the cursor goes to the one that took its place.
 */
import { SvelteSet } from "svelte/reactivity";

export type Key = string | number;

export class ListCursor<K extends Key> {
  /** Where the cursor stands. */
  current = $state<K | null>(null);
  /** What is selected. */
  readonly selected = new SvelteSet<K>();

  #keys: readonly K[] = [];

  #places = new Map<K, number>();

  /** Tells the keys of the rows as they now stand. */
  sync(keys: readonly K[]): void {
    const before = this.current === null ? -1 : (this.#places.get(this.current) ?? -1);
    this.#keys = keys;

    this.#places = new Map(keys.map((key, index) => [key, index]));
    for (const key of [...this.selected]) if (!this.#places.has(key)) this.selected.delete(key);
    if (this.current !== null && !this.#places.has(this.current)) {
      this.current = before < 0 ? null : (keys[Math.min(before, keys.length - 1)] ?? null);
    }
  }

  /** The row of the cursor, or -1. */
  get index(): number {
    return this.current === null ? -1 : (this.#places.get(this.current) ?? -1);
  }

  /** Moves by so many rows; from nowhere it goes to the first or the last. */
  move(by: number): void {
    if (this.#keys.length === 0) return;
    const from = this.index;
    const to = from < 0 ? (by > 0 ? 0 : this.#keys.length - 1) : from + by;
    this.current = this.#keys[Math.max(0, Math.min(this.#keys.length - 1, to))] ?? null;
  }

  /** Goes to the first or the last row. */
  edge(end: "first" | "last"): void {
    this.current = (end === "first" ? this.#keys[0] : this.#keys.at(-1)) ?? null;
  }

  /** Moves and selects both the row left and the row reached. */
  extend(by: number): void {
    if (this.current !== null) this.selected.add(this.current);
    this.move(by);
    if (this.current !== null) this.selected.add(this.current);
  }

  /** Selects or frees one row; the cursor's where none is named. */
  toggle(key: K | null = this.current): void {
    if (key === null) return;
    if (!this.selected.delete(key)) this.selected.add(key);
  }

  /** Selects from the cursor to this row. */
  range(key: K): void {
    const to = this.#places.get(key);
    if (to === undefined) return;
    const from = this.index < 0 ? to : this.index;
    for (const between of this.#keys.slice(Math.min(from, to), Math.max(from, to) + 1))
      this.selected.add(between);
    this.current = key;
  }

  /** Selects all, or frees all where all are selected. */
  all(): void {
    if (this.selected.size === this.#keys.length) this.selected.clear();
    else for (const key of this.#keys) this.selected.add(key);
  }

  clear(): void {
    this.selected.clear();
  }

  /** What an action applies to: the selection if there is one, else the cursor's row. */
  get targets(): K[] {
    if (this.selected.size > 0) return this.#keys.filter((key) => this.selected.has(key));
    return this.current === null || !this.#places.has(this.current) ? [] : [this.current];
  }
}
