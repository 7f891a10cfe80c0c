/** The picture of the level bars: RMS solid, peak lighter, held peak as a line, the scale beneath. */
import { place, TICKS_DB, type Bar } from "../lib/meter/ballistics";
import type { Inks, Sheet } from "./canvas";

export const BAR_PX = 32;
export const GAP_PX = 8;
const SCALE_PX = 16;
/** Room for half a label at both ends. */
export const SIDE_PX = 12;

export interface Level {
  bar: Bar;
  rmsDb: number;
}

export function drawMeters({ context, width }: Sheet, ink: Inks, levels: readonly Level[]): void {
  const long = width - 2 * SIDE_PX;
  levels.forEach((level, row) => drawBar(context, ink, level, long, row * (BAR_PX + GAP_PX)));
  drawScale(context, ink, long, levels.length * (BAR_PX + GAP_PX));
}

function drawBar(context: CanvasRenderingContext2D, ink: Inks, { bar, rmsDb }: Level, long: number, y: number): void {
  const rect = (from: number, to: number, colour: string) => {
    context.fillStyle = colour;
    context.fillRect(SIDE_PX + from * long, y, (to - from) * long, BAR_PX);
  };
  rect(0, 1, ink.line);
  const peak = place(bar.level);
  rect(0, peak, ink.accentDim);
  rect(0, Math.min(peak, place(rmsDb)), ink.accent);
  const held = place(bar.held);
  if (held > 0) {
    context.fillStyle = ink.text;
    context.fillRect(SIDE_PX + held * long - 2, y, 3, BAR_PX);
  }
}

function drawScale(context: CanvasRenderingContext2D, ink: Inks, long: number, y: number): void {
  context.font = `${SCALE_PX}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "top";
  const crowded = long < 420;
  for (const db of TICKS_DB) {
    const x = SIDE_PX + place(db) * long;
    context.fillStyle = ink.quiet;
    context.fillRect(Math.round(x), y - GAP_PX, 1, 6);
    if (crowded && [-40, -24, -9, -3].includes(db)) continue;
    context.fillStyle = ink.text;
    context.fillText(String(Math.abs(db)), x, y + 2);
  }
}
