/** What can be done anywhere. */
import Contrast from "@lucide/svelte/icons/contrast";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Undo from "@lucide/svelte/icons/undo-2";
import type { Action } from "$/actions";
import { toasts } from "$/kit/toasts.svelte";
import { look } from "$/theme/theme.svelte";
import { router } from "./router.svelte";

/** Steps the focus through the landmarks of the window. */
export function nextLandmark(back: boolean): void {
  const landmarks = [...document.querySelectorAll<HTMLElement>("[data-landmark]")].filter(
    (element) => element.offsetParent !== null || element === document.activeElement,
  );
  const inside = landmarks.filter((landmark) => landmark.contains(document.activeElement));
  const at = landmarks.indexOf(inside.at(-1) ?? document.body);
  const to = back ? (at <= 0 ? landmarks.length - 1 : at - 1) : (at + 1) % landmarks.length;
  landmarks[to]?.focus();
}

export function frameActions(open: { palette: () => void; sheet: () => void }): Action[] {
  return [
    {
      id: "palette",
      label: "Search or run a command",
      keys: ["Ctrl K"],
      group: "Window",
      always: true,
      quiet: true,
      perform: open.palette,
    },
    {
      id: "sheet",
      label: "Show all keys",
      keys: ["?"],
      group: "Window",
      icon: Keyboard,
      perform: open.sheet,
    },
    {
      id: "theme",
      label: look.theme === "dark" ? "Use the light theme" : "Use the dark theme",
      hint: look.theme === "dark" ? "Paper" : "Ink",
      group: "Window",
      icon: Contrast,
      perform: () => look.set(look.theme === "dark" ? "light" : "dark"),
    },
    {
      id: "undo",
      label: "Undo",
      keys: ["Ctrl Z"],
      group: "Window",
      icon: Undo,
      when: () => toasts.canUndo,
      perform: () => toasts.undo(),
    },
    {
      id: "back",
      label: "Back",
      keys: ["Alt Left"],
      group: "Window",
      quiet: true,
      perform: () => router.back(),
    },
    {
      id: "forward",
      label: "Forward",
      keys: ["Alt Right"],
      group: "Window",
      quiet: true,
      perform: () => router.forward(),
    },
    {
      id: "landmark",
      label: "Next part of the window",
      keys: ["F6"],
      group: "Window",
      always: true,
      quiet: true,
      perform: () => nextLandmark(false),
    },
    {
      id: "landmark.back",
      label: "Part before",
      keys: ["Shift F6"],
      group: "Window",
      always: true,
      quiet: true,
      perform: () => nextLandmark(true),
    },
  ];
}
