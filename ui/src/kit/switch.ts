/** After how long without an answer the knob of a switch waits in the middle, in milliseconds. */
export const PATIENCE_MS = 300;
