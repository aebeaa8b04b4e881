import { describe, expect, it } from "vitest";
import { marked, match } from "./fuzzy";
import { findEntries, readScope, type Entry } from "./palette";

const entry = (kind: Entry["kind"], label: string, hint?: string): Entry => ({
  id: `${kind} ${label}`,
  kind,
  label,
  hint,
  perform: () => undefined,
});
const entries = [
  entry("rules", "Snapshot documents", "every hour"),
  entry("rules", "Site health check", "every 5 minutes"),
  entry("runs", "Snapshot documents", "failed, run 2038"),
  entry("commands", "Go to Settings"),
  entry("commands", "Run Snapshot documents now"),
];
const labels = (typed: string, recent: string[] = []): string[] =>
  findEntries(entries, typed, recent).map((found) => found.entry.label);

describe("the palette", () => {
  it("finds by a few letters in their order and marks them", () => {
    expect(match("shc", "Site health check")?.at).toEqual([0, 5, 12]);
    expect(match("xyz", "Site health check")).toBeNull();
    expect(marked("Snapshot", [0, 1])).toEqual([
      { text: "Sn", hit: true },
      { text: "apshot", hit: false },
    ]);
  });

  it("puts the beginning of a name before its middle", () => {
    expect(labels("snap")[0]).toBe("Snapshot documents");
    expect(labels("set")).toContain("Go to Settings");
  });

  it("keeps to one kind after its sign", () => {
    expect(readScope("#snap")).toEqual({ kind: "rules", query: "snap" });
    expect(labels("#snap")).toEqual(["Snapshot documents"]);
    expect(labels("> snap")).toEqual(["Run Snapshot documents now"]);
    expect(labels("@")).toHaveLength(1);
  });

  it("finds by the hint too, and puts the last used first", () => {
    expect(labels("5 minutes")).toEqual(["Site health check"]);
    expect(labels("", ["rules Site health check"])[0]).toBe("Site health check");
  });
});
