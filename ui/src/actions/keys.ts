/** Keys as people read them (`Ctrl K`, `G N`, `Shift R`, `?`) and as the browser tells them. */

/** One stroke: a key with what is held. */
export interface Stroke {
  readonly key: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

const HELD = new Set(["Ctrl", "Alt", "Shift"]);
const NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  Escape: "Esc",
  Delete: "Del",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
};

/** Reads `Ctrl K` as one stroke and `G N` as two. */
export function readKeys(text: string): Stroke[] {
  const strokes: Stroke[] = [];
  let held = { ctrl: false, alt: false, shift: false };
  for (const word of text.split(" ").filter(Boolean)) {
    if (HELD.has(word)) {
      held = { ...held, [word.toLowerCase()]: true };
      continue;
    }
    strokes.push({ key: word.length === 1 ? word.toUpperCase() : word, ...held });
    held = { ctrl: false, alt: false, shift: false };
  }
  return strokes;
}

/** What was struck; null while only a modifier is down or an input method composes. */
export function strokeOf(event: KeyboardEvent): Stroke | null {
  if (event.isComposing || ["Control", "Alt", "Shift", "Meta", "AltGraph", "CapsLock"].includes(event.key))
    return null;
  const named = NAMES[event.key] ?? event.key;
  const letter = named.length === 1 && named.toUpperCase() !== named.toLowerCase();
  return {
    key: named.length === 1 ? named.toUpperCase() : named,
    ctrl: event.ctrlKey || event.metaKey,
    alt: event.altKey,
    // A sign such as `?` carries its Shift in itself.
    shift: event.shiftKey && (letter || named.length > 1),
  };
}

export function sameStroke(one: Stroke, other: Stroke): boolean {
  return (
    one.key === other.key && one.ctrl === other.ctrl && one.alt === other.alt && one.shift === other.shift
  );
}

/** Whether a stroke may be meant for the text that has focus: then it is not ours. */
export function isTyping(stroke: Stroke, target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement) || !isField(target)) return false;
  if (stroke.ctrl || stroke.alt)
    return ["A", "C", "V", "X", "Z", "Y", "Left", "Right", "Home", "End"].includes(stroke.key);
  return stroke.key !== "F6";
}

function isField(element: HTMLElement): boolean {
  if (element.isContentEditable || element.contentEditable === "true") return true;
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return (
    element instanceof HTMLInputElement &&
    !["checkbox", "radio", "button", "submit", "reset", "range", "color", "file"].includes(element.type)
  );
}

/** Whether a stroke presses the button or link that has focus: then it is that one's. */
export function isPress(stroke: Stroke, target: EventTarget | null): boolean {
  if (stroke.ctrl || stroke.alt || !["Enter", "Space"].includes(stroke.key)) return false;
  return (
    target instanceof Element &&
    target.closest("button, a[href], summary, [role=menuitem], [role=treeitem]") !== null
  );
}
