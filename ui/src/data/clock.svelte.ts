/**
 * What time it is, by the engine's clock and in the user's zone. The engine says its wall clock with the
 * local offset; the page only counts on from there and never asks its own zone tables.
 */
import { offsetOf } from "$/kit/format";

class Clock {
  /** Now, in milliseconds since 1970, moving once a second. */
  now = $state(Date.now());
  /** The user's offset now, in seconds east of UTC. */
  offset = $state(-new Date().getTimezoneOffset() * 60);
  #skew = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Sets the clock by what the engine said just now. */
  set(said: string): void {
    const at = Date.parse(said);
    if (Number.isNaN(at)) return;
    this.#skew = at - Date.now();
    this.offset = offsetOf(said);
    this.now = at;
  }

  /** The exact moment, in milliseconds. */
  read(): number {
    return Date.now() + this.#skew;
  }

  /** Starts to move at each full second. Answers how to stop. */
  start(): () => void {
    const tick = (): void => {
      this.now = this.read();
      this.#timer = setTimeout(tick, 1000 - (this.now % 1000));
    };
    tick();
    return () => clearTimeout(this.#timer);
  }
}

export const clock = new Clock();
