import type { QuantisedUnit } from "../store/wire";
import { MISSING } from "../store/wire";

// As `stats/quantise.py` has it.
const LEVELS = 127;
const ROBUST_QUANTILE = 0.995;
const MOST = 4;

/** Values in eight bits; NaN is missing. `bound` is a proven one of |value|, or null for a robust maximum. */
export function quantise(values: Float32Array, bound: number | null): QuantisedUnit {
  const known = values.filter(Number.isFinite).map(Math.abs).sort();
  const peak = known.at(-1) ?? 0;
  const limit = bound ?? (quantile(known) || peak || 1);
  const scale = Math.fround(Math.min(peak, MOST * limit)) || 1;
  const bytes = Int8Array.from(values, (value) =>
    Number.isFinite(value)
      ? Math.max(-LEVELS, Math.min(LEVELS, Math.round((value * LEVELS) / scale)))
      : MISSING,
  );
  return { bytes, scale, limit, peak };
}

/** As numpy's: linear between the two nearest of sorted values. */
function quantile(sorted: Float32Array): number {
  if (!sorted.length) return 0;
  const at = ROBUST_QUANTILE * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  return low + (at % 1) * (sorted[Math.ceil(at)] - low);
}

/** The 16 float bits of a number from 0 to 1. */
export function toHalf(value: number): number {
  if (!(value >= 2 ** -14)) return Math.round((value || 0) * 2 ** 24);
  const exponent = Math.floor(Math.log2(value));
  // A fraction that is rounded up to 1 carries into the exponent.
  return ((exponent + 15) << 10) + Math.round((value / 2 ** exponent - 1) * 1024);
}

/** What two texts have in common at their beginnings and, beyond that, at their ends. */
export function common(a: ArrayLike<unknown>, b: ArrayLike<unknown>): { start: number; end: number } {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let end = 0;
  while (end < most - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return { start, end };
}

/** The values of a text that became another, as long as no better ones are known: NaN for what is new. */
export function carry(
  old: Float32Array,
  length: number,
  { start, end }: { start: number; end: number },
  width = 1,
): Float32Array {
  const values = new Float32Array(length * width).fill(Number.NaN);
  values.set(old.subarray(0, start * width));
  if (end) values.set(old.subarray(old.length - end * width), (length - end) * width);
  return values;
}
