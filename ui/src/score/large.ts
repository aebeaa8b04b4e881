/** Paints the lanes of the large score. */
import type { ScoreSpan, ZoneOffset } from "$/contract";
import { rulerStep, seams, ticks, xOf, type Scale } from "./geometry";
import { LANE_HEIGHT, STAFF, type Box, type RunMarkBox } from "./lanes";
import { dotted, Fills, font, hatch, hollow, line, prepare, seam, type Ink, type Inks } from "./paint";

import { spanWord } from "./past";

export const RULER_HEIGHT = 22;

export interface LargePicture {
  readonly scale: Scale;
  readonly now: number;
  /** What the needle's label says: `21:42:08`. */
  readonly clock: string;
  readonly lanes: number;
  readonly boxes: readonly Box[];
  readonly spans: readonly ScoreSpan[];
  readonly offsets: readonly ZoneOffset[];
  /** The run with the cursor. */
  readonly cursor: number | null;
}

export function largeHeight(lanes: number): number {
  return lanes * LANE_HEIGHT + RULER_HEIGHT;
}

export function paintLarge(canvas: HTMLCanvasElement, inks: Inks, picture: LargePicture): void {
  const { scale, boxes } = picture;
  const tall = picture.lanes * LANE_HEIGHT;
  const context = prepare(canvas, scale.width, tall + RULER_HEIGHT);
  if (!context) return;
  const nowX = Math.round(xOf(scale, picture.now));
  context.fillStyle = inks.past;
  context.fillRect(0, 0, scale.width, tall + RULER_HEIGHT);
  if (nowX < scale.width) {
    context.fillStyle = inks.future;
    context.fillRect(Math.max(0, nowX), 0, scale.width - Math.max(0, nowX), tall + RULER_HEIGHT);
  }
  const marks = ticks(scale, picture.offsets, rulerStep(scale, 44), true);
  for (const mark of marks)
    line(context, inks.grid, Math.round(mark.x) + 0.5, 0, Math.round(mark.x) + 0.5, tall);
  paintSpans(context, inks, picture, tall, nowX);
  for (let lane = 0; lane < picture.lanes; lane++) {
    const y = lane * LANE_HEIGHT + STAFF + 0.5;
    line(context, inks.staff, 0, y, scale.width, y);
  }
  paintBoxes(context, inks, boxes, picture.cursor);
  paintRuler(context, inks, picture, tall, nowX, marks);
}

function paintSpans(
  context: CanvasRenderingContext2D,
  inks: Inks,
  picture: LargePicture,
  tall: number,
  nowX: number,
): void {
  for (const span of picture.spans) {
    const from = Math.max(0, Math.round(xOf(picture.scale, Date.parse(span.from))));
    const to = Math.min(picture.scale.width, nowX, Math.round(xOf(picture.scale, Date.parse(span.to))));
    if (to <= from) continue;
    const word = spanWord(span);
    hatch(context, inks, word, from, 0, Math.max(2, to - from), tall);
    font(context, 10);
    const width = context.measureText(word).width;
    if (width + 6 > to - from) continue;
    context.fillStyle = inks.past;
    context.fillRect((from + to - width) / 2 - 3, 3, width + 6, 12);
    context.fillStyle = inks.dim;
    context.textBaseline = "alphabetic";
    context.fillText(word, (from + to - width) / 2, 12.5);
  }
}

const HANGS: readonly Ink[] = ["fail", "late", "mute", "lost"];

function paintBoxes(
  context: CanvasRenderingContext2D,
  inks: Inks,
  boxes: readonly Box[],
  cursor: number | null,
): void {
  const fills = new Fills();
  const [outline, missed, odd] = [new Path2D(), new Path2D(), new Path2D()];
  const heads: RunMarkBox[] = [];
  for (const box of boxes) {
    const staff = box.lane * LANE_HEIGHT + STAFF;
    if (box.kind === "fire") hollow(box.note === null ? outline : odd, box.x, staff, box.width, 12);
    else if (box.kind === "missed") hollow(missed, box.x, staff, box.width, 12);
    else if (box.kind === "run" && box.mark === "wait") hollow(outline, box.x, staff, box.width, 12);
    else if (box.kind === "run" && box.rise > 0)
      fills.rect(box.mark as Ink, box.x, staff - box.rise, box.width, box.rise);
    else if (box.kind === "run") {
      fills.rect(box.mark as Ink, box.x, staff + 1, box.width, 4);
      heads.push(box);
    }
  }
  fills.fill(context, inks);
  context.strokeStyle = inks.hollow;
  context.lineWidth = 1;
  context.stroke(outline);
  context.strokeStyle = inks.late;
  context.stroke(odd);
  dotted(context, inks.late, missed);
  for (const box of boxes)
    if (box.kind === "band") paintBand(context, inks, box.x, box.lane * LANE_HEIGHT + 8, box.width, box.text);
  for (const box of heads) paintHead(context, inks, box);
  const picked = boxes.find((box) => box.kind === "run" && box.run.id === cursor);
  if (picked) {
    context.strokeStyle = inks.accent;
    context.lineWidth = 1.5;
    context.strokeRect(picked.x - 3.5, picked.lane * LANE_HEIGHT + 2.5, picked.width + 7, LANE_HEIGHT - 4);
  }
}

/** The head says the status once more by its shape: diamond, square, ring, broken ring. */
function paintHead(context: CanvasRenderingContext2D, inks: Inks, box: RunMarkBox): void {
  const ink = HANGS.find((other) => other === box.mark) ?? "mute";
  const x = box.x + 1.5;
  const y = box.lane * LANE_HEIGHT + STAFF + 6.5;
  context.fillStyle = inks[ink];
  context.strokeStyle = inks[ink];
  context.beginPath();
  if (ink === "fail") {
    context.moveTo(x, y - 5);
    context.lineTo(x + 5, y);
    context.lineTo(x, y + 5);
    context.lineTo(x - 5, y);
    context.fill();
  } else if (ink === "late") {
    context.roundRect(x - 3.5, y - 3.5, 7, 7, 1.5);
    context.fill();
  } else {
    context.arc(x, y, 3, 0, Math.PI * 2);
    context.fillStyle = inks.past;
    context.fill();
    context.lineWidth = 1.5;
    context.setLineDash(ink === "lost" ? [3.2, 1.6] : []);
    context.stroke();
    context.setLineDash([]);
  }
}

function paintBand(
  context: CanvasRenderingContext2D,
  inks: Inks,
  x: number,
  y: number,
  width: number,
  text: string,
): void {
  context.save();
  context.beginPath();
  context.roundRect(x + 0.5, y + 0.5, width + 4, 12, 2);
  context.strokeStyle = inks.hollow;
  context.lineWidth = 1;
  context.stroke();
  context.clip();
  context.strokeStyle = inks.grid;
  context.beginPath();
  for (let at = x + 6.5; at < x + width; at += 6) {
    context.moveTo(at, y + 1);
    context.lineTo(at, y + 12);
  }
  context.stroke();
  font(context, 10);
  context.fillStyle = inks.dim;
  context.textBaseline = "alphabetic";
  context.fillText(text, x + 7, y + 10);
  context.restore();
}

function label(
  context: CanvasRenderingContext2D,
  ground: string,
  ink: string,
  text: string,
  x: number,
  y: number,
  room: number,
): void {
  font(context, 10, 600);
  context.textBaseline = "alphabetic";
  const width = context.measureText(text).width + 8;
  const left = Math.max(0, Math.min(room - width, x - width / 2));
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(left, y, width, 15, 2);
  context.fill();
  context.fillStyle = ink;
  context.fillText(text, left + 4, y + 11);
}

function paintRuler(
  context: CanvasRenderingContext2D,
  inks: Inks,
  picture: LargePicture,
  top: number,
  nowX: number,
  marks: readonly { x: number; label: string; day: boolean }[],
): void {
  const { scale } = picture;
  line(context, inks.staff, 0, top + 0.5, scale.width, top + 0.5);
  const changes = seams(scale, picture.offsets);
  const taken = [nowX, ...changes.map((change) => change.x)].map((x) => ({ from: x - 28, to: x + 28 }));
  context.textBaseline = "alphabetic";
  // Days before hours: an hour that has no room beside a day is left out.
  for (const mark of marks.toSorted((a, b) => Number(b.day) - Number(a.day))) {
    font(context, 11, mark.day ? 500 : 400);
    const room = { from: mark.x + 3, to: mark.x + 3 + context.measureText(mark.label).width };
    if (room.to > scale.width || taken.some((other) => other.from < room.to + 6 && other.to > room.from - 6))
      continue;
    taken.push(room);
    context.fillStyle = mark.day ? inks.bright : inks.dim;
    context.fillText(mark.label, room.from, top + 15);
  }
  for (const change of changes) {
    seam(context, inks, change.x, top + 4);
    label(context, inks.late, inks.onStatus, change.label, change.x, top + 4, scale.width);
  }
  if (nowX < 0 || nowX > scale.width) return;
  line(context, inks.needle, nowX + 0.5, 0, nowX + 0.5, top + RULER_HEIGHT);
  label(context, inks.needleLabel, inks.needleText, picture.clock, nowX, top + 4, scale.width);
}
