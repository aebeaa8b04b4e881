import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actions, type Action } from "./actions.svelte";
import { readKeys } from "./keys";

const stops: (() => void)[] = [];
function offer(...offered: Action[]): void {
  stops.push(actions.offer(() => offered));
}
function press(key: string, held: KeyboardEventInit = {}, target: EventTarget = document.body): boolean {
  let meant = false;
  const listen = (event: Event): void => {
    meant = actions.strike(event as KeyboardEvent);
  };
  window.addEventListener("keydown", listen);
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...held }));
  window.removeEventListener("keydown", listen);
  return meant;
}

describe("keys", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
    vi.runAllTimers();
    vi.useRealTimers();
    document.body.replaceChildren();
  });

  it("are read as people write them", () => {
    expect(readKeys("Ctrl K")).toEqual([{ key: "K", ctrl: true, alt: false, shift: false }]);
    expect(readKeys("G N")).toHaveLength(2);
    expect(readKeys("Shift R")[0]).toMatchObject({ key: "R", shift: true });
  });

  it("do what they mean, one stroke or two", () => {
    const run = vi.fn();
    const go = vi.fn();
    offer(
      { id: "run", label: "Run", keys: ["Shift R"], perform: run },
      { id: "go", label: "Go", keys: ["G N"], perform: go },
    );
    expect(press("r")).toBe(false);
    expect(press("R", { shiftKey: true })).toBe(true);
    expect(run).toHaveBeenCalledOnce();
    press("g");
    press("n");
    expect(go).toHaveBeenCalledOnce();
  });

  it("forget the first of two strokes after a while", () => {
    const go = vi.fn();
    offer({ id: "go", label: "Go", keys: ["G N"], perform: go });
    press("g");
    vi.advanceTimersByTime(1_300);
    press("n");
    expect(go).not.toHaveBeenCalled();
  });

  it("belong to the field that has focus, but for those with Ctrl", () => {
    const letter = vi.fn();
    const palette = vi.fn();
    offer(
      { id: "n", label: "New", keys: ["N"], perform: letter },
      { id: "k", label: "Palette", keys: ["Ctrl K"], perform: palette },
    );
    const field = document.createElement("input");
    document.body.append(field);
    expect(press("n", {}, field)).toBe(false);
    press("k", { ctrlKey: true }, field);
    expect(letter).not.toHaveBeenCalled();
    expect(palette).toHaveBeenCalledOnce();
  });

  it("do not press twice what a focused button is pressed with", () => {
    const space = vi.fn();
    offer({ id: "space", label: "Switch", keys: ["Space"], perform: space });
    const button = document.createElement("button");
    document.body.append(button);
    expect(press(" ", {}, button)).toBe(false);
    expect(press(" ")).toBe(true);
    expect(space).toHaveBeenCalledOnce();
  });

  it("rest while a dialog is open, but for those that always work", () => {
    const letter = vi.fn();
    const always = vi.fn();
    offer(
      { id: "n", label: "New", keys: ["N"], perform: letter },
      { id: "f6", label: "Next part", keys: ["F6"], always: true, perform: always },
    );
    const dialog = document.createElement("div");
    dialog.dataset["dialog"] = "";
    document.body.append(dialog);
    press("n");
    press("F6");
    expect(letter).not.toHaveBeenCalled();
    expect(always).toHaveBeenCalledOnce();
  });

  it("go to the screen before the frame, and not to what is off", () => {
    const frame = vi.fn();
    const screen = vi.fn();
    offer({ id: "frame", label: "Frame", keys: ["S"], perform: frame });
    offer({ id: "screen", label: "Screen", keys: ["S"], perform: screen });
    offer({ id: "off", label: "Off", keys: ["Z"], off: () => "The engine is not running.", perform: frame });
    press("s");
    press("z");
    expect(screen).toHaveBeenCalledOnce();
    expect(frame).not.toHaveBeenCalled();
  });
});
