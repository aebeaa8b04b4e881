import { describe, expect, it } from "vitest";
import type { Attention } from "$/contract";
import { happening, readDismissed, writeDismissed } from "./dismissed";
import { draftOf, STARTERS, unitWord } from "./starters";
import { headline, upTime } from "./words";

const item = (at: string): Attention => ({
  kind: "run",
  name: "Snapshot",
  happened: "failed",
  cause: "exit 1",
  at,
  rule: { id: 1, ref: "default.snapshot", label: "Snapshot" },
  run: null,
  subject: null,
});

describe("Now", () => {
  it("says in one sentence whether anything is wrong", () => {
    expect(headline(0)).toBe("In tune. Nothing needs you.");
    expect(headline(1)).toBe("Mostly in tune. One thing needs you.");
    expect(headline(4)).toBe("Mostly in tune. Four things need you.");
    expect(headline(12)).toBe("Mostly in tune. 12 things need you.");
    expect([30_000, 300_000, 6 * 864e5 + 4 * 36e5].map(upTime)).toEqual([
      "up since a moment ago",
      "up 5 min",
      "up 6 d 4 h",
    ]);
  });

  it("keeps away what was dismissed until it happens again", () => {
    localStorage.clear();
    writeDismissed(localStorage, new Set([happening(item("10:00"))]));
    const away = readDismissed(localStorage);
    expect(away.has(happening(item("10:00")))).toBe(true);
    expect(away.has(happening(item("11:00")))).toBe(false);
    localStorage.setItem("attune.dismissed", "{broken");
    expect(readDismissed(localStorage).size).toBe(0);
  });
});

describe("the first rule", () => {
  it("is the sentence as it was filled in", () => {
    const [script, echo] = STARTERS;
    if (!script || !echo) throw new Error("there are two starters");
    expect(draftOf(echo, { interval: 1, unit: "seconds", text: "Hello, World!" })).toMatchObject({
      label: "Echo every second",
      trigger_params: { unit: "seconds", interval: 1 },
      action_ref: "core.echo",
      action_params: { message: "Hello, World!" },
    });
    expect(draftOf(script, { interval: null, unit: "minutes", text: "true" }).trigger_params).toEqual({
      unit: "minutes",
    });
    expect(unitWord("minutes", 15)).toBe("minutes");
  });
});
