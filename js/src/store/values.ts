import type { SyncedTraits, UnitSource } from "../host";
import type { ReadonlySignal } from "../signals";
import { Fetcher, type Wish } from "./fetcher";
import {
  type Content,
  MISSING,
  nearestIndex,
  type QuantisedUnit,
  type StateInfo,
  toFloat32,
  toInt8,
  unitKey,
} from "./wire";

export interface UnitRow extends QuantisedUnit {
  /** Which unit, as `unitKey` writes it. */
  key: string;
  kind: StateInfo["kind"];
  /** The ends of its colour scale; whether they were set by hand. */
  low: number;
  high: number;
  set: boolean;
}

export interface Value {
  /** NaN where it is missing or not here yet. */
  value: number;
  exact: boolean;
  /** How many of its decimals mean something. */
  decimals: number;
}

/** A unit by its state and number, at a checkpoint. */
export interface Unit {
  state: StateInfo;
  unit: number;
  checkpoint: number;
}

/** A unit whose values were computed here. */
export interface ComputedUnit {
  unit: Unit;
  row: QuantisedUnit;
  values: Float32Array;
}

const NOTHING: QuantisedUnit = { bytes: null, scale: 1, limit: 1, peak: 0 };

/** Exact values are asked for in blocks of this many tokens. */
const BLOCK = 4096;
/** Units kept of a trace too large to travel whole: a million tokens each at most, so 32 MB. */
const ROWS_KEPT = 32;
const BLOCKS_KEPT = 64;
/** A unit must stay this long before its exact values are asked for, in milliseconds: a slider passes many. */
const REST = 60;
/** Sign, zero and four decimals cover a value near 1; a float16 is good for three. */
const EXACT_DIGITS = 4;
const PINNED_DIGITS = 3;

/** The values of all units: what came with the trace, and what a kernel answers. */
export class Values {
  /** What answers: the host, or a network that runs here. */
  source: UnitSource;
  readonly #content: ReadonlySignal<Content>;
  readonly #limits: ReadonlySignal<SyncedTraits["_limits"]>;
  readonly #rows = new Fetcher<QuantisedUnit>(ROWS_KEPT);
  readonly #blocks = new Fetcher<Float32Array>(BLOCKS_KEPT);
  readonly #computed = new Map<string, Float32Array>();
  #resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    host: UnitSource,
    content: ReadonlySignal<Content>,
    limits: ReadonlySignal<SyncedTraits["_limits"]>,
  ) {
    this.source = host;
    this.#content = content;
    this.#limits = limits;
  }

  /** Takes what was computed here of some units, and forgets what was known of all. */
  put(rows: ComputedUnit[]): void {
    this.clear();
    for (const { row, unit, values } of rows) {
      this.#rows.put(rowKey(unit), row);
      this.#computed.set(rowKey(unit), values);
    }
  }

  /** What is here of a unit, and where its colours end. */
  row(unit: Unit): UnitRow {
    const { name, kind } = unit.state;
    const row = this.#quantised(unit);
    const set = this.#limits.value.findLast(([state, u]) => state === name && (u === unit.unit || u < 0));
    const end = row.limit || 1;
    const [, , low, high] = set ?? [name, 0, kind === "gate" ? 0 : -end, end];
    return { ...row, key: unitKey(name, unit.unit), kind, low, high, set: !!set };
  }

  #quantised({ state, unit, checkpoint }: Unit): QuantisedUnit {
    const { checkpoints, tokens } = this.#content.value;
    const { whole, rows } = checkpoints[checkpoint];
    if (!whole) {
      this.#rows.version.value;
      const known = this.#rows.get(rowKey({ state, unit, checkpoint }));
      return known ?? rows.get(unitKey(state.name, unit)) ?? NOTHING;
    }
    const index = state.first + nearestIndex(state, unit);
    const bytes = whole.values.subarray(index * tokens.length, (index + 1) * tokens.length);
    return { bytes, scale: whole.scales[index], limit: whole.limits[index], peak: whole.peaks[index] };
  }

  /** Whether the bytes of a row may still come. */
  pending(row: UnitRow): boolean {
    return !row.bytes && this.source.hasKernel && !this.#rows.failed;
  }

  /** Asks for what is not here of some units, first things first. */
  fetchRows(units: Unit[]): void {
    const { checkpoints, tokens } = this.#content.value;
    const missing = units.filter(({ checkpoint }) => !checkpoints[checkpoint].whole);
    if (!missing.length || !this.source.hasKernel) return;
    this.#rows.wish(
      missing.map(({ state: { name: state }, unit, checkpoint }) => ({
        key: `${checkpoint} ${unitKey(state, unit)}`,
        ask: async () => {
          const [values, scales] = await this.source.request({ kind: "unit", state, unit, checkpoint });
          const bytes = toInt8(values);
          const [scale, limit, peak] = toFloat32(scales);
          if (bytes.length !== tokens.length)
            throw new RangeError(`got ${bytes.length} of ${tokens.length} values`);
          return { bytes, scale, limit, peak };
        },
      })),
    );
  }

  /** Asks for the exact values of some units around `token`, once nothing has changed for a moment. */
  fetchExact(units: Unit[], token: number): void {
    const { tokens } = this.#content.value;
    if (!this.source.hasKernel || !tokens.length) return;
    const blocks = [...new Set([blockOf(token), blockOf(Math.max(0, token - 1))])];
    const wishes = units.flatMap((unit) =>
      blocks.map((start): Wish<Float32Array> => {
        const stop = Math.min(start + BLOCK, tokens.length);
        const request = { ...unit, state: unit.state.name, kind: "exact" as const, start, stop };
        return {
          key: blockKey(start, unit),
          ask: async () => toFloat32((await this.source.request(request))[0]),
        };
      }),
    );
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#blocks.wish(wishes), REST);
  }

  /** The value of a unit after `token`. */
  at(unit: Unit, token: number): Value {
    this.#blocks.version.value;
    const { key, bytes, scale, limit } = this.row(unit);
    const leading = limit > 0 ? Math.floor(Math.log10(limit)) : 0;
    const start = blockOf(token);
    const exact =
      this.#computed.get(rowKey(unit))?.[token] ?? this.#blocks.get(blockKey(start, unit))?.[token - start];
    if (exact !== undefined)
      return { value: exact, exact: true, decimals: enough(exact, EXACT_DIGITS - leading) };
    const pinned = this.#content.value.checkpoints[unit.checkpoint].pinned.get(key)?.[token];
    if (pinned !== undefined)
      return { value: pinned, exact: false, decimals: enough(pinned, PINNED_DIGITS - leading) };
    const q = bytes ? bytes[token] : MISSING;
    const value = q === MISSING ? Number.NaN : (q * scale) / 127;
    return { value, exact: false, decimals: scale > 0 ? Math.floor(2 - Math.log10(scale)) : 2 };
  }

  clear(): void {
    this.#rows.clear();
    this.#blocks.clear();
    this.#computed.clear();
  }
}

/** As many decimals as all have; more for a value of another magnitude, which they would falsify. */
function enough(value: number, decimals: number): number {
  const size = Math.abs(value);
  const off = Math.abs(Number(size.toFixed(Math.max(0, Math.min(8, decimals)))) - size);
  return off > size / 20 ? 2 - Math.floor(Math.log10(size)) : decimals;
}

const rowKey = ({ state, unit, checkpoint }: Unit) => `${checkpoint} ${unitKey(state.name, unit)}`;

const blockOf = (token: number) => token - (token % BLOCK);

const blockKey = (start: number, { state, unit, checkpoint }: Unit) =>
  `${start} ${checkpoint} ${unitKey(state.name, unit)}`;
