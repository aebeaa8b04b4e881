/** Finds out what the page runs in. The window's bridge is loaded only where there is a window. */
import type { Host } from "./host";

export { Refusal, type FeedMessage, type Host, type WindowControls } from "./host";

export async function findHost(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./tauri")).tauriHost();
  return (await import("./http")).httpHost();
}
