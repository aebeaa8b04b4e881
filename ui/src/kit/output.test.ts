import { describe, expect, it } from "vitest";
import type { OutputChunk, StreamView } from "$/contract";
import { hitsIn, palette, pieces, spans } from "./ansi";
import { find, visible } from "./outputFind";
import { drawn, OutputLog, plain } from "./output";

const ESC = "\u001b";
function chunk(data: string, stream: StreamView = "stdout", dropped_before = 0): OutputChunk {
  return { stream, offset: 0, at_ms: 5, data, dropped_before };
}
function texts(log: OutputLog): string[] {
  return log.rows.map((row) => (row.kind === "line" ? plain(row.text) : `dropped ${row.bytes}`));
}

describe("output", () => {
  it("makes lines of chunks that end anywhere, each stream by itself", () => {
    const log = new OutputLog();
    log.append([chunk("Hello, "), chunk("oops\n", "stderr"), chunk("World!\nand "), chunk("more")]);
    expect(texts(log)).toEqual(["Hello, World!", "oops", "and more"]);
    expect(log.rows.map((row) => row.stream)).toEqual(["stdout", "stderr", "stdout"]);
  });

  it("keeps empty lines and does not make one of a last newline", () => {
    const log = new OutputLog();
    log.append([chunk("a\n\nb\n")]);
    expect(texts(log)).toEqual(["a", "", "b"]);
  });

  it("says where something was dropped", () => {
    const log = new OutputLog();
    log.append([chunk("start"), chunk("end\n", "stdout", 1_200_000)]);
    expect(texts(log)).toEqual(["start", "dropped 1200000", "end"]);
  });

  it("shows of a progress bar its last state, and nothing of what moves cursors or sets titles", () => {
    expect(plain("10 %\r50 %\r100 %\r")).toBe("100 %");
    expect(plain("done\r")).toBe("done");
    expect(plain(`${ESC}]0;title\u0007${ESC}[2K${ESC}[1Atext\u0000`)).toBe("text");
    expect(drawn(`${ESC}[31mred`)).toContain("[31m");
  });

  it("carries colours on to the next line until they are reset", () => {
    const log = new OutputLog();
    log.append([chunk(`${ESC}[31mone\ntwo${ESC}[0m\nthree\n`)]);
    const colours = log.rows.map((row) => (row.kind === "line" ? spans(drawn(row.text))[0]?.style : ""));
    expect(colours).toEqual(["color:var(--ansi-red)", "color:var(--ansi-red)", ""]);
  });

  it("survives a line without end", () => {
    const log = new OutputLog();
    log.append(Array.from({ length: 100 }, () => chunk("x".repeat(1_000))));
    expect(log.lines).toBeGreaterThan(5);
    expect(texts(log).join("")).toHaveLength(100_000);
  });
});

describe("colours", () => {
  it("come from the theme for the 16, and exactly for 256 and true colour", () => {
    expect(spans(`${ESC}[1;92mok${ESC}[0m plain`)).toEqual([
      { text: "ok", style: "color:var(--ansi-bright-green);font-weight:700" },
      { text: " plain", style: "" },
    ]);
    expect(spans(`${ESC}[38;5;208mx`)[0]?.style).toBe("color:rgb(255 135 0)");
    expect(spans(`${ESC}[38;2;1;2;3mx`)[0]?.style).toBe("color:rgb(1 2 3)");
    expect([palette(1), palette(9), palette(16), palette(255)]).toEqual([
      ...["var(--ansi-red)", "var(--ansi-bright-red)", "rgb(0 0 0)", "rgb(238 238 238)"],
    ]);
  });

  it("never become markup", () => {
    expect(spans("<b>&amp;")).toEqual([{ text: "<b>&amp;", style: "" }]);
  });
});

describe("finding", () => {
  it("finds every place whatever its case, also across colours", () => {
    expect(hitsIn("Lock, unlock, LOCK", "lock")).toEqual([0, 8, 14]);
    const parts = pieces(spans(`un${ESC}[31mlo${ESC}[0mck`), "lock");
    expect(parts.map((part) => [part.text, part.hit])).toEqual([
      ["un", -1],
      ["lo", 0],
      ["ck", 0],
    ]);
  });

  it("counts hits by row, in the stream that is shown", () => {
    const log = new OutputLog();
    log.append([chunk("lock lock\n"), chunk("lock\n", "stderr")]);
    expect(find(visible(log.rows, "both"), "LOCK")).toEqual([
      { row: 0, nth: 0 },
      { row: 0, nth: 1 },
      { row: 1, nth: 0 },
    ]);
    expect(find(visible(log.rows, "stderr"), "lock")).toHaveLength(1);
    expect(find(log.rows, "")).toEqual([]);
  });
});
