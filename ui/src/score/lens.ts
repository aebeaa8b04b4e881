/** How the lens is moved on the thin score. */
import { LEAST_SPAN, lensScale, MOST_SPAN, type Lens } from "./geometry";

/** Where now lies in the large score (0 to 1) while its lens is at home: right below the thin one's needle. */
export const HOME = 0.64;
/** How near the pointer must be to an edge of the lens to take it, in pixels. */
export const LENS_GRIP = 5;

/** What of the lens is taken: an edge, the whole, or a place to jump to. */
export type Grip = "from" | "to" | "move" | "jump";

/** The lens after its part was dragged from one time to another. */
export function moveLens(lens: Lens, grip: Grip, start: number, at: number, now: number): Lens {
  if (grip === "move") return { span: lens.span, shift: lens.shift + at - start };
  if (grip === "jump") return { span: lens.span, shift: at - now + lens.span * (HOME - 0.5) };
  const before = lensScale(lens, now, 1_000, HOME);
  const from = grip === "from" ? at : before.from;
  const to = grip === "to" ? at : before.to;
  const span = Math.max(LEAST_SPAN, Math.min(MOST_SPAN, to - from));
  const start2 = grip === "from" ? to - span : from;
  return { span, shift: start2 + span * HOME - now };
}
