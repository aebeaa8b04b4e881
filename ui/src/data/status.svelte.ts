/** How the engine is, for the frame and for every control that must be off while it is away. */
import type { EngineStatus } from "$/contract";
import { Refusal } from "$/host";
import { clock } from "./clock.svelte";
import { call, concerns, line, onFeed } from "./engine.svelte";

/** How often the figures are read while nothing says that they changed. */
const BEAT_MS = 5_000;
const QUIET_MS = 1_000;

class Engine {
  status = $state.raw<EngineStatus | null>(null);
  /** Why the newest reading failed. */
  error = $state.raw<Refusal | null>(null);

  /** Why nothing can be asked of the engine now; null while it works. */
  get off(): string | null {
    if (line.lost !== null) return "The engine is not running. Nothing fires until it is back.";
    if (this.status?.state === "faulted")
      return this.status.fault ?? "The engine cannot record, so it accepts nothing.";
    if (this.status?.state === "stopping") return "The engine is stopping.";
    return null;
  }

  async read(): Promise<void> {
    try {
      const status = await call("engine.status", {});
      this.status = status;
      this.error = null;
      clock.set(status.now);
    } catch (thrown) {
      this.error = Refusal.from(thrown);
    }
  }

  /** Keeps reading. Answers how to stop. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    let stopped = false;
    const turn = async (): Promise<void> => {
      last = Date.now();
      await this.read();
      if (!stopped) timer = setTimeout(() => void turn(), BEAT_MS);
    };
    const stopListening = onFeed((heard) => {
      if (!concerns(heard, ["engine", "rules", "sensors", "executions", "events"])) return;
      clearTimeout(timer);
      timer = setTimeout(() => void turn(), heard === "all" ? 0 : Math.max(0, last + QUIET_MS - Date.now()));
    });
    void turn();
    return () => {
      stopped = true;
      clearTimeout(timer);
      stopListening();
    };
  }
}

export const engine = new Engine();
