/**
 * What a process wrote, as lines: chunks of two streams come in the order in which they were written, a line
 * may come in pieces, colours go on from line to line. Escapes that move a cursor or set a title are dropped.
 */
import type { OutputChunk, StreamView } from "$/contract";

export interface OutputLine {
  readonly kind: "line";
  /** Counts all lines of both streams, from 1. */
  readonly number: number;
  readonly stream: StreamView;
  /** When its first piece came, in milliseconds after the start. */
  readonly at: number;
  /** With its colours still in it as SGR escapes. */
  text: string;
}

export interface OutputGap {
  readonly kind: "gap";
  readonly number: number;
  readonly stream: StreamView;
  /** Bytes that were dropped here. */
  readonly bytes: number;
}

export type OutputRow = OutputLine | OutputGap;

const ESCAPE = "\u001b";
/** A line longer than this is cut in pieces, so that one line without end cannot stop the page. */
const LONGEST = 8_192;

/* eslint-disable no-control-regex -- these characters are what is looked for */
/** OSC (titles, links), then CSI other than SGR, then two-character escapes, then controls but tab and escape. */
const NOISE =
  /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b\[[0-?]*[ -/]*[@-ln-~]|\u001b[@-Z\\^_=>78]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;
const SGR = /\u001b\[([\d;:]*)m/g;
/* eslint-enable no-control-regex */

interface Open {
  line: OutputLine | null;
  /** Colours in force at the end of what was read. */
  carried: string;
}

export class OutputLog {
  readonly rows: OutputRow[] = [];
  #lines = 0;
  readonly #open: Record<StreamView, Open> = {
    stdout: { line: null, carried: "" },
    stderr: { line: null, carried: "" },
  };

  /** Takes more output. */
  append(chunks: readonly OutputChunk[]): void {
    for (const chunk of chunks) {
      if (chunk.dropped_before > 0) this.#gap(chunk);
      this.#write(chunk.stream, chunk.at_ms, chunk.data);
    }
  }

  get lines(): number {
    return this.#lines;
  }

  #gap(chunk: OutputChunk): void {
    this.#open[chunk.stream] = { line: null, carried: "" };
    this.rows.push({ kind: "gap", number: this.#lines, stream: chunk.stream, bytes: chunk.dropped_before });
  }

  #write(stream: StreamView, at: number, data: string): void {
    const parts = data.split("\n");
    parts.forEach((part, index) => {
      const ends = index < parts.length - 1;
      if (part !== "" || ends) this.#extend(stream, at, part);
      if (ends) this.#close(stream);
    });
  }

  #extend(stream: StreamView, at: number, part: string): void {
    const open = this.#open[stream];
    let line = open.line;
    if (!line) {
      line = { kind: "line", number: ++this.#lines, stream, at, text: open.carried };
      open.line = line;
      this.rows.push(line);
    }
    line.text += part;
    if (line.text.length > LONGEST) this.#close(stream);
  }

  #close(stream: StreamView): void {
    const open = this.#open[stream];
    if (!open.line) return;
    open.carried = carriedBy(open.line.text);
    open.line = null;
  }
}

/** The colours that are still in force at the end of a text. */
function carriedBy(text: string): string {
  if (!text.includes(ESCAPE)) return "";
  let carried = "";
  for (const [whole, codes = ""] of text.matchAll(SGR)) carried = /^0*$/.test(codes) ? "" : carried + whole;
  return carried.length > 200 ? "" : carried;
}

/** What is to be drawn of a line: of a progress bar only its last state, no escapes but colours. */
export function drawn(text: string): string {
  const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
  const back = whole.lastIndexOf("\r");
  const kept = back < 0 ? whole : carriedBy(whole.slice(0, back)) + whole.slice(back + 1);
  return kept.replace(NOISE, "");
}

/** The letters alone, for finding and copying. */
export function plain(text: string): string {
  return drawn(text).replace(SGR, "");
}
