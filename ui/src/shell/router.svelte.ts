/**
 * Where the person is. The address (`#/runs?status=failed#12`) is the whole state of a screen: place,
 * filters, selection. Back therefore returns to the same list.
 */

export interface Route {
  /** The path's parts: `["rules", "default.stretch"]`. */
  readonly path: readonly string[];
  /** Filters, in the order in which they were written. */
  readonly query: Readonly<Record<string, string>>;
  /** What is selected: the part after the second `#`. */
  readonly at: string | null;
}

export type Query = Readonly<Record<string, string | null | undefined>>;

/** Reads an address as it stands after the first `#`. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, "");
  const mark = text.indexOf("#");
  const at = mark < 0 ? null : decode(text.slice(mark + 1));
  const [path = "", search = ""] = (mark < 0 ? text : text.slice(0, mark)).split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decode);
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(search)) query[key] = value;
  return { path: parts.length > 0 ? parts : ["now"], query, at: at === "" ? null : at };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Writes an address: `href("rules", "default.x")`, for links too. */
export function href(
  path: readonly string[] | string,
  query: Query = {},
  at?: string | number | null,
): string {
  const parts = typeof path === "string" ? path.split("/").filter(Boolean) : path.map(encodeURIComponent);
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, value);
  }
  const tail = search.size > 0 ? `?${search}` : "";
  return `#/${parts.join("/")}${tail}${at === null || at === undefined ? "" : `#${encodeURIComponent(at)}`}`;
}

interface Entry {
  /** Which address in the row of visited ones, from 0. */
  index: number;
}

function entryOf(state: unknown): Entry | null {
  if (typeof state !== "object" || state === null || !("index" in state)) return null;
  return typeof state.index === "number" ? { index: state.index } : null;
}

class Router {
  route = $state.raw<Route>(parseRoute(""));
  #index = $state(0);
  #last = $state(0);
  /** What screens want back when their address is visited again, such as a scroll place. */
  readonly #kept = new Map<string, unknown>();

  get canBack(): boolean {
    return this.#index > 0;
  }

  get canForward(): boolean {
    return this.#index < this.#last;
  }

  /** The first part of the path: which screen. */
  get place(): string {
    return this.route.path[0] ?? "now";
  }

  /** Follows the address. Answers how to stop. */
  start(): () => void {
    const entry = entryOf(history.state);
    this.#index = this.#last = entry?.index ?? 0;
    if (!entry) history.replaceState({ index: 0 } satisfies Entry, "", location.hash || "#/now");
    this.route = parseRoute(location.hash);
    const follow = (): void => {
      let now = entryOf(history.state);
      if (!now) {
        // A link was followed: the browser made an entry without our mark.
        now = { index: this.#index + 1 };
        history.replaceState(now, "", location.hash);
        this.forgetFrom(now.index);
        this.#last = now.index;
      }
      this.#index = now.index;
      this.#last = Math.max(this.#last, now.index);
      this.route = parseRoute(location.hash);
    };
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }

  /** Goes to a place. A place that one is at already is not visited twice. */
  go(to: string): void {
    if (to === location.hash) return;
    const index = this.#index + 1;
    history.pushState({ index } satisfies Entry, "", to);
    this.forgetFrom(index);
    this.#index = this.#last = index;
    this.route = parseRoute(to);
  }

  /** Changes the present address without a step to go back to: typing in a filter, moving a cursor. */
  replace(to: string): void {
    if (to === location.hash) return;
    history.replaceState({ index: this.#index } satisfies Entry, "", to);
    this.route = parseRoute(to);
  }

  /** Sets or removes (null) filters of the present address. */
  filter(changes: Query): void {
    const { path, query, at } = this.route;
    this.replace(href(path, { ...query, ...changes }, at));
  }

  /** Selects something in the present address. */
  select(at: string | number | null): void {
    const { path, query } = this.route;
    this.replace(href(path, query, at));
  }

  back(): void {
    if (this.canBack) history.back();
  }

  forward(): void {
    if (this.canForward) history.forward();
  }

  /** Keeps a value with the present address. */
  keep(name: string, value: unknown): void {
    this.#kept.set(`${this.#index} ${name}`, value);
  }

  /** What was kept with the present address. */
  kept(name: string): unknown {
    return this.#kept.get(`${this.#index} ${name}`);
  }

  private forgetFrom(index: number): void {
    for (const key of this.#kept.keys()) if (Number(key.split(" ", 1)[0]) >= index) this.#kept.delete(key);
  }
}

export const router = new Router();
