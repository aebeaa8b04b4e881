import { cleanup, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actions } from "$/actions";
import type { RuleRow, RuleView } from "$/contract";
import { line } from "$/data";
import type { FeedMessage } from "$/host";
import { toasts } from "$/kit/toasts.svelte";
import { router } from "$/shell/router.svelte";
import { itemsOf } from "./rows";
import Rules from "./Rules.svelte";

// jsdom lays nothing out: every row is drawn instead of those that could be seen.
vi.mock("$/kit/VirtualList.svelte", async () => import("../list/PlainList.test.svelte"));

function rule(id: number, label: string, over: Partial<RuleView> = {}): RuleRow {
  const at = "2026-11-24T00:00:00Z";
  return {
    last: null,
    rule: {
      id,
      ref: `default.r${id}`,
      pack: "default",
      label,
      description: "",
      tags: [],
      trigger_ref: "core.intervaltimer",
      trigger_params: {},
      conditions: null,
      action_ref: "core.echo",
      action_params: {},
      timeout_seconds: null,
      state: "enabled",
      version: 1,
      fault: null,
      sentence: "Every second",
      zone: null,
      execution_count: 0,
      next_fire: null,
      created: at,
      updated: at,
      ...over,
    },
  };
}

let rules: RuleRow[] = [];
let refuse: string | null = null;
const called: string[] = [];
let hear: (message: FeedMessage) => void = () => undefined;

function answer(command: string, request: { ref?: string }): unknown {
  if (command === "rule.list") return { rules };
  if (command === "rule.recent") return { rules: [] };
  called.push(`${command} ${request.ref}`);
  if (refuse) throw { error: refuse, code: "unavailable" };
  const row = rules.find((one) => one.rule.ref === request.ref);
  if (command === "rule.delete") {
    rules = rules.filter((one) => one !== row);
    hear({ type: "feed", seq: 1, topics: ["rules"] });
    return {};
  }
  if (command === "rule.restore") {
    const back = rule(9, "Stretch", { ref: request.ref ?? "" });
    rules = [...rules, back];
    return back.rule;
  }
  if (!row) throw { error: "there is no such rule", code: "not_found" };
  row.rule = { ...row.rule, state: command === "rule.enable" ? "enabled" : "disabled" };
  return row.rule;
}

function strike(event: KeyboardEvent): void {
  if (actions.strike(event)) event.preventDefault();
}

beforeEach(() => {
  rules = [rule(1, "Photo backup"), rule(2, "Stretch", { state: "disabled" }), rule(3, "Stand-up")];
  refuse = null;
  called.length = 0;
  toasts.all = [];
  router.go("#/rules");
  line.open({
    call: (command, request) =>
      new Promise((resolve) => resolve(structuredClone(answer(command, request as { ref?: string })))),
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

describe("Rules", () => {
  it("turns a rule on by its switch, and offers to take that back", async () => {
    const user = userEvent.setup();
    render(Rules);
    const toggle = await screen.findByRole("switch", { name: "Stretch" });
    expect(toggle).toHaveAttribute("aria-checked", "false");
    await user.click(toggle);
    await waitFor(() => expect(toasts.all.at(-1)).toMatchObject({ text: "Turned on", name: "Stretch" }));
    expect(toggle).toHaveAttribute("aria-checked", "true");
    await toasts.undo();
    await waitFor(() => expect(toggle).toHaveAttribute("aria-checked", "false"));
    expect(called).toEqual(["rule.enable default.r2", "rule.disable default.r2"]);
  });

  it("brings a refused switch back and says why beside it", async () => {
    const user = userEvent.setup();
    refuse = "The disk is full.";
    render(Rules);
    const toggle = await screen.findByRole("switch", { name: "Photo backup" });
    await user.click(toggle);
    expect(await screen.findByRole("alert")).toHaveTextContent("Still on: The disk is full. Try again");
    expect(toggle).toHaveAttribute("aria-checked", "true");
  });

  it("is found by typing, and its filter lives in the address", async () => {
    const user = userEvent.setup();
    render(Rules);
    await screen.findByText("Stand-up");
    await user.keyboard("/");
    await user.keyboard("photo");
    expect(router.route.query).toEqual({ q: "photo" });
    await waitFor(() => expect(screen.queryByText("Stand-up")).toBeNull());
    await user.keyboard("xyz");
    expect(await screen.findByText("No rules match photoxyz")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Show all" }));
    expect(await screen.findByText("Stand-up")).toBeVisible();
  });

  it("is driven by keys: down, select, all off with Space", async () => {
    const user = userEvent.setup();
    render(Rules);
    await screen.findByText("Stand-up");
    await user.keyboard("jx");
    const bulk = await screen.findByRole("toolbar", { name: "1 rule selected" });
    expect(within(bulk).getByText("Turn off")).toBeVisible();
    await user.keyboard("{Control>}a{/Control} ");
    await waitFor(() =>
      expect(called.sort()).toEqual(["rule.disable default.r1", "rule.disable default.r3"]),
    );
    await user.keyboard("{Escape}{Escape}");
    expect(screen.queryByRole("toolbar")).toBeNull();
  });

  it("deletes at once, and Undo brings it back", async () => {
    const user = userEvent.setup();
    render(Rules);
    await screen.findByText("Stretch");
    await user.keyboard("jj{Delete}");
    await waitFor(() => expect(screen.queryByText("Stretch")).toBeNull());
    await toasts.undo();
    hear({ type: "feed", seq: 2, topics: ["rules"] });
    expect(await screen.findByText("Stretch")).toBeVisible();
    expect(called).toEqual(["rule.delete default.r2", "rule.restore default.r2"]);
  });

  it("says how to begin where there is nothing, and lists ten thousand in no time", async () => {
    rules = [];
    render(Rules);
    expect(await screen.findByText("No rules yet")).toBeVisible();
    const many = Array.from({ length: 10_000 }, (_, id) =>
      rule(id + 1, `Rule ${id}`, { tags: [`t${id % 7}`] }),
    );
    expect(itemsOf(many, "tag", new Set())).toHaveLength(10_007);
  });
});
