import type { Label, LabelRule } from "../store/wire";

/** What a label says of another text than the one that it came with; null where that is not known here. */
export type Relabel = (label: Label, original: string, text: string) => Pick<Label, "values" | "high"> | null;

export const relabel: Relabel = ({ rule, values, high }, original, text) => {
  // A rule must say of the original what the label says.
  if (!rule || !apply(rule, original).every((value, i) => Object.is(value, values[i]))) return null;
  const fresh = apply(rule, text);
  return { values: fresh, high: fresh.reduce((a, b) => (Number.isNaN(b) ? a : Math.max(a, b)), high) };
};

/** As the default pairs of Python's `labels.inside_quotes`. */
const CLOSING: Record<string, string> = { '"': '"', "\u201c": "\u201d" };
/** White space as Python has it, less the newline. */
const BLANK = "(?:[^\\S\\n\\ufeff]|[\\x1c-\\x1f\\x85])";
/** A mark, or a blank line. */
const EVENT = new RegExp(`["\u201c\u201d]|\\n${BLANK}*\\n`, "g");

/** What a label says of each character of a text; as Python's `labels`. */
export function apply({ kind, of }: LabelRule, text: string): Float32Array {
  const characters = [...text];
  if (kind === "inside_quotes") return insideQuotes(text);
  if (kind === "line_position") return linePosition(characters);
  if (kind === "next_is")
    return Float32Array.from(characters, (_, i) =>
      i + 1 < characters.length ? Number(of.includes(characters[i + 1])) : Number.NaN,
    );
  const brackets = [...of];
  let depth = 0;
  return Float32Array.from(characters, (character) => {
    const at = brackets.indexOf(character);
    if (at >= 0) depth = Math.max(0, depth + (at % 2 ? -1 : 1));
    return depth;
  });
}

function insideQuotes(text: string): Float32Array {
  const inside = new Float32Array(text.length);
  let start = 0;
  let awaited = "";
  for (const { 0: mark, index } of text.matchAll(EVENT))
    if (!awaited) {
      start = index;
      awaited = CLOSING[mark] ?? "";
    } else if (mark === awaited || mark.length > 1) {
      inside.fill(1, start, index + mark.length - 1);
      awaited = "";
    }
  if (awaited) inside.fill(1, start);
  // Of code units; of a character that has two of them, the last one counts.
  let at = -1;
  return Float32Array.from(text, (character) => {
    at += character.length;
    return inside[at];
  });
}

function linePosition(characters: string[]): Float32Array {
  let position = 0;
  return Float32Array.from(characters, (character, i) => {
    if (character === "\n") position = 0;
    else if (character !== "\r" || characters[i + 1] !== "\n") position++;
    return position;
  });
}
