/** Which screen belongs to which place, loaded when it is first visited. */
import type { Component } from "svelte";

export interface Screen {
  readonly title: string;
  readonly load: () => Promise<{ default: Component }>;
}

/** The screen of a path; null where there is none. */
export function screenOf(path: readonly string[]): Screen | null {
  switch (path[0]) {
    case "now":
      return { title: "Now", load: screens.now };
    case "rules":
      return path[1] === undefined
        ? { title: "Rules", load: screens.rules }
        : { title: "Rule", load: screens.editor };
    case "events":
      return { title: "Events", load: screens.events };
    case "runs":
      return { title: "Runs", load: screens.runs };
    case "packs":
      return { title: "Packs", load: screens.packs };
    case "sensors":
      return { title: "Sensors", load: screens.sensors };
    case "settings":
      return { title: "Settings", load: screens.settings };
    default:
      return null;
  }
}

const screens = {
  now: () => import("$/features/now/Now.svelte"),
  rules: () => import("$/features/rules/Rules.svelte"),
  editor: () => import("$/features/editor/Editor.svelte"),
  events: () => import("$/features/events/Events.svelte"),
  runs: () => import("$/features/runs/Runs.svelte"),
  packs: () => import("$/features/packs/Packs.svelte"),
  sensors: () => import("$/features/sensors/Sensors.svelte"),
  settings: () => import("$/features/settings/Settings.svelte"),
} as const;
