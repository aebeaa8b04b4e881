/**
 * Everything a person can do, as values: what it is called, with which keys, when it can be done, what it
 * does. The palette, the menus, the sheet of shortcuts and the keyboard read the same list.
 */
import { untrack, type Component } from "svelte";
import { isPress, isTyping, readKeys, sameStroke, strokeOf, type Stroke } from "./keys";

/** An icon of `@lucide/svelte/icons/…`. */
export type Icon = Component<{ size?: number | string; strokeWidth?: number | string; class?: string }>;

export interface Action {
  /** Unique among the actions that are offered at one time, such as `rule.run`. */
  readonly id: string;
  /** A verb with its object: `Run now`. */
  readonly label: string;
  /** A few words more, for the palette. */
  readonly hint?: string;
  /** Keys: `Ctrl K`, `G N`, `Shift R`; more than one way is allowed. */
  readonly keys?: readonly string[];
  /** Heading in the palette and the sheet. */
  readonly group?: string;
  readonly icon?: Icon;
  /** Whether it is offered now. Default: yes. */
  readonly when?: () => boolean;
  /** Why it cannot be done now, as a sentence; null where it can. */
  readonly off?: () => string | null;
  /** It destroys something: red, after a line in menus. */
  readonly danger?: boolean;
  /** Not in the palette, as with `Move down`. */
  readonly quiet?: boolean;
  /** Also works while a dialog is open or a field has focus. */
  readonly always?: boolean;
  readonly perform: () => void | Promise<void>;
}

/** How long a first stroke of two waits for the second. */
const SEQUENCE_MS = 1_200;

class Actions {
  #sources = $state.raw<readonly (() => readonly Action[])[]>([]);
  /** The first stroke of two, while the second is awaited: `G`. */
  pending = $state.raw<Stroke | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Every action that is offered now; later offers come first. */
  get all(): Action[] {
    return [...this.#sources]
      .reverse()
      .flatMap((source) => source().filter((action) => action.when?.() ?? true));
  }

  /** Offers actions until the answer is called. */
  offer(source: () => readonly Action[]): () => void {
    this.#sources = [...this.#sources, source];
    return () => {
      this.#sources = this.#sources.filter((other) => other !== source);
    };
  }

  /** Does what the stroke means. Answers whether it meant something. */
  strike(event: KeyboardEvent): boolean {
    const stroke = strokeOf(event);
    if (!stroke || event.defaultPrevented) return false;
    if (isPress(stroke, event.target)) return false;
    const typing = isTyping(stroke, event.target);
    const blocked = document.querySelector("[data-dialog]") !== null;
    const first = this.pending;
    this.#wait(null);
    if (typing && !stroke.ctrl && !stroke.alt) return false;
    for (const action of this.all) {
      if ((blocked || typing) && !action.always) continue;
      for (const keys of action.keys ?? []) {
        const strokes = readKeys(keys);
        const meant =
          strokes.length === 2 ? first && matches(strokes, [first, stroke]) : matches(strokes, [stroke]);
        if (!meant || (first && strokes.length === 1)) continue;
        if (!action.off?.()) void action.perform();
        return true;
      }
    }
    if (!first && !typing && !blocked && this.#begins(stroke)) {
      this.#wait(stroke);
      return true;
    }
    return false;
  }

  #begins(stroke: Stroke): boolean {
    return this.all.some((action) =>
      (action.keys ?? []).some((keys) => {
        const [start, next] = readKeys(keys);
        return start !== undefined && next !== undefined && sameStroke(start, stroke);
      }),
    );
  }

  #wait(stroke: Stroke | null): void {
    clearTimeout(this.#timer);
    this.pending = stroke;
    if (stroke) this.#timer = setTimeout(() => (this.pending = null), SEQUENCE_MS);
  }
}

function matches(wanted: readonly Stroke[], struck: readonly Stroke[]): boolean {
  return (
    wanted.length === struck.length &&
    wanted.every((stroke, index) => {
      const other = struck[index];
      return other !== undefined && sameStroke(stroke, other);
    })
  );
}

export const actions = new Actions();

/** Offers actions for as long as the calling component lives. */
export function offerActions(source: () => readonly Action[]): void {
  // Offering reads the list that it changes: without this the effect would never come to rest.
  $effect(() => untrack(() => actions.offer(source)));
}
