/** The page's line to the engine: commands out, notices in. One for the whole page. */
import type { Commands, UiEvent } from "$/contract";
import { Refusal, type FeedMessage, type Host } from "$/host";

export type Command = keyof Commands;
export type Request<C extends Command> = Commands[C]["request"];
export type Response<C extends Command> = Commands[C]["response"];

type Listener = (topics: readonly string[] | "all") => void;

class Line {
  /** Whether the feed is there. False from the start until it first opens. */
  connected = $state(false);
  /** Why the feed is gone, once it was there or could not be had. */
  lost = $state<string | null>(null);
  /** When the feed went, as the page's own clock says (milliseconds). */
  lostAt = $state<number | null>(null);

  #host: Host | null = null;
  #stop: (() => void) | null = null;
  readonly #listeners = new Set<Listener>();

  /** Takes a host and starts to watch. */
  open(host: Host): void {
    this.close();
    this.#host = host;
    this.#stop = host.watch((message) => this.hear(message));
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
    this.#host = null;
    this.connected = false;
  }

  get host(): Host | null {
    return this.#host;
  }

  async call(command: string, request: unknown): Promise<unknown> {
    if (!this.#host) throw new Refusal("The page has no engine yet.", "unreachable");
    return this.#host.call(command, request);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  private hear(message: FeedMessage): void {
    switch (message.type) {
      case "open":
        this.connected = true;
        this.lost = null;
        this.lostAt = null;
        this.tell("all");
        break;
      case "closed":
        this.connected = false;
        this.lost = message.reason;
        this.lostAt ??= Date.now();
        break;
      case "resync":
        this.tell("all");
        break;
      case "feed":
        this.tell((message satisfies UiEvent).topics);
        break;
    }
  }

  private tell(topics: readonly string[] | "all"): void {
    for (const listener of [...this.#listeners]) listener(topics);
  }
}

export const line = new Line();

/** Runs a command of the contract. Throws a `Refusal` with a sentence for people. */
export function call<C extends Command>(command: C, request: Request<C>): Promise<Response<C>> {
  return line.call(command, request) as Promise<Response<C>>;
}

/** Hears of changes: `all` after a gap, else the topics. Answers how to stop. */
export function onFeed(listener: (topics: readonly string[] | "all") => void): () => void {
  return line.listen(listener);
}

/** Whether a notice concerns somebody who reads these topics. */
export function concerns(heard: readonly string[] | "all", topics: readonly string[]): boolean {
  return heard === "all" || heard.some((topic) => topics.includes(topic));
}
