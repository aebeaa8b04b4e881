import { render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "$/host";
import Switch from "./Switch.svelte";

describe("a switch", () => {
  beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
  afterEach(() => void vi.useRealTimers());

  it("shows at once what was asked, and waits in the middle after 300 ms", async () => {
    let answer: () => void = () => undefined;
    const change = vi.fn(() => new Promise<void>((resolve) => (answer = resolve)));
    const { rerender } = render(Switch, { on: false, label: "Stretch is on", change });
    const control = screen.getByRole("switch", { name: "Stretch is on" });
    control.click();
    await waitFor(() => expect(control).toBeChecked());
    expect(change).toHaveBeenCalledWith(true);
    expect(control).not.toHaveAttribute("aria-busy");
    await vi.advanceTimersByTimeAsync(300);
    expect(control).toHaveAttribute("aria-busy", "true");
    answer();
    await rerender({ on: true });
    await waitFor(() => expect(control).not.toHaveAttribute("aria-busy"));
    expect(control).toBeChecked();
  });

  it("rolls back when refused, says why, and tries again", async () => {
    const change = vi
      .fn<(on: boolean) => Promise<void>>()
      .mockRejectedValueOnce(new Refusal("the engine did not answer.", "unreachable"))
      .mockResolvedValueOnce();
    render(Switch, { on: false, label: "Stretch is on", change });
    const control = screen.getByRole("switch");
    control.click();
    await waitFor(() =>
      expect(screen.getByRole("alert")).toHaveTextContent("Still off: the engine did not answer."),
    );
    expect(control).not.toBeChecked();
    screen.getByRole("button", { name: "Try again" }).click();
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
    expect(change).toHaveBeenCalledTimes(2);
  });

  it("cannot be flipped while the engine is away, and says so", () => {
    const change = vi.fn(() => Promise.resolve());
    render(Switch, { on: true, label: "Stretch is on", change, off: "The engine is not running." });
    const control = screen.getByRole("switch");
    control.click();
    expect(change).not.toHaveBeenCalled();
    expect(control).toHaveAttribute("title", "The engine is not running.");
  });
});
