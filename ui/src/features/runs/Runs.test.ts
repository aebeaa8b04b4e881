import { cleanup, render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actions } from "$/actions";
import type { ExecutionListRequest, ExecutionRow, OutputPage } from "$/contract";
import { line } from "$/data";
import type { FeedMessage } from "$/host";
import { router } from "$/shell/router.svelte";
import { requestOf } from "./filter";
import Runs from "./Runs.svelte";
import { endingOf, secondLine } from "./words";

// jsdom scrolls nothing.
Element.prototype.scrollTo ??= () => undefined;
vi.mock("$/kit/VirtualList.svelte", async () => import("../list/PlainList.test.svelte"));

function run(id: number, over: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    id,
    status: "completed",
    rule: { id: 1, ref: "default.hello", label: "Hello" },
    action_ref: "core.echo",
    event: id * 10,
    enforcement: null,
    rerun_of: null,
    why: "1 s timer fired at 01:00:00",
    attempt: 1,
    requested_at: "2026-11-24T01:00:00+01:00",
    started_at: "2026-11-24T01:00:00.040+01:00",
    finished_at: "2026-11-24T01:00:00.540+01:00",
    duration_ms: 500,
    exit_code: 0,
    signal: null,
    error: null,
    ...over,
  };
}

let runs: ExecutionRow[] = [];
const called: [string, unknown][] = [];
let hear: (message: FeedMessage) => void = () => undefined;

function output(text: string): OutputPage {
  const size = { stdout_bytes: text.length, stderr_bytes: 0, kept_bytes: text.length, dropped_bytes: 0 };
  const chunks = [{ stream: "stdout" as const, offset: 0, at_ms: 3, data: btoa(text), dropped_before: 0 }];
  return { chunks: text === "" ? [] : chunks, next: "1", more: false, ended: true, size };
}

function answer(command: string, request: { id?: number } & ExecutionListRequest): unknown {
  const one = runs.find((row) => row.id === request.id);
  switch (command) {
    case "execution.list": {
      const { status } = request;
      return { executions: runs.filter((row) => !status || status.includes(row.status)), next: null };
    }
    case "execution.show":
      if (!one) throw { error: `there is no execution ${request.id}`, code: "not_found" };
      return {
        execution: one,
        parameters: { message: "Hello, World!" },
        result: "Hello, World!",
        timeout_ms: 30_000,
        pid: null,
        output: output("x").size,
        usual_ms: null,
        usual_p95_ms: null,
      };
    case "execution.output":
      return output((request as { cursor?: string }).cursor === undefined ? "Hello, World!\n" : "");
    case "execution.cancel":
      called.push([command, request]);
      if (one) one.status = "canceling";
      return one;
    case "execution.rerun": {
      called.push([command, request]);
      const next = run(99, { rerun_of: request.id ?? 0, rule: null, why: "started by you" });
      runs = [next, ...runs];
      return next;
    }
    case "action.list": {
      const parameters = { type: "object", properties: { message: { type: "string" } } };
      return {
        actions: [
          {
            ref: "core.echo",
            label: "Echo",
            description: "",
            runner: "shell",
            parameters,
            timeout_seconds: 30,
          },
        ],
      };
    }
    case "rule.list":
      return { rules: [] };
    default:
      throw { error: `no ${command}`, code: "not_found" };
  }
}
function strike(event: KeyboardEvent): void {
  if (actions.strike(event)) event.preventDefault();
}

beforeEach(() => {
  runs = [run(3), run(2, { status: "failed", exit_code: 1, error: "locked by PID 40112" }), run(1)];
  called.length = 0;
  router.go("#/runs");
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

describe("Runs", () => {
  it("opens the newest run, and goes to the next with J; the address follows", async () => {
    const user = userEvent.setup();
    render(Runs);
    expect(await screen.findByRole("heading", { name: "Hello" })).toBeVisible();
    expect(router.route.at).toBe("3");
    await user.keyboard("j");
    expect(router.route.at).toBe("2");
    expect(await screen.findByText("locked by PID 40112")).toBeVisible();
    expect(screen.getByText("exit 1, locked by PID 40112")).toBeVisible();
  });

  it("shows the result and the parameters behind their tabs", async () => {
    const user = userEvent.setup();
    render(Runs);
    await user.click(await screen.findByRole("tab", { name: /Result/ }));
    expect(await screen.findByText("Hello, World!")).toBeVisible();
    await user.click(screen.getByRole("tab", { name: /Parameters/ }));
    expect(await screen.findByRole("tree", { name: "Parameters" })).toHaveTextContent("message:");
  });

  it("cancels a running one, and never says that it is done before it is", async () => {
    const user = userEvent.setup();
    runs = [run(3, { status: "running", finished_at: null, duration_ms: null, exit_code: null })];
    render(Runs);
    await user.click(await screen.findByRole("button", { name: /^Cancel/ }));
    expect(await screen.findByRole("button", { name: /^Cancelling/ })).toHaveAttribute(
      "aria-disabled",
      "true",
    );
    expect(called).toEqual([["execution.cancel", { id: 3 }]]);
  });

  it("runs again with one parameter changed", async () => {
    const user = userEvent.setup();
    render(Runs);
    await user.click(await screen.findByRole("button", { name: "Edit and re-run" }));
    const message = await screen.findByLabelText("Message");
    await user.type(message, "!");
    await user.click(screen.getAllByRole("button", { name: "Re-run" }).at(-1) ?? message);
    await waitFor(() => expect(router.route.at).toBe("99"));
    expect(called).toEqual([["execution.rerun", { id: 3, parameters: { message: "Hello, World!!" } }]]);
  });

  it("takes in new runs as the feed tells of them", async () => {
    render(Runs);
    await screen.findByRole("heading", { name: "Hello" });
    runs = [run(4, { rule: null, action_ref: "core.shell" }), ...runs];
    hear({ type: "feed", seq: 1, topics: ["executions"] });
    expect(await screen.findByText("core.shell")).toBeVisible();
    expect(router.route.at).toBe("3");
  });

  it("says that a run is not there", async () => {
    router.go("#/runs#77");
    render(Runs);
    expect(await screen.findByText("There is no run 77")).toBeVisible();
  });
});

describe("what runs say", () => {
  it("tells how they ended", () => {
    expect(endingOf(run(1), false)).toBe("Exited with code 0 after 0.5 s.");
    expect(endingOf(run(1), true)).toBe("The process wrote nothing in 0.5 s and exited with 0.");
    expect(endingOf(run(1, { status: "failed", exit_code: null, signal: 9 }), false)).toBe(
      "Ended by signal 9 after 0.5 s.",
    );
    expect(secondLine(run(1, { status: "failed", exit_code: null, error: "core.ehco is gone" }))).toBe(
      "core.ehco is gone",
    );
  });

  it("asks the engine only for what can be", () => {
    const filter = { tokens: [{ key: "status", value: "completed" }], text: "" };
    const none = { from: null, to: null };
    expect(requestOf(filter, "all", none)).toEqual({ status: ["completed"] });
    expect(requestOf(filter, "running", none)).toBeNull();
    expect(requestOf({ tokens: [{ key: "rule", value: "a.b" }], text: "" }, "all", none)).toEqual({
      rule: "a.b",
    });
  });
});
