/** The picture of the level bars: RMS solid, peak lighter, held peak as a line, the scale beneath. */
import { place, TICKS_DB, type Bar } from "../lib/meter/ballistics";
import type { Inks, Sheet } from "./canvas";

const GAP_PX = 8;
const SCALE_PX = 16;
/** The scale and its ticks beneath the bars. */
const FOOT_PX = 20;
/** A scale shorter than this names few of its ticks. */
const CROWDED_PX = 460;
const FEW_DB: readonly number[] = [-60, -30, -12, -6, 0];
/** Room for half a label at both ends. */
const SIDE_PX = 18;

export interface Level {
  bar: Bar;
  rmsDb: number;
}

export function drawMeters({ context, width, height }: Sheet, ink: Inks, levels: readonly Level[]): void {
  const long = width - 2 * SIDE_PX;
  const high = (height - FOOT_PX) / levels.length - GAP_PX;
  levels.forEach((level, row) => {
    const sheet = { context, width: long, height: high };
    drawBar(sheet, ink, level, row * (high + GAP_PX));
  });
  drawScale(context, ink, long, height - FOOT_PX);
}

function drawBar({ context, width, height }: Sheet, ink: Inks, { bar, rmsDb }: Level, y: number): void {
  const rect = (from: number, to: number, colour: string) => {
    context.fillStyle = colour;
    context.fillRect(SIDE_PX + from * width, y, (to - from) * width, height);
  };
  rect(0, 1, ink.line);
  const peak = place(bar.level);
  rect(0, peak, ink.accentDim);
  rect(0, Math.min(peak, place(rmsDb)), ink.accent);
  for (const db of TICKS_DB.slice(1, -1)) {
    context.fillStyle = ink.panel;
    context.fillRect(Math.round(SIDE_PX + place(db) * width), y, 1, height);
  }
  const held = place(bar.held);
  if (held > 0) {
    context.fillStyle = ink.text;
    context.fillRect(SIDE_PX + held * width - 2, y, 3, height);
  }
}

function drawScale(context: CanvasRenderingContext2D, ink: Inks, long: number, y: number): void {
  context.font = `${SCALE_PX}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const db of TICKS_DB) {
    const x = SIDE_PX + place(db) * long;
    context.fillStyle = ink.quiet;
    context.fillRect(Math.round(x), y - GAP_PX, 1, 6);
    if (long < CROWDED_PX && !FEW_DB.includes(db)) continue;
    context.fillStyle = ink.text;
    context.fillText(db === 0 ? "0" : `\u2212${-db}`, x - (db === 0 ? 0 : 4), y + 2);
  }
}
