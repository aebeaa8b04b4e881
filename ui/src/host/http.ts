/**
 * The page in a browser, served by the engine's own door. The token comes once in the address
 * (`#token=…`), moves to the session's storage and leaves the address at once.
 */
import type { UiEvent } from "$/contract";
import { Refusal, type FeedMessage, type Host } from "./host";

const STORED = "attune.token";
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** Takes the token out of the address, or out of the session's storage. */
export function takeToken(location: Location, storage: Storage, history: History): string | null {
  const found = /(?:^#|&)token=([^&#]+)/.exec(location.hash);
  if (found?.[1]) {
    storage.setItem(STORED, decodeURIComponent(found[1]));
    history.replaceState(null, "", location.pathname + location.search + "#/now");
  }
  return storage.getItem(STORED);
}

const UNREACHABLE = "The engine does not answer. Nothing fires until it is back.";

async function call(token: string | null, command: string, request: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/rpc/${command}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(request),
    });
  } catch {
    throw new Refusal(UNREACHABLE, "unreachable");
  }
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new Refusal(`The engine answered ${command} with something that is not JSON.`, "internal");
  }
  if (!response.ok) throw Refusal.from(body);
  return body;
}

function readFrame(data: unknown): UiEvent | null {
  if (typeof data !== "string") return null;
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof frame !== "object" || frame === null || !("type" in frame)) return null;
  if (frame.type === "resync") return { type: "resync" };
  if (frame.type === "feed" && "topics" in frame && Array.isArray(frame.topics)) return frame as UiEvent;
  return null;
}

function watch(token: string | null, hear: (message: FeedMessage) => void): () => void {
  let stopped = false;
  let wait = FIRST_WAIT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | undefined;

  const connect = (): void => {
    const url = new URL("/ws", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(url, ["attune.v1", `attune.jwt.${token ?? ""}`]);
    socket = mine;
    mine.onopen = () => {
      wait = FIRST_WAIT_MS;
      mine.send(JSON.stringify({ type: "subscribe", filter: "feed" }));
      hear({ type: "open" });
    };
    mine.onmessage = (event) => {
      const frame = readFrame(event.data);
      if (frame) hear(frame);
    };
    mine.onclose = () => {
      if (stopped) return;
      hear({ type: "closed", reason: "The engine does not answer." });
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };

  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  };
}

export function httpHost(): Host {
  const token = takeToken(window.location, window.sessionStorage, window.history);
  return {
    call: (command, request) => call(token, command, request),
    watch: (hear) => watch(token, hear),
    controls: null,
  };
}
