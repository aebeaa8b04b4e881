/** Drawing on canvas: one path a colour, positions on device pixels, colours from the theme's tokens. */

const TOKENS = {
  past: "--score-past",
  future: "--score-future",
  grid: "--score-grid",
  staff: "--score-staff",
  ok: "--score-ok",
  fail: "--fail",
  late: "--late",
  lost: "--lost",
  mute: "--mute",
  run: "--run",
  hollow: "--score-hollow",
  needle: "--needle",
  needleLabel: "--needle-label",
  needleText: "--needle-text",
  onStatus: "--on-status",
  accent: "--accent",
  accentSoft: "--accent-soft",
  lens: "--lens",
  lensEdge: "--line-3",
  dim: "--text-3",
  bright: "--text-1",
} as const;

export type Ink = keyof typeof TOKENS;
export type Inks = Readonly<Record<Ink, string>>;

/** The theme's colours as they stand. */
export function readInks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const inks = {} as Record<Ink, string>;
  for (const ink of Object.keys(TOKENS) as Ink[])
    inks[ink] = style.getPropertyValue(TOKENS[ink]).trim() || "#888";
  return inks;
}

/** Fits a canvas to its place and clears it. Null where there is nothing to draw on. */
export function prepare(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  if (!context) return null;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Gathers rectangles by colour and fills each colour once. */
export class Fills {
  readonly #paths = new Map<Ink, Path2D>();

  rect(ink: Ink, x: number, y: number, width: number, height: number): void {
    let path = this.#paths.get(ink);
    if (!path) this.#paths.set(ink, (path = new Path2D()));
    path.rect(x, y, width, height);
  }

  fill(context: CanvasRenderingContext2D, inks: Inks): void {
    for (const [ink, path] of this.#paths) {
      context.fillStyle = inks[ink];
      context.fill(path);
    }
  }
}

/** A bar that has not happened yet: its outline, open at the staff. */
export function hollow(path: Path2D, x: number, staff: number, width: number, height: number): void {
  path.moveTo(x + 0.5, staff);
  path.lineTo(x + 0.5, staff - height + 0.5);
  path.lineTo(x + width + 0.5, staff - height + 0.5);
  path.lineTo(x + width + 0.5, staff);
}

/** A bar that should have happened and did not: its outline in dots. */
export function dotted(context: CanvasRenderingContext2D, ink: string, path: Path2D): void {
  context.save();
  context.setLineDash([1.5, 1.5]);
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.stroke(path);
  context.restore();
}

export function line(
  context: CanvasRenderingContext2D,
  ink: string,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
): void {
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** How far apart the lines of a hatching lie, and which way they lean. */
const HATCHES = { asleep: { step: 7, falls: false }, stopped: { step: 5, falls: true } } as const;

/** A time in which nothing could happen: lines that rise where the machine slept, that fall where the engine stood. */
export function hatch(
  context: CanvasRenderingContext2D,
  inks: Inks,
  kind: keyof typeof HATCHES,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = inks.past;
  context.fillRect(x, y, width, height);
  context.strokeStyle = inks.staff;
  context.lineWidth = 1;
  context.beginPath();
  const { step, falls } = HATCHES[kind];
  for (let at = Math.floor((x - height) / step) * step; at < x + width; at += step) {
    context.moveTo(at, falls ? y : y + height);
    context.lineTo(at + height, falls ? y + height : y);
  }
  context.stroke();
  context.restore();
}

/** Where clocks change: two dashed lines. */
export function seam(context: CanvasRenderingContext2D, inks: Inks, x: number, height: number): void {
  context.save();
  context.setLineDash([3, 2]);
  line(context, inks.late, Math.round(x) - 1.5, 0, Math.round(x) - 1.5, height);
  line(context, inks.late, Math.round(x) + 1.5, 0, Math.round(x) + 1.5, height);
  context.restore();
}

export function font(context: CanvasRenderingContext2D, size: number, weight = 400): void {
  context.font = `${weight} ${size}px Inter, system-ui, sans-serif`;
}
