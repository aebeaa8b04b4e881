/**
 * `time:` in a filter: a stretch that the address carries as two instants, `from` and `to`. Clock times are
 * the user's own; the offset of now is taken, since the page knows no zones.
 */
import { shortDate, shortTime, withOffset } from "$/kit/format";
import { fromAddress, toAddress, valueOf, type Filter } from "./tokens";

export interface Stretch {
  readonly from: string | null;
  readonly to: string | null;
}

export interface Now {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** Seconds east of UTC. */
  readonly offset: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/** The stretch in words: `since 20:06`, `20:06 to 21:42`. */
export function stretchWords({ from, to }: Stretch, now: Now): string {
  const today = withOffset(now.ms, now.offset).slice(0, 10);
  const word = (time: string): string =>
    time.startsWith(today) ? shortTime(time) : `${shortDate(time)} ${shortTime(time)}`;
  const local = (time: string): string => withOffset(Date.parse(time), now.offset);
  if (from !== null && to !== null) return `${word(local(from))} to ${word(local(to))}`;
  if (from !== null) return `since ${word(local(from))}`;
  return to === null ? "" : `before ${word(local(to))}`;
}

/** Reads `15 min`, `2 h`, `today`, `20:06`, `20:06-21:00`; null where it is none of them. */
export function readStretch(typed: string, now: Now): Stretch | null {
  const text = typed
    .trim()
    .toLowerCase()
    .replace(/^since\s+/, "");
  const span = /^(\d+)\s*(s|m|h|d)[a-z]*$/.exec(text);
  if (span) {
    const ms = Number(span[1]) * (UNIT_MS[span[2] ?? ""] ?? 0);
    return ms > 0 ? { from: withOffset(now.ms - ms, now.offset), to: null } : null;
  }
  if (text === "today") return { from: atClock("00:00", now), to: null };
  const [from, to, ...rest] = text.split(/\s*(?:-|–|to)\s*/);
  if (from === undefined || rest.length > 0) return null;
  const start = atClock(from, now);
  const end = to === undefined ? null : atClock(to, now);
  return start === null || (to !== undefined && end === null) ? null : { from: start, to: end };
}

/** A clock time of today, or of yesterday where today has not got there yet. */
function atClock(text: string, now: Now): string | null {
  const found = CLOCK.exec(text);
  if (!found) return null;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const day = (now.ms + now.offset * 1000) % 86_400_000;
  let at = now.ms - day + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  if (at > now.ms) at -= 86_400_000;
  return withOffset(Math.round(at), now.offset);
}

/** The stretch of an address. */
export function stretchOf(query: Readonly<Record<string, string>>): Stretch {
  const read = (key: string): string | null => {
    const time = query[key];
    return time !== undefined && !Number.isNaN(Date.parse(time)) ? time : null;
  };
  return { from: read("from"), to: read("to") };
}

/** A filter with `time:` among its tokens, from an address. */
export function timedFilter(
  query: Readonly<Record<string, string>>,
  keys: readonly string[],
  now: Now,
): Filter {
  const words = stretchWords(stretchOf(query), now);
  const filter = fromAddress(query, keys);
  return words === "" ? filter : { ...filter, tokens: [...filter.tokens, { key: "time", value: words }] };
}

/** What a changed filter changes in the address. */
export function timedChanges(
  filter: Filter,
  keys: readonly string[],
  query: Readonly<Record<string, string>>,
  now: Now,
): Record<string, string | null> {
  const changes = toAddress(filter, keys);
  const words = valueOf(filter, "time");
  if (words !== undefined && words === stretchWords(stretchOf(query), now)) return changes;
  const stretch = words === undefined ? null : readStretch(words, now);
  return { ...changes, from: stretch?.from ?? null, to: stretch?.to ?? null };
}

/** What is wrong with a typed `time:`. */
export function wrongTime(value: string, now: Now): string | null {
  return readStretch(value, now) === null
    ? `${value} is no time. Write 15min, 2h, today, 20:06 or 20:06-21:00`
    : null;
}
