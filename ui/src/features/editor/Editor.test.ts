import { cleanup, render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RuleCheckRequest, RuleCreateRequest, RuleUpdateRequest, RuleView } from "$/contract";
import { line } from "$/data";
import { toasts } from "$/kit/toasts.svelte";
import { router } from "$/shell/router.svelte";
import { draftOf, toRequest } from "./draft";
import Editor from "./Editor.svelte";
import { shelf } from "./shelf.svelte";

const SAVED: RuleView = {
  id: 7,
  ref: "default.hello",
  pack: "default",
  label: "Hello",
  description: "",
  tags: [],
  trigger_ref: "core.intervaltimer",
  trigger_params: { interval: 1, unit: "seconds" },
  conditions: null,
  action_ref: "core.echo",
  action_params: { message: "Hi" },
  timeout_seconds: null,
  state: "enabled",
  version: 3,
  fault: null,
  sentence: "Every second",
  zone: null,
  execution_count: 0,
  next_fire: null,
  created: "2026-11-24T00:00:00Z",
  updated: "2026-11-24T00:00:00Z",
};
const created: RuleCreateRequest[] = [];
const updated: RuleUpdateRequest[] = [];
let version = 3;

function check({ draft }: RuleCheckRequest): unknown {
  const { interval } = draft.trigger_params;
  const errors = [];
  if (draft.label === "") errors.push({ field: "label", message: "a rule needs a name" });
  const whole = typeof interval === "number" && interval >= 1;
  if (!whole) errors.push({ field: "trigger_params.interval", message: "the interval is at least 1" });
  const fires = whole
    ? [0, 1, 2].map((n) => ({ at: `2030-01-01T00:00:0${n}+01:00`, local: null, note: null }))
    : [];
  return { ref: "default.x", errors, sentence: "Every second", fires };
}

function answer(command: string, request: unknown): unknown {
  switch (command) {
    case "trigger.list":
      return {
        triggers: [
          {
            ref: "core.intervaltimer",
            label: "Interval timer",
            description: "",
            parameters: {},
            output: {},
            sensor: null,
          },
        ],
      };
    case "action.list": {
      const message = { type: "string", default: "Hello, World!" };
      const parameters = { type: "object", properties: { message }, required: ["message"] };
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
    case "rule.show":
      return { ...SAVED, version };
    case "rule.check":
      return check(request as RuleCheckRequest);
    case "rule.create": {
      const made = request as RuleCreateRequest;
      if (made.draft.label === "") {
        const fields = [{ field: "label", message: "a rule needs a name" }];
        throw { error: "label: a rule needs a name", code: "invalid", details: { fields } };
      }
      created.push(made);
      return { ...SAVED, ...made.draft, ref: "default.echo_every_second", version: 1 };
    }
    case "rule.update": {
      const wanted = request as RuleUpdateRequest;
      updated.push(wanted);
      if (wanted.version !== undefined && wanted.version !== version)
        throw { error: "overtaken", code: "conflict" };
      return { ...SAVED, ...wanted.draft, version: version + 1 };
    }
    default:
      throw { error: `no ${command}`, code: "not_found" };
  }
}

beforeEach(() => {
  created.length = 0;
  updated.length = 0;
  version = 3;
  toasts.all = [];
  localStorage.clear();
  for (const ref of [...shelf.refs]) shelf.drop(ref);
  line.open({
    call: (command, request) => new Promise((resolve) => resolve(structuredClone(answer(command, request)))),
    watch: () => () => undefined,
    controls: null,
  });
});
afterEach(() => {
  cleanup();
  line.close();
});

describe("the form of a new rule", () => {
  it("makes default.echo_every_second from a name, an interval and a message", async () => {
    const user = userEvent.setup();
    router.go("#/rules/new");
    render(Editor);
    await user.type(await screen.findByLabelText(/^Name/), "Echo every second");
    expect(screen.getByLabelText("Ref")).toHaveValue("default.echo_every_second");
    await user.clear(screen.getByLabelText("Every"));
    await user.type(screen.getByLabelText("Every"), "1");
    await user.selectOptions(screen.getByLabelText("Unit"), "seconds");
    await user.type(screen.getByLabelText("Message"), "Hello, World!");
    expect((await screen.findByRole("list", { name: "Next fires" })).children).toHaveLength(3);
    await user.click(screen.getByRole("button", { name: /^Save/ }));
    await waitFor(() => expect(router.route.path).toEqual(["rules", "default.echo_every_second"]));
    expect(created).toEqual([
      {
        enabled: true,
        draft: {
          label: "Echo every second",
          description: "",
          tags: [],
          trigger_ref: "core.intervaltimer",
          trigger_params: { interval: 1, unit: "seconds" },
          conditions: null,
          action_ref: "core.echo",
          action_params: { message: "Hello, World!" },
          timeout_seconds: null,
        },
      },
    ]);
  });

  it("says what is wrong at the field, of empty ones only once saving was tried", async () => {
    const user = userEvent.setup();
    router.go("#/rules/new");
    render(Editor);
    const every = await screen.findByLabelText("Every");
    await user.clear(every);
    await user.type(every, "0");
    expect(await screen.findByText("The interval is at least 1")).toBeVisible();
    expect(every).toHaveAttribute("aria-invalid", "true");
    expect(screen.queryByText("A rule needs a name")).toBeNull();
    await user.click(screen.getByRole("button", { name: /^Save/ }));
    expect(await screen.findByText("A rule needs a name")).toBeVisible();
    expect(created).toEqual([]);
  });
});

describe("a new rule that is discarded", () => {
  it("leaves its form, says how much went, and is there again after Undo", async () => {
    const user = userEvent.setup();
    router.go("#/rules/new");
    const view = render(Editor);
    await user.type(await screen.findByLabelText(/^Name/), "Echo");
    await user.click(screen.getByRole("button", { name: "Discard" }));
    expect(toasts.all.at(-1)).toMatchObject({ text: "Discarded", name: "1 change" });
    expect(router.route.path).toEqual(["rules"]);
    view.unmount();
    await toasts.undo();
    expect(router.route.path).toEqual(["rules", "new"]);
    render(Editor);
    await waitFor(async () => expect(await screen.findByLabelText(/^Name/)).toHaveValue("Echo"));
  });
});

describe("the form of a saved rule", () => {
  it("tells what is not saved, keeps it when left, and saves it as a version", async () => {
    const user = userEvent.setup();
    router.go("#/rules/default.hello");
    const first = render(Editor);
    await user.type(await screen.findByLabelText("Message"), "!");
    expect(await screen.findByText(/1 unsaved/)).toBeVisible();
    first.unmount();
    expect(shelf.take("default.hello")?.draft.action_params).toEqual({ message: "Hi!" });

    render(Editor);
    await waitFor(async () => expect(await screen.findByLabelText("Message")).toHaveValue("Hi!"));
    await user.click(screen.getByRole("button", { name: /^Save/ }));
    await waitFor(() => expect(toasts.all.at(-1)).toMatchObject({ text: "Saved as version 4" }));
    expect(updated).toEqual([
      {
        ref: "default.hello",
        version: 3,
        draft: { ...toRequest(draftOf(SAVED)), action_params: { message: "Hi!" } },
      },
    ]);
    expect(shelf.refs.has("default.hello")).toBe(false);
  });

  it("asks whose change counts where the rule was saved elsewhere meanwhile", async () => {
    const user = userEvent.setup();
    router.go("#/rules/default.hello");
    render(Editor);
    await user.type(await screen.findByLabelText("Message"), "!");
    version = 5;
    await user.click(screen.getByRole("button", { name: /^Save/ }));
    expect(await screen.findByText(/changed elsewhere/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Keep mine" }));
    await waitFor(() => expect(toasts.all.at(-1)).toMatchObject({ text: "Saved as version 6" }));
    expect(updated.map((request) => request.version)).toEqual([3, undefined]);
  });

  it("adds a condition and discards it again", async () => {
    const user = userEvent.setup();
    router.go("#/rules/default.hello");
    render(Editor);
    await user.click(await screen.findByRole("button", { name: "Condition" }));
    await user.type(screen.getByLabelText("Path"), "delay_ms");
    await user.selectOptions(screen.getByLabelText("Comparison"), "is at most");
    await user.type(screen.getByLabelText("Value"), "20");
    expect(await screen.findByText("number")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Discard" }));
    expect(screen.queryByLabelText("Path")).toBeNull();
    await toasts.undo();
    expect(await screen.findByLabelText("Path")).toHaveValue("event.payload.delay_ms");
  });
});
