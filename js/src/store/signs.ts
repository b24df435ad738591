import signs from "../signs.json";

const MARK = /^\p{M}$/u;
const SHAPELESS = /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]$/u;
const WIDE = new RegExp(
  `^[${signs.wide.replace(/\w+/g, "\\u{$&}").replaceAll(" ", "")}\\p{Emoji_Presentation}]`,
  "u",
);
const EMOJI_STYLE = "\ufe0f";

/** A visible sign for a blank, where it stands alone. */
export const BLANK = signs.blank;

/** Columns between tab stops: 8 as C programmers have it, 4 where there is little room. */
export const tabStops = (columns: number) => (columns < signs.tab.below ? signs.tab.narrow : signs.tab.stop);

/**
 * A visible sign for a character that has no shape of its own, or null; Python reads the same table.
 *
 * @example signOf("\n") === "↵"
 */
export function signOf(character: string): string | null {
  const code = character.codePointAt(0) ?? 0;
  if (character === "\n") return signs.newline;
  if (character === "\t") return signs.tabulator;
  if (code < 32) return String.fromCharCode(signs.firstControl.charCodeAt(0) + code);
  if (code < 127) return null;
  if (code === 127) return signs.delete;
  if (MARK.test(character)) return signs.shapeless + character;
  if (code >= 0xd800 && code <= 0xdfff) return signs.surrogate;
  return SHAPELESS.test(character) ? signs.shapeless : null;
}

/** Columns of a character with what combines with it: 2 for Han, Hangul and what is drawn as a picture. */
export function columnsOf(cluster: string): number {
  return WIDE.test(cluster) || cluster.includes(EMOJI_STYLE) ? 2 : 1;
}
