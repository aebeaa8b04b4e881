/**
 * What a filter bar holds: `key: value` tokens and free text, written as people type them and as the
 * address carries them. Pure; deliberately ignorant of what the keys mean.
 */

export interface Token {
  readonly key: string;
  readonly value: string;
}

export interface Filter {
  readonly tokens: readonly Token[];
  readonly text: string;
}

export const EMPTY_FILTER: Filter = { tokens: [], text: "" };

/** What typed text holds: the finished tokens, and the rest that is still being typed. */
export interface Typed {
  readonly tokens: readonly Token[];
  readonly rest: string;
  /** A `key:` that nobody knows, with what it may have meant. */
  readonly unknown?: string;
}

const TOKEN = /(?:^|\s)([a-z][a-z-]*):("([^"]*)"|[^\s"]+)(?=\s|$)/gi;

/**
 * Takes the finished tokens out of typed text. A token counts as finished once something follows it, or
 * at once when `finish` is set (Enter, or leaving the field).
 */
export function take(typed: string, keys: readonly string[], finish: boolean): Typed {
  const tokens: Token[] = [];
  let unknown: string | undefined;
  const rest = typed.replace(
    TOKEN,
    (whole: string, key: string, raw: string, quoted: string | undefined, at: number) => {
      const name = key.toLowerCase();
      if (!finish && at + whole.length >= typed.length) return whole;
      if (!keys.includes(name)) {
        unknown ??= name;
        return whole;
      }
      tokens.push({ key: name, value: quoted ?? raw });
      return "";
    },
  );
  const clean = tokens.length > 0 ? rest.trimStart() : rest;
  return unknown === undefined ? { tokens, rest: clean } : { tokens, rest: clean, unknown };
}

/** Adds a token; a key that may stand only once replaces the one before. */
export function withToken(filter: Filter, token: Token, once: readonly string[] = []): Filter {
  const others = filter.tokens.filter((other) =>
    once.includes(token.key)
      ? other.key !== token.key
      : other.key !== token.key || other.value !== token.value,
  );
  return { ...filter, tokens: [...others, token] };
}

/** The filter without one token. */
export function withoutToken(filter: Filter, token: Token): Filter {
  return {
    ...filter,
    tokens: filter.tokens.filter((other) => other.key !== token.key || other.value !== token.value),
  };
}

/** The values of a key, in their order. */
export function valuesOf(filter: Filter, key: string): string[] {
  return filter.tokens.filter((token) => token.key === key).map((token) => token.value);
}

/** The one value of a key that stands at most once. */
export function valueOf(filter: Filter, key: string): string | undefined {
  return filter.tokens.find((token) => token.key === key)?.value;
}

/** Reads the filter from an address. Keys in `many` may carry several values, parted by commas. */
export function fromAddress(
  query: Readonly<Record<string, string>>,
  keys: readonly string[],
  many: readonly string[] = [],
): Filter {
  const tokens = keys.flatMap((key) => {
    const value = query[key] ?? "";
    return (many.includes(key) ? value.split(",") : [value])
      .filter(Boolean)
      .map((one) => ({ key, value: one }));
  });
  return { tokens, text: query["q"] ?? "" };
}

/** Writes the filter as changes of an address: null where a part goes. */
export function toAddress(filter: Filter, keys: readonly string[]): Record<string, string | null> {
  const parts = keys.map((key) => [key, valuesOf(filter, key).join(",") || null]);
  return { ...Object.fromEntries(parts), q: filter.text.trim() || null };
}

/** Whether nothing is filtered. */
export function isEmpty(filter: Filter): boolean {
  return filter.tokens.length === 0 && filter.text.trim() === "";
}

/** The filter in one line, as one would type it. */
export function inWords(filter: Filter): string {
  const tokens = filter.tokens.map(({ key, value }) => `${key}:${/\s/.test(value) ? `"${value}"` : value}`);
  return [...tokens, filter.text.trim()].filter((part) => part !== "").join(" ");
}

/** Whether every word of the text occurs somewhere in the haystacks. */
export function matchesText(text: string, haystacks: readonly string[]): boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return true;
  const hay = haystacks.join("\n").toLowerCase();
  return words.every((word) => hay.includes(word));
}
