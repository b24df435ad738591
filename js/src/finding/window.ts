import type { Host } from "../host";
import type { Store } from "../store/store";
import type { Span } from "../store/viewstate";
import { MISSING, toFloat32, toInt8 } from "../store/wire";
import type { Column } from "./area";
import { bytesOf, eachColumn } from "./columns";

/** How long Python may take to read what is on screen: a long trace lies on a disk, in milliseconds. */
const PATIENCE = 60_000;

/** What one unit does with the tokens that are looked at. */
export interface Strip {
  column: Column;
  /** int8 per token, `value = q * scale / 127`. */
  bytes: Int8Array;
  scale: number;
  /** The value that has the end colour. */
  limit: number;
}

/**
 * What units do with the tokens of a span: those in the page, else Python's, else one after the other.
 *
 * @throws Error with a sentence, where nobody has them; the signal's reason, once it aborts
 */
export async function stripsOf(
  host: Host,
  store: Store,
  columns: readonly Column[],
  span: Span,
  signal: AbortSignal,
): Promise<Strip[]> {
  const { tokens } = store.content.peek();
  const { whole } = store.moment.peek();
  const stop = Math.min(span.stop, tokens.length);
  const start = Math.min(span.start, stop);
  if (start === stop) return [];
  if (whole)
    return columns.map((column) => {
      const { state, unit } = column;
      const { bytes, scale, limit } = bytesOf(whole, tokens.length, state, unit);
      return { column, bytes: bytes.subarray(start, stop), scale, limit };
    });
  const asked = await fromPython(host, store, columns, { start, stop }).catch(() => null);
  signal.throwIfAborted();
  if (asked) return asked;
  const strips: Strip[] = [];
  await eachColumn(
    store,
    columns,
    ({ bytes, scale, limit }, i) => {
      strips.push({ column: columns[i], bytes: bytes.slice(start, stop), scale, limit });
    },
    () => {},
    signal,
  );
  return strips;
}

/** All states of some columns over a span, one request each. */
async function fromPython(
  host: Host,
  store: Store,
  columns: readonly Column[],
  { start, stop }: Span,
): Promise<Strip[]> {
  const checkpoint = store.checkpoint.peek();
  const strips: Strip[] = [];
  for (const state of new Set(columns.map((column) => column.state))) {
    const [values, scales] = await host.request({
      kind: "window",
      state: state.name,
      checkpoint,
      start,
      stop,
      patience: PATIENCE,
    });
    const [all, ends] = [toInt8(values), toFloat32(scales)];
    const length = stop - start;
    for (const column of columns)
      if (column.state === state)
        strips.push({
          column,
          bytes: all.subarray(column.unit * length, (column.unit + 1) * length),
          scale: ends[2 * column.unit],
          limit: ends[2 * column.unit + 1],
        });
  }
  return strips;
}

/** The variance of a strip's values; 0 where it has none. */
export function variance({ bytes, scale }: Strip): number {
  let [count, sum, squares] = [0, 0, 0];
  for (const q of bytes) {
    if (q === MISSING) continue;
    count++;
    sum += q;
    squares += q * q;
  }
  return count ? (squares / count - (sum / count) ** 2) * (scale / 127) ** 2 : 0;
}

/** Pearson's correlation of two strips, over the tokens where both are known; 0 where one stands still. */
export function correlation(a: Int8Array, b: Int8Array): number {
  let [n, sa, sb, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let t = 0; t < a.length; t++) {
    const [x, y] = [a[t], b[t]];
    if (x === MISSING || y === MISSING) continue;
    n++;
    sa += x;
    sb += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const spread = Math.sqrt((n * aa - sa * sa) * (n * bb - sb * sb));
  return spread > 0 ? (n * ab - sa * sb) / spread : 0;
}
