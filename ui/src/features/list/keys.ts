/** The keys that every list answers to. */
import type { Action } from "$/actions";
import type { Key, ListCursor } from "./cursor.svelte";

const GROUP = { group: "Lists", quiet: true } as const;

/** Moving the cursor; `moved` brings it into view. */
export function cursorKeys<K extends Key>(cursor: ListCursor<K>, moved: () => void): Action[] {
  const step = (perform: () => void) => (): void => {
    perform();
    moved();
  };
  return [
    {
      ...GROUP,
      id: "list.down",
      label: "Next row",
      keys: ["J", "Down"],
      perform: step(() => cursor.move(1)),
    },
    {
      ...GROUP,
      id: "list.up",
      label: "Previous row",
      keys: ["K", "Up"],
      perform: step(() => cursor.move(-1)),
    },
    {
      ...GROUP,
      id: "list.page",
      label: "A page down",
      keys: ["PageDown"],
      perform: step(() => cursor.move(10)),
    },
    {
      ...GROUP,
      id: "list.pageUp",
      label: "A page up",
      keys: ["PageUp"],
      perform: step(() => cursor.move(-10)),
    },
    {
      ...GROUP,
      id: "list.first",
      label: "First row",
      keys: ["Home"],
      perform: step(() => cursor.edge("first")),
    },
    {
      ...GROUP,
      id: "list.last",
      label: "Last row",
      keys: ["End"],
      perform: step(() => cursor.edge("last")),
    },
  ];
}

/** Selecting rows, and letting go of them. */
export function selectionKeys<K extends Key>(cursor: ListCursor<K>, moved: () => void): Action[] {
  const extend = (by: number) => (): void => {
    cursor.extend(by);
    moved();
  };
  return [
    { ...GROUP, id: "list.select", label: "Select the row", keys: ["X"], perform: () => cursor.toggle() },
    {
      ...GROUP,
      id: "list.selectDown",
      label: "Select downwards",
      keys: ["Shift J", "Shift Down"],
      perform: extend(1),
    },
    {
      ...GROUP,
      id: "list.selectUp",
      label: "Select upwards",
      keys: ["Shift K", "Shift Up"],
      perform: extend(-1),
    },
    { ...GROUP, id: "list.all", label: "Select all", keys: ["Ctrl A"], perform: () => cursor.all() },
    {
      ...GROUP,
      id: "list.clear",
      label: "Clear the selection",
      keys: ["Esc"],
      when: () => cursor.selected.size > 0 || cursor.current !== null,
      perform: () => {
        if (cursor.selected.size > 0) cursor.clear();
        else cursor.current = null;
      },
    },
  ];
}
