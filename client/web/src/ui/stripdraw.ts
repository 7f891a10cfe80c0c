/** The picture of the last minutes, calmer than the meters: peaks grey, RMS solid; a mark beneath where sound was concealed. */
import { place } from "../lib/meter/ballistics";
import type { Inks, Sheet } from "./canvas";

export interface Column {
  peakDb: number;
  rmsDb: number;
  concealed: boolean;
}

export const COLUMNS = 360;
export const COLUMN_MS = 500;
/** The row of marks, then the scale of minutes. */
export const MARK_PX = 8;
export const FOOT_PX = 20;
/** Levels stand beside the picture. */
export const SIDE_PX = 32;
const TEXT_PX = 13;
const LINES_DB: readonly number[] = [-40, -24, -12, -6, 0];
/** Those named where there is little room. */
const FEW_DB: readonly number[] = [-24, -6];
const CROWDED_PX = 120;
const COLUMNS_PER_MINUTE = 60_000 / COLUMN_MS;
/** A picture lower than this has no room for its scales. */
const LOW_PX = 64;

/** Draws the columns, the newest at the right edge. */
export function drawStrip({ context, width, height }: Sheet, ink: Inks, columns: readonly Column[]): void {
  const low = height < LOW_PX;
  const wide = low ? width : width - SIDE_PX;
  const high = height - MARK_PX - (low ? 0 : FOOT_PX);
  context.font = `${TEXT_PX}px system-ui, sans-serif`;
  if (!low) drawLevels(context, ink, wide, high);
  columns.forEach((column, at) => drawColumn(context, ink, wide, high, COLUMNS - columns.length + at, column));
  context.fillStyle = ink.edge;
  context.fillRect(0, high, wide, 1);
  if (!low) drawMinutes(context, ink, wide, high);
}

function drawColumn(context: CanvasRenderingContext2D, ink: Inks, wide: number, high: number, at: number, column: Column): void {
  const x = Math.round((at * wide) / COLUMNS);
  const w = Math.round(((at + 1) * wide) / COLUMNS) - x;
  const bar = (db: number, colour: string) => {
    const tall = Math.round(place(db) * high);
    context.fillStyle = colour;
    context.fillRect(x, high - tall, w, tall);
  };
  bar(column.peakDb, ink.line);
  bar(Math.min(column.rmsDb, column.peakDb), ink.accentDim);
  if (!column.concealed) return;
  context.fillStyle = ink.amber;
  context.fillRect(x, high + 2, Math.max(2, w), MARK_PX - 2);
}

function drawLevels(context: CanvasRenderingContext2D, ink: Inks, wide: number, high: number): void {
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const db of LINES_DB) {
    const y = Math.round((1 - place(db)) * high);
    context.fillStyle = ink.line;
    context.fillRect(0, y, wide, 1);
    if (high < CROWDED_PX && !FEW_DB.includes(db)) continue;
    context.fillStyle = ink.quiet;
    context.fillText(db === 0 ? "0" : `\u2212${-db}`, wide + SIDE_PX, Math.max(TEXT_PX / 2 + 1, y));
  }
}

function drawMinutes(context: CanvasRenderingContext2D, ink: Inks, wide: number, high: number): void {
  context.textBaseline = "bottom";
  for (const minutes of [3, 2, 1, 0]) {
    const x = Math.round((wide * (COLUMNS - minutes * COLUMNS_PER_MINUTE)) / COLUMNS);
    context.fillStyle = ink.edge;
    context.fillRect(Math.min(x, wide - 1), high, 1, MARK_PX);
    context.fillStyle = ink.quiet;
    context.textAlign = minutes === 3 ? "left" : minutes === 0 ? "right" : "center";
    context.fillText(minutes === 0 ? "now" : `\u2212${minutes} min`, x, high + MARK_PX + FOOT_PX);
  }
}
