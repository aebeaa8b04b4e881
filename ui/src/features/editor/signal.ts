/** The line between two gates: ragged before conditions have chosen, even after. */

const HEIGHT = 28;
const STEP = 1 / 3;

/** An SVG path, 24 wide and 28 high, that begins and ends in the middle. */
export function signalPath(ragged: boolean): string {
  const points: string[] = [];
  for (let y = 0; y <= HEIGHT; y += STEP) {
    const swell = Math.sin((Math.PI * y) / HEIGHT);
    const wave = ragged
      ? Math.sin(y * 1.9) * 0.5 + Math.sin(y * 3.7 + 1) * 0.35 + Math.sin(y * 0.8 + 2) * 0.3
      : Math.sin((y / HEIGHT) * Math.PI * 4);
    points.push(`${(12 + swell * wave * 6.5).toFixed(1)} ${y.toFixed(1)}`);
  }
  return `M${points.join("L")}`;
}
