/** Time zones by name: found by any part of it, the user's own first. Pure. */
import type { ZoneView } from "$/contract";

/** The zone that an absent parameter means. */
export const NO_ZONE = "UTC";

/** `UTC+2`, `UTC−3:30`, `UTC`. */
export function offsetWords(seconds: number): string {
  if (seconds === 0) return "UTC";
  const minutes = Math.abs(Math.round(seconds / 60));
  const rest = minutes % 60;
  return `UTC${seconds < 0 ? "−" : "+"}${Math.floor(minutes / 60)}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll("−", "-")
    .replace(/[\s_]+/g, " ");
}

/**
 * The zones that hold every typed word: those whose place begins with it first, and before all of them the
 * user's own and UTC.
 */
export function findZones(zones: readonly ZoneView[], typed: string, here: string): ZoneView[] {
  const words = plain(typed).trim().split(" ").filter(Boolean);
  const first = words[0] ?? "";
  const rank = ({ name }: ZoneView): number => {
    if (name === here) return 0;
    if (name === NO_ZONE) return 1;
    return plain(name.slice(name.lastIndexOf("/") + 1)).startsWith(first) ? 2 : 3;
  };
  return zones
    .filter(({ name, offset_seconds }) => {
      const text = plain(`${name} ${offsetWords(offset_seconds)}`);
      return words.every((word) => text.includes(word));
    })
    .map((zone, index) => ({ zone, index, rank: rank(zone) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ zone }) => zone);
}
