/** Colours of a line as spans with a style made of tokens: never as markup. */
import Anser from "anser";

export interface Span {
  readonly text: string;
  /** CSS for a `style` attribute; empty for plain text. */
  readonly style: string;
}

const LEVELS = [0, 95, 135, 175, 215, 255] as const;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** One of the 256 colours as CSS: the first 16 are tokens of the theme. */
export function palette(index: number): string {
  if (index < 8) return `var(--ansi-${NAMES[index]})`;
  if (index < 16) return `var(--ansi-bright-${NAMES[index - 8]})`;
  if (index < 232) {
    const cube = index - 16;
    const part = (divisor: number): number => LEVELS[Math.floor(cube / divisor) % 6] ?? 0;
    return `rgb(${part(36)} ${part(6)} ${part(1)})`;
  }
  const grey = 8 + (index - 232) * 10;
  return `rgb(${grey} ${grey} ${grey})`;
}

function colour(name: string | null, exact: string | null): string | null {
  if (!name) return null;
  if (name === "ansi-truecolor") return exact ? `rgb(${exact.replaceAll(",", "")})` : null;
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  if (index !== undefined) return palette(Number(index));
  return /^ansi-(bright-)?[a-z]+$/.test(name) ? `var(--${name})` : null;
}

function styleOf(entry: Anser.AnserJsonEntry): string {
  const reversed = entry.decorations.includes("reverse");
  const front = colour(entry.fg, entry.fg_truecolor);
  const back = colour(entry.bg, entry.bg_truecolor);
  const style: string[] = [];
  const ink = reversed ? (back ?? "var(--bg-code)") : front;
  const ground = reversed ? (front ?? "var(--text-1)") : back;
  if (ink) style.push(`color:${ink}`);
  if (ground) style.push(`background:${ground}`);
  if (entry.decorations.includes("bold")) style.push("font-weight:700");
  if (entry.decorations.includes("dim")) style.push("opacity:.65");
  if (entry.decorations.includes("italic")) style.push("font-style:italic");
  const lines = [
    entry.decorations.includes("underline") ? "underline" : "",
    entry.decorations.includes("strikethrough") ? "line-through" : "",
  ].filter(Boolean);
  if (lines.length > 0) style.push(`text-decoration:${lines.join(" ")}`);
  return style.join(";");
}

/** Splits a line into spans. */
export function spans(text: string): Span[] {
  if (!text.includes("\u001b")) return text === "" ? [] : [{ text, style: "" }];
  return Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map((entry) => ({
    text: entry.content,
    style: styleOf(entry),
  }));
}

export interface Piece extends Span {
  /** Which hit of the line this is part of, from 0; -1 for none. */
  readonly hit: number;
}

/** Where a text (in lower case) occurs in a line, as starts of hits. */
export function hitsIn(line: string, needle: string): number[] {
  if (needle === "") return [];
  const lower = line.toLowerCase();
  const found: number[] = [];
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, at + needle.length))
    found.push(at);
  return found;
}

/** Splits spans again where hits of a search begin and end. */
export function pieces(parts: readonly Span[], needle: string): Piece[] {
  const whole = parts.map((part) => part.text).join("");
  const starts = hitsIn(whole, needle);
  if (starts.length === 0) return parts.map((part) => ({ ...part, hit: -1 }));
  const out: Piece[] = [];
  let offset = 0;
  for (const part of parts) {
    const end = offset + part.text.length;
    const edges = starts.flatMap((start) => [start, start + needle.length]);
    const cuts = [offset, ...edges.filter((edge) => edge > offset && edge < end), end];
    for (let index = 0; index + 1 < cuts.length; index++) {
      const from = cuts[index] ?? offset;
      const hit = starts.findIndex((start) => from >= start && from < start + needle.length);
      out.push({ text: whole.slice(from, cuts[index + 1]), style: part.style, hit });
    }
    offset = end;
  }
  return out.filter((piece) => piece.text !== "");
}
