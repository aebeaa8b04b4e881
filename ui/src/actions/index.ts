export { actions, offerActions, type Action, type Icon } from "./actions.svelte";
export { readKeys, strokeOf, type Stroke } from "./keys";
