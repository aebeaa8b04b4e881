export { call, concerns, line, onFeed, type Command, type Request, type Response } from "./engine.svelte";
export { Query, query, QUIET_MS, type QueryOptions } from "./query.svelte";
export { clock } from "./clock.svelte";
export { engine } from "./status.svelte";
export { Refusal } from "$/host";
