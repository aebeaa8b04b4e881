/** Paints the thin score. */
import type { Score } from "$/contract";
import { barHeight, hanging, HOUR, MINUTE, seams, ticks, xOf, type Scale } from "./geometry";
import { Fills, font, hatch, hollow, line, prepare, seam, type Inks } from "./paint";

import { spanWord } from "./past";

export const THIN_HEIGHT = 54;
const STAFF = 26;
const RISE = 18;
const HANG = 13;

export interface ThinPicture {
  readonly scale: Scale;
  readonly now: number;
  readonly score: Score | undefined;
  /** One rule loud, the others dimmed. */
  readonly solo: Score | undefined;
  readonly lens: { from: number; to: number } | null;
  readonly brush: { from: number; to: number } | null;
  /** When a rule that is being made would fire. */
  readonly draft: readonly string[];
  /** The selected run. */
  readonly pick: number | null;
}

/** The largest bin, by which all heights are measured. */
export function mostOf(score: Score): { past: number; future: number; bad: number } {
  const bad = score.past.map((bin) => bin.failed + bin.timeout + bin.abandoned + bin.cancelled);
  const past = Math.max(1, ...score.past.map((bin) => bin.completed));
  const future = Math.max(1, ...score.future.map((bin) => bin.fires));
  return { past: Math.max(past, future), future: Math.max(past, future), bad: Math.max(1, ...bad) };
}

function paintBins(
  context: CanvasRenderingContext2D,
  inks: Inks,
  score: Score,
  scale: Scale,
  nowX: number,
): void {
  const fills = new Fills();
  const most = mostOf(score);
  const width = Math.max(
    3,
    Math.floor((score.bin_minutes * MINUTE * scale.width) / (scale.to - scale.from)) - 2,
  );
  for (const bin of score.past) {
    const start = Math.round(xOf(scale, Date.parse(bin.at)));
    if (start + width < 0) continue;
    // The bin of now has only begun: it still has to be seen.
    const x = Math.min(start, nowX - 4);
    const room = Math.min(width, nowX - x);
    const height = barHeight(bin.completed, most.past, RISE);
    if (height > 0) fills.rect("ok", x, STAFF - height, room, height);
    let y = STAFF + 1;
    for (const part of hanging(bin, most.bad, HANG)) {
      fills.rect(part.mark, x, y, room, part.height);
      y += part.height;
    }
  }
  if (score.running > 0) fills.rect("run", nowX - 4, STAFF - 9, 4, 9);
  fills.fill(context, inks);
  const outline = new Path2D();
  for (const bin of score.future) {
    const x = Math.max(Math.round(xOf(scale, Date.parse(bin.at))), nowX + 2);
    const end = Math.round(xOf(scale, Date.parse(bin.at))) + width - 1;
    if (end - x >= 2) hollow(outline, x, STAFF, end - x, barHeight(bin.fires, most.future, RISE, 4));
  }
  context.strokeStyle = inks.hollow;
  context.lineWidth = 1;
  context.stroke(outline);
}

function paintRuler(context: CanvasRenderingContext2D, inks: Inks, picture: ThinPicture): void {
  const { scale, score } = picture;
  const offsets = score?.offsets ?? [];
  context.textBaseline = "alphabetic";
  const labels = new Set(ticks(scale, offsets, 3 * HOUR, false).map((tick) => Math.round(tick.x)));
  for (const tick of ticks(scale, offsets, HOUR, false)) {
    const x = Math.round(tick.x) + 0.5;
    const labelled = labels.has(Math.round(tick.x));
    line(context, inks.grid, x, labelled ? THIN_HEIGHT - 11 : THIN_HEIGHT - 9, x, THIN_HEIGHT);
    if (!labelled || x > scale.width - 24) continue;
    font(context, 10, tick.day ? 500 : 400);
    context.fillStyle = tick.day ? inks.bright : inks.dim;
    context.fillText(tick.label, x + 3, THIN_HEIGHT - 3);
  }
}

export function paintThin(canvas: HTMLCanvasElement, inks: Inks, picture: ThinPicture): void {
  const { scale, score, solo } = picture;
  const context = prepare(canvas, scale.width, THIN_HEIGHT);
  if (!context) return;
  const nowX = Math.round(xOf(scale, picture.now));
  context.fillStyle = inks.past;
  context.fillRect(0, 0, scale.width, THIN_HEIGHT);
  context.fillStyle = inks.future;
  context.fillRect(nowX, 0, scale.width - nowX, THIN_HEIGHT);
  for (const span of score?.spans ?? []) {
    const from = Math.max(0, Math.round(xOf(scale, Date.parse(span.from))));
    const to = Math.min(nowX, Math.round(xOf(scale, Date.parse(span.to))));
    if (to > from) hatch(context, inks, spanWord(span), from, 0, Math.max(2, to - from), THIN_HEIGHT - 13);
  }
  paintRuler(context, inks, picture);
  line(context, inks.staff, 0, STAFF + 0.5, scale.width, STAFF + 0.5);
  if (score) {
    context.globalAlpha = solo ? 0.3 : 1;
    paintBins(context, inks, score, scale, nowX);
    context.globalAlpha = 1;
  }
  if (solo) paintBins(context, inks, solo, scale, nowX);
  paintDraft(context, inks, picture);
  for (const change of seams(scale, score?.offsets ?? [])) seam(context, inks, change.x, THIN_HEIGHT);
  paintFrames(context, inks, picture);
  paintNeedle(context, inks, nowX);
}

function paintDraft(context: CanvasRenderingContext2D, inks: Inks, picture: ThinPicture): void {
  const outline = new Path2D();
  let free = 0;
  for (const at of picture.draft) {
    const x = Math.round(xOf(picture.scale, Date.parse(at)));
    if (x < free || x >= picture.scale.width) continue;
    hollow(outline, x, STAFF, 3, 12);
    free = x + 6;
  }
  context.strokeStyle = inks.accent;
  context.lineWidth = 1;
  context.stroke(outline);
}

function paintFrames(context: CanvasRenderingContext2D, inks: Inks, picture: ThinPicture): void {
  const { scale, lens, brush, pick } = picture;
  if (lens) {
    const from = Math.round(xOf(scale, lens.from));
    const width = Math.round(xOf(scale, lens.to)) - from;
    context.fillStyle = inks.lens;
    context.strokeStyle = inks.lensEdge;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(from + 0.5, 0.5, width - 1, THIN_HEIGHT + 8, 3);
    context.fill();
    context.stroke();
  }
  if (brush) {
    const from = Math.round(xOf(scale, brush.from));
    const to = Math.round(xOf(scale, brush.to));
    context.fillStyle = inks.accentSoft;
    context.fillRect(from, 0, to - from, THIN_HEIGHT);
    for (const edge of [from, to]) {
      line(context, inks.accent, edge + 0.5, 0, edge + 0.5, THIN_HEIGHT);
      context.fillStyle = inks.accent;
      context.fillRect(edge - 1, THIN_HEIGHT / 2 - 7, 3, 14);
    }
  }
  if (pick !== null) {
    const x = Math.round(xOf(scale, pick));
    context.strokeStyle = inks.accent;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(x - 3.5, 0.5, 9, 41, 2);
    context.stroke();
  }
}

function paintNeedle(context: CanvasRenderingContext2D, inks: Inks, x: number): void {
  line(context, inks.needle, x + 0.5, 0, x + 0.5, THIN_HEIGHT);
  context.fillStyle = inks.needle;
  context.beginPath();
  context.moveTo(x - 4, 0);
  context.lineTo(x + 5, 0);
  context.lineTo(x + 0.5, 6);
  context.fill();
}
