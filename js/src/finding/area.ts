import { MISSING, type StateInfo } from "../store/wire";
import { type Stretch, tokensIn } from "./stretches";

/** A unit of a state, by its number. */
export interface Column {
  state: StateInfo;
  unit: number;
}

/** A unit, and how well it tells what is marked from the rest. */
export interface Found {
  state: string;
  unit: number;
  /** 1 where it is high in what is marked, -1 where it is low. */
  sign: 1 | -1;
  /** The area under the ROC curve, from 0.5 on, where it was chosen. */
  score: number;
  /** The same with that sign where it was not chosen, from 0 on; NaN where nobody looked. */
  heldOut: number;
}

/** Kinds of states, which come last in their names; what has another name is a layer of its own. */
const KINDS = /^(.+)\.(h|pre|r|z|n|c|tanh_c|i|f|g|o)$/;

/**
 * The centred rank of each of the 256 values that a column may have, among its own: from -0.5 to 0.5, ties in the middle.
 *
 * Null for a column that holds a missing value: its ranks are not known, and Python leaves it out, too.
 */
export function ranks(bytes: Int8Array): Float64Array | null {
  const counts = new Int32Array(256);
  for (let t = 0; t < bytes.length; t++) counts[bytes[t] + 128]++;
  if (counts[MISSING + 128]) return null;
  const centred = new Float64Array(256);
  let below = 0;
  for (let level = 0; level < 256; level++) {
    centred[level] = (below + counts[level] / 2) / bytes.length - 0.5;
    below += counts[level];
  }
  return centred;
}

/**
 * The area under the ROC curve less a half, of a column for stretches of it: its sign is the column's.
 *
 * The sum of the centred ranks of what is marked, over n1 n0 / n: the statistic of Mann and Whitney. Exact for the
 * eight-bit values, of which equal ones count half. NaN where it is not known.
 */
export function gain(bytes: Int8Array, marked: readonly Stretch[]): number {
  const centred = ranks(bytes);
  if (!centred) return Number.NaN;
  let sum = 0;
  for (const [start, stop] of marked) for (let t = start; t < stop; t++) sum += centred[bytes[t] + 128];
  return sum / pairs(marked, bytes.length);
}

/** n1 n0 / n. */
export function pairs(marked: readonly Stretch[], length: number): number {
  const count = tokensIn(marked);
  return (count * (length - count)) / length;
}

/** One row for each unit of each layer, the best of its kinds, the best first: as Python's `best_of_kinds`. */
export function bestOfKinds(
  columns: readonly Column[],
  gains: ArrayLike<number>,
  heldOut?: ArrayLike<number>,
): Found[] {
  const best = new Map<string, Found>();
  columns.forEach(({ state, unit }, i) => {
    if (Number.isNaN(gains[i])) return;
    const sign = gains[i] < 0 ? -1 : 1;
    const found: Found = {
      state: state.name,
      unit,
      sign,
      score: 0.5 + Math.abs(gains[i]),
      heldOut: 0.5 + sign * (heldOut?.[i] ?? Number.NaN),
    };
    const key = `${KINDS.exec(state.name)?.[1] ?? state.name} ${state.of} ${unit}`;
    if (!(found.score <= (best.get(key)?.score ?? 0))) best.set(key, found);
  });
  return [...best.values()].sort((a, b) => b.score - a.score);
}
