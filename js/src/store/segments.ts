import { lastNotAbove, type Tokens } from "./tokens";
import type { Label } from "./wire";

const SENTENCE = /[.!?…]+["'”’»)\]]*\s+|\n\s*\n/g;

/**
 * Where the segments of a text begin, in tokens: runs of one value of a label, or without one the sentences.
 *
 * The first is 0. A class is asked before each: what will the unit do here?
 */
export function segments(tokens: Tokens, label: Label | undefined): Uint32Array {
  const starts = [0];
  if (label) {
    const { values } = label;
    for (let t = 1; t < values.length; t++) if (!Object.is(values[t], values[t - 1])) starts.push(t);
  } else {
    for (const { index, 0: end } of tokens.text.matchAll(SENTENCE)) {
      const next = index + end.length;
      if (next >= tokens.text.length) continue;
      const token = tokens.at(next);
      if (token > starts[starts.length - 1]) starts.push(token);
    }
  }
  return Uint32Array.from(starts);
}

/** The last token of the segment that comes next after `cursor`, or of the one before the last that was begun. */
export function segmentEnd(starts: Uint32Array, cursor: number, length: number, step: 1 | -1): number {
  const at = lastNotAbove(starts, step > 0 ? cursor + 1 : Math.max(0, cursor), starts.length - 1);
  return step > 0 ? (starts[at + 1] ?? length) - 1 : starts[at] - 1;
}
