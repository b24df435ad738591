import type { Tokens } from "../store/tokens";
import { MISSING } from "../store/wire";

/** A stretch of text around one token where a unit is extreme, as Python's `Context` has it. */
export interface Place {
  token: number;
  /** The tokens of the stretch, `[start, stop)`. */
  start: number;
  stop: number;
  /** How often the text up to the place stands in all of it. */
  times: number;
  value: number;
  /** That value less the one before; null at the first token. */
  change: number | null;
  /** At each token of the stretch; null where it is missing. */
  values: (number | null)[];
}

/** What a unit is extreme in, and where it is most so first. */
export type Places = Record<"highest" | "lowest" | "changes most", Place[]>;

/** As many stretches of each sort, and tokens on either side: those of Python's `contexts`. */
const COUNT = 8;
const BEFORE = 40;
const AFTER = 20;

/**
 * Where a unit is highest, lowest and changes most: by the rule of Python's `contexts`, on values of eight bits.
 *
 * From the most extreme token on, of equal ones the earliest; stretches of one sort do not overlap, and those whose
 * text is the same up to the place are one.
 */
export function placesOf(
  tokens: Tokens,
  { bytes, scale }: { bytes: Int8Array; scale: number },
  { count = COUNT, before = BEFORE, after = AFTER } = {},
): Places {
  const value = (t: number) => (bytes[t] === MISSING ? Number.NaN : Math.fround((bytes[t] * scale) / 127));
  const orNull = (number: number) => (Number.isNaN(number) ? null : number);
  const best = (scores: Int16Array) =>
    apart(tokens, scores, { count, before, after }).map((token): Place => {
      const start = Math.max(0, token - before);
      const stop = Math.min(tokens.length, token + after + 1);
      return {
        token,
        start,
        stop,
        times: timesOf(tokens, start, token + 1),
        value: value(token),
        change: token > 0 ? orNull(Math.fround(value(token) - value(token - 1))) : null,
        values: Array.from({ length: stop - start }, (_, i) => orNull(value(start + i))),
      };
    });
  return {
    highest: best(Int16Array.from(bytes, (q) => (q === MISSING ? NONE : q))),
    lowest: best(Int16Array.from(bytes, (q) => (q === MISSING ? NONE : -q))),
    "changes most": best(
      Int16Array.from(bytes, (q, t) => (t > 0 && known(bytes, t - 1, t) ? Math.abs(q - bytes[t - 1]) : NONE)),
    ),
  };
}

/** A token that has no score; scores are from -127 to 254. */
const NONE = -128;
const LEVELS = 383;

const known = (bytes: Int8Array, ...at: number[]) => at.every((t) => bytes[t] !== MISSING);

/** Tokens from the highest score on, of equal ones the earliest, their stretches apart, each text once. */
function apart(
  tokens: Tokens,
  scores: Int16Array,
  { count, before, after }: { count: number; before: number; after: number },
): number[] {
  const width = before + after + 1;
  const free = Uint8Array.from(scores, (score) => Number(score !== NONE));
  const found = new Map<string, number>();
  for (const token of fromHighest(scores)) {
    if (found.size === count) break;
    if (!free[token]) continue;
    free.fill(0, Math.max(0, token - width + 1), token + width);
    const text = between(tokens, Math.max(0, token - before), token + 1);
    if (!found.has(text)) found.set(text, token);
  }
  return [...found.values()];
}

/** Tokens by their scores, sorted by counting. */
function fromHighest(scores: Int16Array): Uint32Array {
  const starts = new Uint32Array(LEVELS + 1);
  for (const score of scores) starts[254 - score + 1]++;
  for (let level = 0; level < LEVELS; level++) starts[level + 1] += starts[level];
  const order = new Uint32Array(scores.length);
  scores.forEach((score, token) => {
    order[starts[254 - score]++] = token;
  });
  return order;
}

const between = (tokens: Tokens, start: number, stop: number) =>
  tokens.text.slice(tokens.start(start), tokens.start(stop));

/** How often a text stands in all of it, none overlapping the one before. */
function timesOf(tokens: Tokens, start: number, stop: number): number {
  const text = between(tokens, start, stop);
  let times = 0;
  for (let at = tokens.text.indexOf(text); at >= 0; at = tokens.text.indexOf(text, at + text.length)) times++;
  return times;
}
