/** What the relay makes of a text before it keeps it: the same cleaning as `protocol::text`. */

const LINE_ENDS = /\r\n|[\r\n\u2028\u2029]/gu;
/** Taken out: control characters, what reorders text, what has no width, what is no character. */
const HIDDEN =
  /[\p{Cc}\u{200b}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{ad}\u{180e}\u{34f}\u{fff9}-\u{fffb}\u{e0000}-\u{e0fff}\p{Noncharacter_Code_Point}]/u;
const HIDDEN_BUT_LINE_FEED = new RegExp(`(?!\\n)${HIDDEN.source}`, "gu");
/** Joiners and marks of direction: kept inside a text, but nothing by themselves. */
const NOTHING = /^[\s\u{200c}-\u{200f}\u{61c}]*$/u;

export type Fit = { text: string } | "empty" | "too_long";

/** A text of several lines, of at most `most` characters. */
export const lines = (text: string, most: number): Fit => fit(clean(text, "\n"), most);

/** A text of one line. */
export const line = (text: string, most: number): Fit => fit(clean(text, " "), most);

export const hasHidden = (text: string): boolean => HIDDEN.test(text);

/** As the relay counts: whole characters, also those that are two in JavaScript. */
export const length = (text: string): number => [...text].length;

const clean = (text: string, lineEnd: string): string =>
  text.replace(LINE_ENDS, lineEnd).replaceAll("\t", " ").replace(HIDDEN_BUT_LINE_FEED, "");

function fit(cleaned: string, most: number): Fit {
  const text = cleaned.trim();
  if (NOTHING.test(text)) return "empty";
  return length(text) > most ? "too_long" : { text };
}
