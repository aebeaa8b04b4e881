/** Finding in output, and showing one stream of it. */
import type { StreamView } from "$/contract";
import { hitsIn } from "./ansi";
import { plain, type OutputRow } from "./output";

export interface Hit {
  /** Which of the rows. */
  readonly row: number;
  /** Which hit of that row, from 0. */
  readonly nth: number;
}

/** More hits than this are not counted. */
export const MOST_HITS = 10_000;

export function visible(rows: readonly OutputRow[], stream: "both" | StreamView): readonly OutputRow[] {
  return stream === "both" ? [...rows] : rows.filter((row) => row.stream === stream);
}

/** Every place where a text occurs, whatever its case, up to 10,000. */
export function find(rows: readonly OutputRow[], text: string): Hit[] {
  const needle = text.toLowerCase();
  const hits: Hit[] = [];
  if (needle === "") return hits;
  for (const [row, content] of rows.entries()) {
    if (content.kind !== "line") continue;
    const found = hitsIn(plain(content.text), needle);
    for (let nth = 0; nth < found.length; nth++) hits.push({ row, nth });
    if (hits.length >= MOST_HITS) break;
  }
  return hits;
}
