import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { RunMark } from "$/contract";
import Button from "./Button.svelte";
import JsonTree from "./JsonTree.svelte";
import NumberInput from "./NumberInput.svelte";
import Segmented from "./Segmented.svelte";
import { runAt, stripPaths } from "./ticks";
import { toasts } from "./toasts.svelte";

describe("a button", () => {
  it("that is off stays focusable, says why, and does nothing", async () => {
    const onclick = vi.fn();
    render(Button, { off: "The engine is not running.", onclick, "aria-label": "Run" });
    const button = screen.getByRole("button", { name: "Run" });
    await userEvent.click(button);
    expect(onclick).not.toHaveBeenCalled();
    expect(button).toHaveAttribute("title", "The engine is not running.");
    expect(button).toHaveAttribute("aria-disabled", "true");
    expect(button).toHaveFocus();
  });
});

describe("a field for numbers", () => {
  it("keeps what is no number as it was typed, so that it can be told what is wrong", async () => {
    render(NumberInput, { value: 15, "aria-label": "Interval" });
    const field = screen.getByRole("textbox", { name: "Interval" });
    await userEvent.clear(field);
    await userEvent.type(field, "1e3x");
    expect(field).toHaveValue("1e3x");
    await userEvent.clear(field);
    await userEvent.type(field, "-4");
    expect(field).toHaveValue("-4");
    await userEvent.keyboard("{ArrowUp}");
    expect(field).toHaveValue("-3");
  });
});

describe("segments", () => {
  it("are radio buttons: arrows move between them", async () => {
    const onchange = vi.fn();
    render(Segmented, {
      label: "State",
      value: "all",
      options: [
        { value: "all", label: "All" },
        { value: "on", label: "On", count: 19 },
      ],
      onchange,
    });
    await userEvent.click(screen.getByRole("radio", { name: "All" }));
    await userEvent.keyboard("{ArrowRight}");
    expect(onchange).toHaveBeenLastCalledWith("on");
  });
});

describe("a strip of runs", () => {
  const runs: RunMark[] = (["completed", "failed", "running"] as const).map((status, index) => ({
    id: index,
    status,
    at: "2026-10-24T21:00:00Z",
    duration_ms: 100,
  }));

  it("has the newest at the right edge, good above the staff and bad below", () => {
    const paths = stripPaths(runs, 30);
    expect(paths.get("ok")).toMatch(/^M108 14v-/);
    expect(paths.get("fail")).toMatch(/^M112 15h3v6/);
    expect(paths.get("run")).toMatch(/^M116 14v-/);
    expect(runAt(runs, 30, 117)?.id).toBe(2);
    expect(runAt(runs, 30, 3)).toBeNull();
  });
});

describe("a tree", () => {
  it("is walked and unfolded by keys", async () => {
    render(JsonTree, { value: { stat: { owner: { name: "mara" } } }, label: "Payload" });
    screen.getAllByRole("treeitem")[0]?.focus();
    await userEvent.keyboard("{ArrowDown}{ArrowRight}");
    expect(screen.getByText('"mara"')).toBeInTheDocument();
    await userEvent.keyboard("{ArrowLeft}");
    expect(screen.queryByText('"mara"')).toBeNull();
  });
});

describe("toasts", () => {
  it("undo the newest change first, each once", async () => {
    const undone: string[] = [];
    toasts.done("Turned off", "Stretch", () => void undone.push("Stretch"));
    toasts.done("Deleted", "Bins out", () => void undone.push("Bins out"));
    await toasts.undo();
    await toasts.undo();
    await toasts.undo();
    expect(undone).toEqual(["Bins out", "Stretch"]);
    expect(toasts.canUndo).toBe(false);
  });

  it("stay when they tell of an error", () => {
    const id = toasts.show({ tone: "fail", text: "It was refused." });
    expect(toasts.all.find((toast) => toast.id === id)?.stays).toBeNull();
    toasts.dismiss(id);
  });
});
