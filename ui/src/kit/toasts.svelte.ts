/** Short words at the edge of the window: what was done, with Undo, or what went wrong. */
import { Refusal } from "$/host";

export interface Toast {
  readonly id: number;
  readonly tone: "ok" | "fail" | "run" | "info";
  /** Name in bold before the text. */
  readonly text: string;
  readonly name?: string | undefined;
  /** A second, quieter line. */
  readonly detail?: string | undefined;
  readonly action?: { readonly label: string; readonly perform: () => void | Promise<void> } | undefined;
  /** How long it stays, in milliseconds; null until it is dismissed. */
  readonly stays: number | null;
}

const PLAIN_MS = 5_000;
const UNDO_MS = 8_000;
const MOST = 4;

class Toasts {
  all = $state.raw<readonly Toast[]>([]);
  #last = 0;
  /** What can be undone, the newest last. */
  #undo: { id: number; perform: () => void | Promise<void> }[] = [];

  show(toast: Omit<Toast, "id" | "stays"> & { stays?: number | null }): number {
    const id = ++this.#last;
    const stays = toast.stays ?? (toast.tone === "fail" ? null : toast.action ? UNDO_MS : PLAIN_MS);
    this.all = [...this.all.slice(-(MOST - 1)), { ...toast, id, stays }];
    return id;
  }

  /** Says what was done and offers to take it back, by the button or Ctrl Z. */
  done(text: string, name: string | undefined, undo: () => void | Promise<void>): void {
    const id = this.show({
      tone: "ok",
      text,
      name,
      action: { label: "Undo", perform: () => this.undo(id) },
    });
    this.#undo = [...this.#undo.slice(-49), { id, perform: undo }];
  }

  /** Says what was refused. */
  refused(thrown: unknown, name?: string): void {
    this.show({ tone: "fail", text: Refusal.from(thrown).message, name });
  }

  /** Takes back one change, the newest where none is named. */
  async undo(id = this.#undo.at(-1)?.id): Promise<void> {
    const change = this.#undo.find((other) => other.id === id);
    if (!change) return;
    this.#undo = this.#undo.filter((other) => other !== change);
    this.dismiss(change.id);
    try {
      await change.perform();
    } catch (thrown) {
      this.refused(thrown);
    }
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
