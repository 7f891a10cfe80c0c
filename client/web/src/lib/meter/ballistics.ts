/** How a level moves on the screen: attack at once, fall 20 dB in 1.7 s (IEC 60268-18), peak held for 2 s. */

const FLOOR_DB = -60;
const FALL_DB_PER_MS = 20 / 1700;
const HOLD_MS = 2000;

export class Bar {
  level = -Infinity;
  held = -Infinity;
  over = false;
  #at = 0;
  #heldAt = 0;

  /** Takes the largest level in dBFS since the last call, and whether a sample was at full scale. */
  handle(peakDb: number, nowMs: number, over = false): void {
    const fallen = this.level - (nowMs - this.#at) * FALL_DB_PER_MS;
    this.level = fallen < FLOOR_DB - 20 ? peakDb : Math.max(peakDb, fallen);
    this.#at = nowMs;
    if (this.level >= this.held || nowMs - this.#heldAt > HOLD_MS) {
      this.held = this.level;
      this.#heldAt = nowMs;
    }
    this.over ||= over;
  }
}

/**
 * Place of a level on the scale, 0 … 1 for −60 … 0 dBFS: linear in dB in three parts, so that the top, where the work
 * is, has the room.
 */
export function place(db: number): number {
  if (!(db > FLOOR_DB)) return 0;
  if (db <= -30) return (0.3 * (db + 60)) / 30;
  if (db <= -12) return 0.3 + (0.34 * (db + 30)) / 18;
  return Math.min(1, 0.64 + (0.36 * (db + 12)) / 12);
}

export const TICKS_DB = [-60, -40, -30, -24, -18, -12, -9, -6, -3, 0] as const;
