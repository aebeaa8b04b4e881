/** What the palette finds: places, rules, runs and commands, by a few letters. */
import type { Action, Icon } from "$/actions";
import { match } from "./fuzzy";

export type Kind = "rules" | "runs" | "commands";

export interface Entry {
  readonly id: string;
  readonly kind: Kind;
  readonly label: string;
  /** A quieter word beside it. */
  readonly hint?: string | undefined;
  /** Right edge: keys, or a time. */
  readonly keys?: string | undefined;
  readonly aside?: string | undefined;
  readonly icon?: Icon | undefined;
  readonly off?: string | null;
  readonly perform: () => void | Promise<void>;
}

export interface Found {
  readonly entry: Entry;
  readonly at: readonly number[];
}

const SIGNS: Readonly<Record<string, Kind>> = { "#": "rules", "@": "runs", ">": "commands" };
const MOST: Readonly<Record<Kind, number>> = { rules: 6, runs: 4, commands: 8 };

/** Reads the sign at the start of what was typed: `#` rules, `@` runs, `>` commands. */
export function readScope(typed: string): { kind: Kind | null; query: string } {
  const kind = SIGNS[typed[0] ?? ""] ?? null;
  return { kind, query: (kind ? typed.slice(1) : typed).trim() };
}

export function commandEntries(actions: readonly Action[]): Entry[] {
  const seen = new Set<string>();
  return actions.flatMap((action) => {
    if (action.quiet || seen.has(action.id)) return [];
    seen.add(action.id);
    return [
      {
        id: action.id,
        kind: "commands" as const,
        label: action.label,
        hint: action.hint,
        keys: action.keys?.[0],
        icon: action.icon,
        off: action.off?.() ?? null,
        perform: action.perform,
      },
    ];
  });
}

/** The best of each kind, kinds in the order of their best. `recent` are ids last used, the newest first. */
export function findEntries(entries: readonly Entry[], typed: string, recent: readonly string[]): Found[] {
  const { kind, query } = readScope(typed);
  const scored = entries
    .filter((entry) => kind === null || entry.kind === kind)
    .flatMap((entry) => {
      const byLabel = match(query, entry.label);
      const byHint = byLabel ? null : match(query, entry.hint ?? "");
      const found = byLabel ?? (byHint && query !== "" ? { score: byHint.score - 50, at: [] } : null);
      if (!found) return [];
      const used = recent.indexOf(entry.id);
      return [{ entry, at: found.at, score: found.score + (used < 0 ? 0 : 30 - used) }];
    });
  const kinds: Kind[] = ["rules", "runs", "commands"];
  const groups = kinds.map((each) => {
    const most = kind === each ? 50 : query === "" && each === "commands" ? 14 : MOST[each];
    return scored
      .filter(({ entry }) => entry.kind === each)
      .sort((a, b) => b.score - a.score)
      .slice(0, most);
  });
  if (query !== "") groups.sort((a, b) => (b[0]?.score ?? -1e9) - (a[0]?.score ?? -1e9));
  return groups.flat();
}
