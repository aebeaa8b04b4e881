/**
 * What the page runs in: a window of the app, or a browser. Everything else of the page speaks to the
 * engine through these few words and knows neither.
 */
import type { Code, UiEvent } from "$/contract";

/** A refusal of the engine, or the lack of an answer. */
export class Refusal extends Error {
  readonly code: Code | "unreachable";
  /** One entry a wrong field of the request. */
  readonly fields: readonly { field: string; message: string }[];

  constructor(message: string, code: Code | "unreachable", details?: unknown) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.fields = readFields(details);
  }

  /** Makes sense of whatever was thrown. */
  static from(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    if (isRecord(thrown) && typeof thrown["error"] === "string") {
      return new Refusal(thrown["error"], readCode(thrown["code"]), thrown["details"]);
    }
    return new Refusal(thrown instanceof Error ? thrown.message : String(thrown), "internal");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readCode(value: unknown): Code {
  return typeof value === "string" ? (value as Code) : "internal";
}

function readFields(details: unknown): { field: string; message: string }[] {
  if (!isRecord(details) || !Array.isArray(details["fields"])) return [];
  return details["fields"].flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry["field"] === "string" && typeof entry["message"] === "string"
      ? [{ field: entry["field"], message: entry["message"] }]
      : [],
  );
}

/** What a watcher of the feed hears. */
export type FeedMessage =
  | UiEvent
  /** The feed is there (again); whatever was missed must be read again. */
  | { type: "open" }
  /** The feed is gone; `reason` says why. */
  | { type: "closed"; reason: string };

/** The buttons of the title bar. Absent in a browser, which has its own. */
export interface WindowControls {
  minimize(): void;
  toggleMaximize(): void;
  close(): void;
}

export interface Host {
  /** Runs a command of the contract. Throws a `Refusal`. */
  call(command: string, request: unknown): Promise<unknown>;
  /** Begins to watch for changes; watching starts anew by itself after a loss. Answers how to stop. */
  watch(hear: (message: FeedMessage) => void): () => void;
  readonly controls: WindowControls | null;
}
