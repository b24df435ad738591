import { pairs, ranks } from "./area";
import { type Stretch, within } from "./stretches";

/** Labels of chance: as many as Python's `rank_units` takes. */
export const SHIFTS = 199;
/** Fewer stretches than this in a part illustrate, and measure nothing. */
export const ENOUGH = 20;

/** Where a text is cut so that the earlier half of the stretches is before: as Python's `score_marked` has it. */
export function cutOf(marked: readonly Stretch[]): number {
  const later = Math.ceil(marked.length / 2);
  return Math.floor((marked[later - 1][1] + marked[later][0] + 1) / 2);
}

/** One part of a text: what of it is marked, and labels of chance for it. */
export interface Part {
  from: number;
  to: number;
  marked: Stretch[];
  chance: Stretch[][];
}

/** A part of a text with labels of chance: what is marked, read forth and back in a circle, from random places on. */
export function partOf(marked: readonly Stretch[], from: number, to: number, random: () => number): Part {
  const length = to - from;
  const own = within(marked, from, to);
  // Forth, back and forth again; windows near the beginning are still the label itself.
  const mirrored = own.map(([start, stop]): Stretch => [2 * length - stop, 2 * length - start]).reverse();
  const again = own.map(([start, stop]): Stretch => [2 * length + start, 2 * length + stop]);
  const circle = [...own, ...mirrored, ...again];
  const least = Math.max(1, Math.floor(length / 20));
  const window = () => {
    const start = least + Math.floor(random() * (2 * length - 2 * least + 1));
    return within(circle, start, start + length);
  };
  const chance = Array.from({ length: SHIFTS }, () => {
    let label = window();
    // One that holds nowhere, or everywhere, can be followed by nothing.
    for (let tries = 0; tries < 1000 && !(pairs(label, length) > 0); tries++) label = window();
    return label;
  });
  return { from, to, marked: own, chance };
}

/** The gains of a column on a part: for what is marked, then for each label of chance. */
export function gains(bytes: Int8Array, { from, to, marked, chance }: Part): Float64Array | null {
  const column = bytes.subarray(from, to);
  const centred = ranks(column);
  if (!centred) return null;
  const sums = new Float64Array(column.length + 1);
  for (let t = 0; t < column.length; t++) sums[t + 1] = sums[t] + centred[column[t] + 128];
  const of = (label: readonly Stretch[]) => {
    let sum = 0;
    for (const [start, stop] of label) sum += sums[stop] - sums[start];
    return sum / pairs(label, column.length);
  };
  return Float64Array.of(of(marked), ...chance.map(of));
}

/** What is chosen for each label of chance on one part, and what the other says of it. */
export class Chance {
  readonly #best = new Float64Array(SHIFTS);
  readonly #scores = new Float64Array(SHIFTS).fill(0.5);

  /** Takes a column's gains on both parts. */
  take(a: Float64Array, b: Float64Array): void {
    for (let s = 0; s < SHIFTS; s++) {
      const strength = Math.abs(a[s + 1]);
      if (!(strength > this.#best[s])) continue;
      this.#best[s] = strength;
      this.#scores[s] = 0.5 + Math.sign(a[s + 1]) * b[s + 1];
    }
  }

  /** The score that 5 % of the labels of chance exceed. */
  get level(): number {
    const sorted = this.#scores.slice().sort();
    const at = 0.95 * (SHIFTS - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[low + 1] - sorted[low]);
  }
}

/** Numbers from 0 to 1 that are the same each time (Mulberry32, T. Ettinger 2017). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
