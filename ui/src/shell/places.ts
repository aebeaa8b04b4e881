/** The places of the rail, with the keys that lead there. */
import AudioLines from "@lucide/svelte/icons/audio-lines";
import Package from "@lucide/svelte/icons/package";
import Radar from "@lucide/svelte/icons/radar";
import Radio from "@lucide/svelte/icons/radio";
import Sliders from "@lucide/svelte/icons/sliders-horizontal";
import Terminal from "@lucide/svelte/icons/square-terminal";
import Workflow from "@lucide/svelte/icons/workflow";
import type { Action, Icon } from "$/actions";
import { router } from "./router.svelte";

export interface Place {
  readonly id: string;
  readonly label: string;
  readonly icon: Icon;
  readonly keys: string;
}

export const PLACES: readonly Place[] = [
  { id: "now", label: "Now", icon: AudioLines, keys: "G N" },
  { id: "rules", label: "Rules", icon: Workflow, keys: "G R" },
  { id: "events", label: "Events", icon: Radio, keys: "G E" },
  { id: "runs", label: "Runs", icon: Terminal, keys: "G U" },
  { id: "packs", label: "Packs", icon: Package, keys: "G P" },
  { id: "sensors", label: "Sensors", icon: Radar, keys: "G S" },
];

export const SETTINGS: Place = { id: "settings", label: "Settings", icon: Sliders, keys: "Ctrl ," };

export function placeActions(): Action[] {
  return [...PLACES, SETTINGS].map((place) => ({
    id: `go.${place.id}`,
    label: `Go to ${place.label}`,
    keys: [place.keys],
    group: "Go to",
    icon: place.icon,
    perform: () => router.go(`#/${place.id}`),
  }));
}
