import type { Store } from "../store/store";
import { nearestIndex, type StateInfo, toFloat32, toInt8, unitAt, type Whole } from "../store/wire";
import type { Column } from "./area";

/** A page stays fast while work is done in pieces of so many milliseconds. */
const PIECE = 10;
/** So many bytes of values are fetched to be looked at, where they are not in the page. */
const MOST_BYTES = 64e6;

/** The values of one unit, and how they are read. */
export interface Values {
  bytes: Int8Array;
  scale: number;
  limit: number;
}

/** One unit among those of all. */
export function bytesOf(
  { values, scales, limits }: Whole,
  length: number,
  state: StateInfo,
  unit: number,
): Values {
  const index = state.first + nearestIndex(state, unit);
  const bytes = values.subarray(index * length, (index + 1) * length);
  return { bytes, scale: scales[index], limit: limits[index] };
}

/** One unit that is not here. */
async function fetched(store: Store, { state, unit }: Column, checkpoint: number): Promise<Values> {
  const request = { kind: "unit" as const, state: state.name, unit, checkpoint };
  const [values, scales] = await store.source.request(request);
  const [scale, limit] = toFloat32(scales);
  return { bytes: toInt8(values), scale, limit };
}

const rest = () => new Promise<void>((done) => setTimeout(done));

/** All units that are here, state after state. */
export const columnsOf = (store: Store): Column[] =>
  store.content
    .peek()
    .states.flatMap((state) =>
      Array.from({ length: state.units }, (_, i) => ({ state, unit: unitAt(state, i) })),
    );

/**
 * Calls `look` with the values of one column after the other, and lets the page do its work in between.
 *
 * @throws Error with a sentence, where they are not here and too many to be fetched; the signal's reason, once it aborts
 */
export async function eachColumn(
  store: Store,
  columns: readonly Column[],
  look: (values: Values, index: number) => void,
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { tokens } = store.content.peek();
  const { whole } = store.moment.peek();
  const checkpoint = store.checkpoint.peek();
  if (!whole && columns.length * tokens.length > MOST_BYTES)
    throw new Error(
      `${columns.length} units of ${tokens.length.toLocaleString("en")} tokens are too many to be fetched here: ask Python.`,
    );
  let begun = performance.now();
  for (const [i, column] of columns.entries()) {
    const { state, unit } = column;
    look(whole ? bytesOf(whole, tokens.length, state, unit) : await fetched(store, column, checkpoint), i);
    if (performance.now() - begun > PIECE) {
      advance(i + 1);
      await rest();
      begun = performance.now();
    }
    signal.throwIfAborted();
  }
  advance(columns.length);
}
