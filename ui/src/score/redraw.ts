/** Draws at most so often: at once while a hand is on it, 4 times a second while it is not. */
export const IDLE_MS = 250;

export class Redraw {
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  readonly #draw: () => void;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Draws in the next frame. */
  now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#last = performance.now();
      this.#draw();
    });
  }

  /** Draws soon, unless something was drawn just now. */
  soon(): void {
    if (this.#frame || this.#timer !== undefined) return;
    const wait = this.#last + IDLE_MS - performance.now();
    if (wait <= 0) this.now();
    else
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.now();
      }, wait);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = 0;
    this.#timer = undefined;
  }
}
