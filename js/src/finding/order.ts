import { MISSING } from "../store/wire";
import type { Row } from "./search";
import { correlation, type Strip, variance } from "./window";

/** What units can be sorted by, and how that is called. */
export const ORDERS = {
  number: "number",
  ranking: "ranking",
  similar: "similarity",
  variance: "variance",
  cursor: "value at the cursor",
} as const;
export type Order = keyof typeof ORDERS;

/** What an order goes by. */
export interface Basis {
  /** The unit that others are compared with, if it is known. */
  like: Strip | undefined;
  /** Where in the strips the cursor is; -1 where it is not on screen. */
  at: number;
  /** Ranked units, best first. */
  ranked: readonly Pick<Row, "state" | "unit">[];
}

/** A strip in its place, and the number that it is sorted by; NaN for none. */
export interface SortedStrip {
  strip: Strip;
  key: string;
  number: number;
}

/** What a unit is known by in a list. */
export const keyOf = (state: string, unit: number) => `${unit} ${state}`;

/** Strips in an order, the pinned ones first. */
export function sorted(
  strips: readonly Strip[],
  order: Order,
  { like, at, ranked }: Basis,
  pinned: ReadonlySet<string>,
): SortedStrip[] {
  const places = new Map(ranked.map(({ state, unit }, i) => [keyOf(state, unit), i + 1]));
  const numbers: Record<Order, (strip: Strip, key: string) => number> = {
    number: () => Number.NaN,
    ranking: (_, key) => places.get(key) ?? Number.NaN,
    similar: ({ bytes }) => (like ? correlation(bytes, like.bytes) : Number.NaN),
    variance,
    cursor: ({ bytes, scale }) =>
      at < 0 || at >= bytes.length || bytes[at] === MISSING ? Number.NaN : (bytes[at] * scale) / 127,
  };
  const rows = strips.map((strip) => {
    const key = keyOf(strip.column.state.name, strip.column.unit);
    return { strip, key, number: numbers[order](strip, key) };
  });
  // High first; a ranking begins with 1. What is like another one may be so with the other sign.
  const high = (number: number) =>
    order === "ranking" ? -number : order === "similar" ? Math.abs(number) : number;
  const compare = (a: number, b: number) =>
    Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : b - a;
  return rows.sort(
    (a, b) =>
      Number(pinned.has(b.key)) - Number(pinned.has(a.key)) || compare(high(a.number), high(b.number)),
  );
}
