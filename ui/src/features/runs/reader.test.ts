import { afterEach, describe, expect, it, vi } from "vitest";
import type { ExecutionOutputRequest, OutputPage } from "$/contract";
import { line } from "$/data";
import type { FeedMessage } from "$/host";
import { OutputReader, PAGE_BYTES, WHOLE_BYTES } from "./reader.svelte";

let written = new Uint8Array();
let ended = true;
const asked: ExecutionOutputRequest[] = [];
let hear: (message: FeedMessage) => void = () => undefined;

/** An engine that kept every byte that was written. */
function answer(request: ExecutionOutputRequest): OutputPage {
  asked.push(request);
  const limit = request.limit_bytes ?? 0;
  const from =
    request.cursor === undefined
      ? request.tail
        ? Math.max(0, written.length - limit)
        : 0
      : Number(request.cursor);
  const bytes = written.slice(from, from + limit);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const chunk = { stream: "stdout" as const, offset: from, at_ms: 0, data: btoa(binary), dropped_before: 0 };
  const size = {
    stdout_bytes: written.length,
    stderr_bytes: 0,
    kept_bytes: written.length,
    dropped_bytes: 0,
  };
  const next = from + bytes.length;
  return {
    chunks: bytes.length === 0 ? [] : [chunk],
    next: String(next),
    more: next < written.length,
    ended,
    size,
  };
}
function write(text: string): void {
  written = new Uint8Array([...written, ...new TextEncoder().encode(text)]);
}
function begin(): [OutputReader, () => void] {
  line.open({
    call: (_command, request) => Promise.resolve(answer(request as ExecutionOutputRequest)),
    watch: (listener) => {
      hear = listener;
      return () => undefined;
    },
    controls: null,
  });
  const reader = new OutputReader(12);
  return [reader, reader.start()];
}
const lines = (reader: OutputReader): string[] =>
  reader.rows.map((row) => (row.kind === "line" ? row.text : "gap"));

afterEach(() => {
  line.close();
  written = new Uint8Array();
  ended = true;
  asked.length = 0;
});

describe("reading output", () => {
  it("follows a live run, and breaks no character that came in two pieces", async () => {
    ended = false;
    write("Grü");
    const whole = written;
    written = written.slice(0, 3);
    const [reader, stop] = begin();
    await vi.waitFor(() => expect(reader.ready).toBe(true));
    written = whole;
    write("ße\nnext\n");
    hear({ type: "feed", seq: 1, topics: ["output:12"] });
    await vi.waitFor(() => expect(lines(reader)).toEqual(["Grüße", "next"]));
    stop();
  });

  it("reads a short output whole, page by page", async () => {
    written = new Uint8Array(PAGE_BYTES * 2 + 10).fill(10);
    const [reader, stop] = begin();
    await vi.waitFor(() => expect(reader.more || reader.rows.length < written.length).toBe(false));
    expect([reader.before, asked.length]).toEqual([0, 3]);
    stop();
  });

  it("opens a long output near its end, and reads it from the start only when asked", async () => {
    written = new Uint8Array(WHOLE_BYTES * 3).fill(10);
    const [reader, stop] = begin();
    await vi.waitFor(() => expect(reader.before).toBe(written.length - PAGE_BYTES));
    expect(reader.more).toBe(false);
    await reader.fromStart();
    expect([reader.before, reader.more]).toEqual([0, true]);
    await reader.next();
    expect(reader.rows.length).toBe(PAGE_BYTES * 2);
    stop();
  });
});
