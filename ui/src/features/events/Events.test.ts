import { cleanup, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actions } from "$/actions";
import type { EventListRequest, EventRow } from "$/contract";
import { line } from "$/data";
import type { FeedMessage } from "$/host";
import { router } from "$/shell/router.svelte";
import Events from "./Events.svelte";

vi.mock("$/kit/VirtualList.svelte", async () => import("../list/PlainList.test.svelte"));

const RULE = { id: 1, ref: "default.hello", label: "Hello" };
function event(id: number): EventRow {
  return {
    id,
    trigger_ref: "core.filewatch",
    source: "core.file_sensor",
    rule: null,
    created: `2026-11-24T01:00:${String(id).padStart(2, "0")}.5+01:00`,
    facts: { name: `file-${id}.pdf` },
    pips: [{ rule: RULE, outcome: "unmatched", execution: null }],
  };
}
let events: EventRow[] = [];
const asked: EventListRequest[] = [];
let hear: (message: FeedMessage) => void = () => undefined;

function answer(command: string, request: EventListRequest & { id?: number }): unknown {
  switch (command) {
    case "event.list":
      asked.push(request);
      return {
        events: events.filter((one) => JSON.stringify(one.facts).includes(request.text ?? "")),
        next: null,
      };
    case "event.show": {
      const reason = {
        path: "all.0",
        field: "event.payload.name",
        operator: "matches",
        expected: "*.mkv",
        actual: "a.pdf",
        message: null,
      };
      const decision = {
        rule: RULE,
        rule_version: 1,
        outcome: "unmatched",
        reason,
        enforcement: null,
        execution: null,
      };
      const one = events.find((row) => row.id === request.id);
      return { event: one, payload: { name: "a.pdf", size: 3 }, dedupe_key: null, decisions: [decision] };
    }
    case "event.histogram":
      return { from: "2026-11-24T00:00:00+01:00", bin_ms: 60_000, bins: [{ events: 3, fired: 1 }] };
    case "trigger.list":
      return { triggers: [] };
    case "rule.list":
      return { rules: [] };
    default:
      throw { error: `no ${command}`, code: "not_found" };
  }
}
function strike(pressed: KeyboardEvent): void {
  if (actions.strike(pressed)) pressed.preventDefault();
}

beforeEach(() => {
  events = [event(3), event(2), event(1)];
  asked.length = 0;
  router.go("#/events");
  line.open({
    call: (command, request) =>
      new Promise((resolve) => resolve(structuredClone(answer(command, request as never)))),
    watch: (listener) => {
      hear = listener;
      return () => undefined;
    },
    controls: null,
  });
  window.addEventListener("keydown", strike);
});
afterEach(() => {
  cleanup();
  window.removeEventListener("keydown", strike);
  line.close();
});

describe("Events", () => {
  it("answers why a rule did not fire, with the condition and the value that decided", async () => {
    const user = userEvent.setup();
    render(Events);
    await user.click(await screen.findByText("file-2.pdf"));
    expect(router.route.at).toBe("2");
    const looked = await screen.findByRole("list", { name: "Rules that looked" });
    expect(looked).toHaveTextContent("name matches *.mkv: was a.pdf");
    expect(within(looked).getByRole("link", { name: "Hello" })).toHaveAttribute(
      "href",
      "#/rules/default.hello",
    );
  });

  it("pauses with Space: nothing moves, what came is counted, and comes in when asked for", async () => {
    const user = userEvent.setup();
    render(Events);
    await screen.findByText("file-3.pdf");
    await user.keyboard(" ");
    expect(screen.getByRole("button", { name: /Resume/ })).toBeVisible();
    events = [event(5), event(4), ...events];
    hear({ type: "feed", seq: 1, topics: ["events"] });
    const pill = await screen.findByRole("button", { name: /^2 new/ });
    expect(screen.queryByText("file-5.pdf")).toBeNull();
    await user.click(pill);
    expect(await screen.findByText("file-5.pdf")).toBeVisible();
  });

  it("narrows by text and by time, in the address", async () => {
    const user = userEvent.setup();
    render(Events);
    await user.type(await screen.findByRole("textbox", { name: "Filter events" }), "file-2");
    await waitFor(() => expect(screen.queryByText("file-3.pdf")).toBeNull());
    await user.type(screen.getByRole("textbox", { name: "Filter events" }), " time:15min{Enter}");
    expect(router.route.query).toMatchObject({ q: "file-2" });
    expect(router.route.query["from"]).toMatch(/^\d{4}-/);
    await waitFor(() => expect(asked.at(-1)).toHaveProperty("from"));
  });

  it("says which token to drop where nothing matches, and how events begin where there is none", async () => {
    const user = userEvent.setup();
    router.go("#/events?q=nothing&trigger=core.filewatch");
    render(Events);
    expect(await screen.findByText("No events match trigger:core.filewatch nothing")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Drop nothing" }));
    expect(await screen.findByText("file-3.pdf")).toBeVisible();
    events = [];
    hear({ type: "feed", seq: 1, topics: ["events"] });
    await user.click(screen.getByRole("button", { name: "Remove trigger: core.filewatch" }));
    expect(await screen.findByText("No events yet")).toBeVisible();
  });
});
