/**
 * Reads what a run wrote, page by page: a short output whole, a long one from its end or from its start,
 * never all of it at once. While the run lives it reads on whenever the feed says so.
 */
import type { OutputChunk, OutputSize, StreamView } from "$/contract";
import { call, concerns, onFeed } from "$/data";
import { Refusal } from "$/host";
import { OutputLog, type OutputRow } from "$/kit/output";

/** Bytes of one page. */
export const PAGE_BYTES = 512 * 1024;
/** Output up to this is read whole by itself. */
export const WHOLE_BYTES = 2 * 1024 * 1024;
/** A live tail that grew beyond this begins anew at its end. */
const TAIL_BYTES = 16 * 1024 * 1024;
const QUIET_MS = 150;

export class OutputReader {
  rows = $state.raw<readonly OutputRow[]>([]);
  /** Counts what was read, since rows grow in place. */
  version = $state(0);
  size = $state.raw<OutputSize | null>(null);
  /** Whether there is more that can be read on. */
  more = $state(false);
  /** Whether no more will come. */
  ended = $state(false);
  /** Bytes before the first row that are kept but not read. */
  before = $state(0);
  ready = $state(false);
  slow = $state(false);
  error = $state.raw<Refusal | null>(null);

  readonly id: number;
  #log = new OutputLog();
  #decoders = decoders();
  #cursor: string | undefined;
  #read = 0;
  #busy = false;
  #again = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** Begins, and listens to the feed. Answers how to stop. */
  start(): () => void {
    this.#stopped = false;
    void this.#open();
    const topics = [`output:${this.id}`, `execution:${this.id}`, "executions"];
    const stop = onFeed((heard) => {
      if (this.ended || !concerns(heard, topics)) return;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#readOn();
      }, QUIET_MS);
    });
    return () => {
      this.#stopped = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      stop();
    };
  }

  /** Reads the next page, where there is one. */
  async next(): Promise<void> {
    if (!this.#busy) await this.#page({});
  }

  /** Begins anew at the first byte. */
  async fromStart(): Promise<void> {
    this.#reset();
    await this.#page({});
  }

  /** Begins anew near the end. */
  async fromEnd(): Promise<void> {
    this.#reset();
    await this.#page({ tail: true });
    await this.#readOn();
  }

  async #open(): Promise<void> {
    const patience = setTimeout(() => (this.slow = true), 200);
    await this.#page({});
    clearTimeout(patience);
    this.slow = false;
    if ((this.size?.kept_bytes ?? 0) > WHOLE_BYTES) await this.fromEnd();
    else await this.#readOn();
  }

  /** Reads on to the present end, unless a long output is being read from its start. */
  async #readOn(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    do {
      this.#again = false;
      if (this.before > 0 && this.#read > TAIL_BYTES) {
        this.#reset();
        await this.#page({ tail: true });
      } else await this.#page({});
    } while (!this.#stopped && this.error === null && ((this.more && this.#byItself()) || this.#again));
  }

  #byItself(): boolean {
    return this.before > 0 || this.#read < WHOLE_BYTES;
  }

  #reset(): void {
    this.#log = new OutputLog();
    this.#decoders = decoders();
    this.#cursor = undefined;
    this.#read = 0;
    this.before = 0;
  }

  async #page({ tail = false }: { tail?: boolean }): Promise<void> {
    this.#busy = true;
    const log = this.#log;
    try {
      const page = await call("execution.output", {
        id: this.id,
        limit_bytes: PAGE_BYTES,
        tail,
        encoding: "base64",
        ...(this.#cursor === undefined ? {} : { cursor: this.#cursor }),
      });
      if (this.#stopped || log !== this.#log) return;
      const bytes = this.#take(page.chunks);
      if (tail) this.before = Math.max(0, page.size.kept_bytes - bytes);
      this.#cursor = page.next;
      this.size = page.size;
      this.more = page.more;
      this.ended = page.ended;
      this.ready = true;
      this.error = null;
    } catch (thrown) {
      if (!this.#stopped) this.error = Refusal.from(thrown);
    } finally {
      this.#busy = false;
    }
  }

  #take(chunks: readonly OutputChunk[]): number {
    let bytes = 0;
    const read = chunks.map((chunk) => {
      const raw = fromBase64(chunk.data);
      bytes += raw.length;
      if (chunk.dropped_before > 0) this.#decoders[chunk.stream] = new TextDecoder();
      return { ...chunk, data: this.#decoders[chunk.stream].decode(raw, { stream: true }) };
    });
    this.#read += bytes;
    if (bytes > 0 || chunks.length > 0) {
      this.#log.append(read);
      this.rows = this.#log.rows;
      this.version++;
    }
    return bytes;
  }
}

function decoders(): Record<StreamView, TextDecoder> {
  return { stdout: new TextDecoder(), stderr: new TextDecoder() };
}

/** The bytes of a base64 text. */
export function fromBase64(data: string): Uint8Array {
  const binary = atob(data);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
