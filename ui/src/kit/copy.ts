/** Copies text, and says so. */
import { toasts } from "./toasts.svelte";

export async function copyText(text: string, what = "Copied"): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) {
      toasts.show({ tone: "fail", text: "This could not be copied: the clipboard did not take it." });
      return;
    }
  }
  toasts.show({ tone: "info", text: what });
}

/** Where the page may not write the clipboard by itself, a selection still can be copied. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
