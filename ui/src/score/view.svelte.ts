/** What the scores show besides time itself: the lens of Now, one rule loud, a run picked, a stretch brushed. */
import type { RuleLink } from "$/contract";
import type { Lens } from "./geometry";

export interface Span {
  readonly from: number;
  readonly to: number;
}

class ScoreView {
  /** One rule loud, all others faint. */
  solo = $state.raw<RuleLink | null>(null);
  /** When the selected run was, RFC 3339. */
  pick = $state<string | null>(null);
  /** A stretch of time that a list is narrowed to. */
  brush = $state.raw<Span | null>(null);
  /** Takes a brushed stretch; null where this screen has no use for one. */
  onbrush = $state.raw<((span: Span | null) => void) | null>(null);
  /** When a rule that is being made would fire, RFC 3339. */
  draft = $state.raw<readonly string[]>([]);
  /** What the large score shows; null where there is none. */
  lens = $state.raw<Lens | null>(null);
}

export const scoreView = new ScoreView();

/** Shows a rule alone, and frames a run of it, for as long as the calling component lives. */
export function showSolo(rule: () => RuleLink | null, pick: () => string | null = () => null): void {
  $effect(() => {
    scoreView.solo = rule();
    scoreView.pick = pick();
  });
  $effect(() => () => {
    scoreView.solo = null;
    scoreView.pick = null;
  });
}

/** Lets the thin score be brushed for as long as the calling component lives. */
export function allowBrush(span: () => Span | null, take: (span: Span | null) => void): void {
  $effect(() => {
    scoreView.brush = span();
  });
  $effect(() => {
    scoreView.onbrush = take;
    return () => {
      scoreView.onbrush = null;
      scoreView.brush = null;
    };
  });
}
