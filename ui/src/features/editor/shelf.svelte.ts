/** Drafts that were left, one per rule, kept with the page's own storage. */
import { SvelteSet } from "svelte/reactivity";
import { pack, unpack, type Draft } from "./draft";

const PREFIX = "attune.draft.";

export interface Kept {
  readonly draft: Draft;
  /** The version of the rule that was edited; 0 for a new rule. */
  readonly version: number;
}

class Shelf {
  /** The refs of the rules that have a draft; `new` for one that is not saved yet. */
  readonly refs = new SvelteSet<string>();

  constructor() {
    try {
      for (const key of Object.keys(localStorage))
        if (key.startsWith(PREFIX)) this.refs.add(key.slice(PREFIX.length));
    } catch {
      // Without storage nothing was kept.
    }
  }

  put(name: string, draft: Draft, version: number): void {
    this.refs.add(name);
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify({ version, draft: pack(draft) }));
    } catch {
      // A full or forbidden storage loses the draft when the form is left; nothing else.
    }
  }

  take(name: string): Kept | null {
    try {
      const kept = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null") as {
        version?: unknown;
        draft?: unknown;
      } | null;
      const draft = unpack(kept?.draft);
      return draft && typeof kept?.version === "number" ? { draft, version: kept.version } : null;
    } catch {
      return null;
    }
  }

  drop(name: string): void {
    this.refs.delete(name);
    try {
      localStorage.removeItem(PREFIX + name);
    } catch {
      // Nothing was kept.
    }
  }
}

export const shelf = new Shelf();
