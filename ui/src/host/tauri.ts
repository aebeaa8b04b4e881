/** The page in the app's own window: commands and the feed go through the bridge, not through a socket. */
import { Channel, invoke } from "@tauri-apps/api/core";
import { getCurrentWindow } from "@tauri-apps/api/window";
import type { UiEvent } from "$/contract";
import { Refusal, type FeedMessage, type Host } from "./host";

const RETRY_MS = 500;

async function call(command: string, request: unknown): Promise<unknown> {
  try {
    return await invoke("rpc", { command, request });
  } catch (thrown) {
    throw Refusal.from(thrown);
  }
}

function watch(hear: (message: FeedMessage) => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const subscribe = (): void => {
    const feed = new Channel<UiEvent>();
    feed.onmessage = (message) => {
      if (!stopped) hear(message);
    };
    invoke("subscribe", { feed }).then(
      () => {
        if (!stopped) hear({ type: "open" });
      },
      (thrown: unknown) => {
        if (stopped) return;
        hear({ type: "closed", reason: Refusal.from(thrown).message });
        timer = setTimeout(subscribe, RETRY_MS);
      },
    );
  };

  subscribe();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

export function tauriHost(): Host {
  const frame = getCurrentWindow();
  return {
    call,
    watch,
    controls: {
      minimize: () => void frame.minimize(),
      toggleMaximize: () => void frame.toggleMaximize(),
      close: () => void frame.close(),
    },
  };
}
