/** Numbers as people read them: a real minus sign, a sign and one decimal for levels. */

const MINUS = "\u2212";

/** `−6.2`, `+0.3`, `0.0`, `−∞`. */
export function level(db: number): string {
  if (db === -Infinity || db < -99.9) return `${MINUS}∞`;
  const text = Math.abs(db).toFixed(1);
  if (text === "0.0") return text;
  return (db < 0 ? MINUS : "+") + text;
}

/** The same without a sign for what is positive: loudness figures, phase. */
export const signed = (value: number, digits: number): string => {
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? MINUS : "") + text;
};

/** Whole milliseconds, rounded up: never better than the truth. */
export const ms = (value: number | undefined): string => (value === undefined ? "–" : `${Math.ceil(value - 1e-6)} ms`);

export const count = (value: number): string => value.toLocaleString("en-GB");
