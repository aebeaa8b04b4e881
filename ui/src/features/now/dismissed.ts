/** What a person put away on Now. It stays away until it happens again: at another time. */
import type { Attention } from "$/contract";

const KEY = "attune.dismissed";
const MOST = 200;

/** Names one happening of one thing. */
export function happening(item: Attention): string {
  return `${item.kind} ${item.rule?.ref ?? item.subject ?? item.name} ${item.at}`;
}

export function readDismissed(storage: Storage): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return new Set(
      Array.isArray(stored) ? stored.filter((each): each is string => typeof each === "string") : [],
    );
  } catch {
    return new Set();
  }
}

export function writeDismissed(storage: Storage, dismissed: ReadonlySet<string>): void {
  try {
    storage.setItem(KEY, JSON.stringify([...dismissed].slice(-MOST)));
  } catch {
    // It comes back after a restart, which harms nobody.
  }
}
