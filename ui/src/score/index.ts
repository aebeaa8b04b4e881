export { allowBrush, scoreView, showSolo, type Span } from "./view.svelte";
export { default as ThinScore } from "./ThinScore.svelte";
export { default as LargeScore } from "./LargeScore.svelte";
