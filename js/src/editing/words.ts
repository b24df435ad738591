/** A character as one speaks of it. */
export const named = (character: string) =>
  character === " " ? "a space" : character === "\n" ? "a newline" : character;

export const signed = (value: number) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

export const NEWLINE = "\u21b5";
export const BLANK = "\u2423";
export const TAB = "\u21e5";

/** What is drawn of a character. */
export const sign = (character: string) =>
  character === "\n" ? NEWLINE : character === "\t" ? TAB : character;
