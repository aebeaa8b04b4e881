import { describe, expect, it } from "vitest";
import type { DecisionView, EventRow, OutcomeView, Pip, ReasonView } from "$/contract";
import { pipLook, resultOf, summary, whyOf } from "./words";

const RULE = { id: 1, ref: "default.a", label: "Sort downloads" };

function event(facts: EventRow["facts"]): EventRow {
  return {
    id: 1,
    trigger_ref: "x.y",
    source: "x.s",
    rule: null,
    created: "2026-11-24T01:00:00.2+01:00",
    facts,
    pips: [],
  };
}
function pip(outcome: OutcomeView, status?: "failed" | "completed"): Pip {
  const execution = status ? { id: 1, status, at: "2026-11-24T01:00:00Z", duration_ms: 1 } : null;
  return { rule: RULE, outcome, execution };
}
function decision(outcome: OutcomeView, reason: Partial<ReasonView> | null = null): DecisionView {
  const whole = {
    path: "",
    field: null,
    operator: null,
    expected: null,
    actual: null,
    message: null,
    ...reason,
  };
  return {
    rule: RULE,
    rule_version: 1,
    outcome,
    reason: reason && whole,
    enforcement: null,
    execution: null,
  };
}
const said = (view: DecisionView): string =>
  whyOf(view)
    .parts.map((part) => part.text)
    .join("");

describe("an event in one line", () => {
  it("says of a timer when it was planned, by the user's clock, and whether it was late", () => {
    const parts = summary(
      event({ scheduled_at: "2026-11-24T00:00:00Z", execution_count: 1204, delay_ms: 3, misfired: false }),
    );
    expect(parts.map((part) => [part.key, part.text])).toEqual([
      ["planned", "01:00:00"],
      ["fire", "1,204"],
      [undefined, "3 ms late"],
    ]);
    expect(
      summary(event({ scheduled_at: "2026-11-24T00:00:00Z", misfired: true, missed_count: 9 })).at(-1)?.text,
    ).toBe("for 9 that were missed");
  });

  it("shows the first fields of anything else", () => {
    expect(summary(event({ kind: "created", size: 3, ok: true }))).toEqual([
      { key: "kind", text: "created" },
      { key: "size", text: "3" },
      { key: "ok", text: "true" },
    ]);
    expect(summary(event({}))).toEqual([]);
  });

  it("says what came of it", () => {
    expect(resultOf([])).toMatchObject({ text: "No rule looked", fired: false });
    expect(resultOf([pip("unmatched"), pip("disabled")])).toMatchObject({ text: "No rule matched" });
    expect(resultOf([pip("matched", "failed")])).toEqual({ text: "Sort downloads", fired: true, failed: 1 });
    expect(resultOf([pip("matched", "completed"), pip("matched")])).toMatchObject({
      text: "2 runs",
      failed: 0,
    });
    expect([pipLook("matched"), pipLook("unmatched"), pipLook("disabled"), pipLook("error")]).toEqual([
      "fired",
      "no",
      "off",
      "wrong",
    ]);
  });
});

describe("why a rule did not fire", () => {
  it("names the condition and the value that decided", () => {
    const reason = {
      field: "event.payload.name",
      operator: "matches",
      expected: "*.mkv",
      actual: "invoice.pdf",
    };
    expect(said(decision("unmatched", reason))).toBe("name matches *.mkv: was invoice.pdf");
    expect(said(decision("unmatched", { ...reason, actual: null }))).toBe(
      "name matches *.mkv: there was no such field",
    );
    expect(said(decision("unmatched", { field: "event.payload.x", operator: "exists" }))).toBe(
      "x exists: it does not",
    );
  });

  it("says it in the engine's words where values do not say it all", () => {
    expect(said(decision("error", { message: "There is no `nmae`" }))).toBe("There is no `nmae`");
    expect(said(decision("disabled"))).toContain("was off");
    expect(whyOf(decision("matched")).word).toBe("fired");
  });
});
