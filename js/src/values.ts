import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { Fetcher, type Wish } from "./fetcher";
import type { Host } from "./host";
import { type Content, MISSING, nearestIndex, type StateInfo, toFloat32, toInt8, unitKey } from "./wire";

/** The bytes of a unit and how to read them. */
interface Quantised {
  /** int8 per token; null when no one answers. */
  bytes: Int8Array | null;
  scale: number;
  limit: number;
  peak: number;
}

export interface UnitRow extends Quantised {
  /** Which unit, as `unitKey` writes it. */
  key: string;
  kind: StateInfo["kind"];
}

const NOTHING: Quantised = { bytes: null, scale: 1, limit: 1, peak: 0 };

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

/** The values of the shown unit: what came with the trace, and what a kernel answers. */
export class Values {
  readonly #host: Host;
  readonly #content: ReadonlySignal<Content>;
  readonly #state: ReadonlySignal<StateInfo>;
  readonly #unit: ReadonlySignal<number>;
  readonly #rows = new Fetcher<Quantised>(ROWS_KEPT);
  readonly #blocks = new Fetcher<Float32Array>(BLOCKS_KEPT);
  readonly #row: Signal<UnitRow>;
  #settledIn: Content | undefined;
  #resting: ReturnType<typeof setTimeout> | undefined;

  /** The unit to draw: while the bytes of the next are on their way, still the one before. */
  readonly row: ReadonlySignal<UnitRow>;
  readonly loading: ReadonlySignal<boolean>;

  constructor(
    host: Host,
    content: ReadonlySignal<Content>,
    state: ReadonlySignal<StateInfo>,
    unit: ReadonlySignal<number>,
  ) {
    this.#host = host;
    this.#content = content;
    this.#state = state;
    this.#unit = unit;
    this.#row = signal(this.#wanted());
    this.row = this.#row;
    this.loading = computed(() => this.#pending(this.#wanted()));
  }

  /** Moves `row` on to the shown unit as soon as its bytes are here, or are known not to come. */
  settle(): void {
    const row = this.#wanted();
    const content = this.#content.value;
    // Bytes of another trace are of no use: then rather no colours.
    if (row.bytes || content !== this.#settledIn || !this.#pending(row)) this.#row.value = row;
    this.#settledIn = content;
  }

  #wanted(): UnitRow {
    const { whole, tokens } = this.#content.value;
    const { name, kind, first } = this.#state.value;
    const index = first + nearestIndex(this.#state.value, this.#unit.value);
    const key = unitKey(name, this.#unit.value);
    if (whole) {
      const bytes = whole.values.subarray(index * tokens.length, (index + 1) * tokens.length);
      const { scales, limits, peaks } = whole;
      return { key, kind, bytes, scale: scales[index], limit: limits[index], peak: peaks[index] };
    }
    this.#rows.version.value;
    return { key, kind, ...(this.#rows.get(key) ?? NOTHING) };
  }

  #pending(row: UnitRow): boolean {
    return !row.bytes && this.#host.hasKernel && !this.#rows.failed;
  }

  /** Asks for the shown unit and its neighbours where units come by request. */
  fetchRow(): void {
    const { whole, tokens } = this.#content.value;
    const { name, units } = this.#state.value;
    const unit = this.#unit.value;
    if (whole || !this.#host.hasKernel) return;
    const near = [unit, unit + 1, unit - 1].filter((u) => u >= 0 && u < units);
    this.#rows.wish(
      near.map((u) => ({
        key: unitKey(name, u),
        ask: async () => {
          const [values, scales] = await this.#host.request({ kind: "unit", state: name, unit: u });
          const bytes = toInt8(values);
          const [scale, limit, peak] = toFloat32(scales);
          if (bytes.length !== tokens.length)
            throw new RangeError(`got ${bytes.length} of ${tokens.length} values`);
          return { bytes, scale, limit, peak };
        },
      })),
    );
  }

  /** Asks for the exact values around `token`, once the unit has stayed for a moment. */
  fetchExact(token: number): void {
    const { tokens } = this.#content.value;
    const { name } = this.#state.value;
    const unit = this.#unit.value;
    if (!this.#host.hasKernel || tokens.length === 0) return;
    const blocks = [blockOf(token), blockOf(Math.max(0, token - 1))];
    const wishes = blocks.map((start): Wish<Float32Array> => {
      const stop = Math.min(start + BLOCK, tokens.length);
      return {
        key: `${start} ${unitKey(name, unit)}`,
        ask: async () => {
          const [buffer] = await this.#host.request({ kind: "exact", state: name, unit, start, stop });
          return toFloat32(buffer);
        },
      };
    });
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#blocks.wish(wishes), REST);
  }

  /**
   * The value after `token`: NaN where it is missing or not here yet.
   *
   * `decimals` is how many of its decimals mean something.
   */
  at(token: number): { value: number; exact: boolean; decimals: number } {
    this.#blocks.version.value;
    const key = unitKey(this.#state.value.name, this.#unit.value);
    const { bytes, scale, limit } = this.#wanted();
    const leading = limit > 0 ? Math.floor(Math.log10(limit)) : 0;
    const start = blockOf(token);
    const exact = this.#blocks.get(`${start} ${key}`)?.[token - start];
    if (exact !== undefined) return { value: exact, exact: true, decimals: EXACT_DIGITS - leading };
    const pinned = this.#content.value.pinned.get(key)?.[token];
    if (pinned !== undefined) return { value: pinned, exact: false, decimals: PINNED_DIGITS - leading };
    const q = bytes ? bytes[token] : MISSING;
    const value = q === MISSING ? Number.NaN : (q * scale) / 127;
    return { value, exact: false, decimals: scale > 0 ? Math.floor(2 - Math.log10(scale)) : 2 };
  }

  clear(): void {
    this.#rows.clear();
    this.#blocks.clear();
  }
}

const blockOf = (token: number) => token - (token % BLOCK);
