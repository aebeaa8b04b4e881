/** Finding by a few letters: those of the query must occur in their order. */

export interface Match {
  readonly score: number;
  /** Which letters were meant. */
  readonly at: readonly number[];
}

/** How well a text answers to a query; null where it does not. Higher is better. */
export function match(query: string, text: string): Match | null {
  const needle = query.toLowerCase().replace(/\s+/g, "");
  if (needle === "") return { score: 0, at: [] };
  const hay = text.toLowerCase();
  const whole = hay.indexOf(query.toLowerCase().trim());
  if (whole >= 0) {
    const length = query.trim().length;
    const starts = whole === 0 ? 60 : /[\s._-]/.test(hay[whole - 1] ?? "") ? 40 : 20;
    return {
      score: 100 + starts - Math.min(20, text.length / 8),
      at: Array.from({ length }, (_, i) => whole + i),
    };
  }
  const at: number[] = [];
  let score = 0;
  let from = 0;
  for (const letter of needle) {
    const found = hay.indexOf(letter, from);
    if (found < 0) return null;
    const fresh = found === 0 || /[\s._-]/.test(hay[found - 1] ?? "");
    score += found === from && at.length > 0 ? 6 : fresh ? 8 : 1;
    at.push(found);
    from = found + 1;
  }
  return { score: score - text.length / 20, at };
}

/** Cuts a text into parts that were meant and parts that were not. */
export function marked(text: string, at: readonly number[]): { text: string; hit: boolean }[] {
  const hits = new Set(at);
  const parts: { text: string; hit: boolean }[] = [];
  for (let index = 0; index < text.length; index++) {
    const hit = hits.has(index);
    const last = parts.at(-1);
    if (last && last.hit === hit) last.text += text[index];
    else parts.push({ text: text[index] ?? "", hit });
  }
  return parts;
}
