import { signOf } from "../store/signs";

/** A text in one line: signs for newlines, tabs and what else has no shape. */
export const inOneLine = (text: string): string =>
  Array.from(text, (character) => signOf(character) ?? character).join("");
