import type { Hold, Stack } from "./stack";

/** Two states this near are the same but for rounding, relative to the larger of 1 and the state. */
const ROUNDING = 1e-6;
/** So many tokens in a row must have the same states before the rest is taken to be the same. */
const WINDOW = 16;

/** One text as a network reads it, and what the network has after each of its tokens. */
export class Track {
  readonly #stack: Stack;
  readonly #initial: Float32Array | undefined;
  #ids: Uint32Array = new Uint32Array();
  #holds: Hold[] = [];
  #rows: Float32Array[] = [];
  /** Rows of an earlier text, which ends as this one does: perhaps the states come back to them. */
  #tail: Float32Array[] = [];
  #alike = 0;

  /** @param initial what stands before the first token; empty for zeros */
  constructor(stack: Stack, initial = new Float32Array()) {
    this.#stack = stack;
    this.#initial = initial.length ? initial : undefined;
  }

  get ids(): Uint32Array {
    return this.#ids;
  }

  /** After each token that has been read. */
  get rows(): readonly Float32Array[] {
    return this.#rows;
  }

  get complete(): boolean {
    return this.#rows.length === this.#ids.length;
  }

  /** Takes another text, or other units held; keeps every row that stays as it is. Returns how many do. */
  set(ids: Uint32Array, holds: Hold[]): number {
    const shift = ids.length - this.#ids.length;
    const most = Math.min(ids.length, this.#ids.length);
    let same = 0;
    while (same < most && ids[same] === this.#ids[same]) same++;
    let behind = 0;
    while (behind < most - same && ids[ids.length - 1 - behind] === this.#ids[this.#ids.length - 1 - behind])
      behind++;
    if (this.complete && (shift || same < ids.length)) this.#tail = this.#rows;
    const begin = firstDifference(this.#holds, holds);
    const moved = this.#holds.map((hold) => ({ ...hold, from: Math.max(same, hold.from + shift) }));
    const unmoved = holds.map((hold) => ({ ...hold, from: Math.max(same, hold.from) }));
    // States can only come back where the same units are held.
    if (firstDifference(moved, unmoved) < ids.length) this.#tail = [];
    this.#tail = this.#tail.slice(Math.max(0, this.#tail.length - behind));
    this.#rows = this.#rows.slice(0, Math.min(same, begin));
    this.#ids = ids;
    this.#holds = holds;
    this.#alike = 0;
    return this.#rows.length;
  }

  /** Reads one more token. */
  step(): void {
    const at = this.#rows.length;
    const row = this.#stack.step(this.#rows[at - 1] ?? this.#initial, this.#ids[at], at, this.#holds);
    this.#rows.push(row);
    const old = this.#tail[this.#tail.length - (this.#ids.length - at)];
    this.#alike = old && this.#same(row, old) ? this.#alike + 1 : 0;
    if (this.#alike < WINDOW) return;
    const rest = this.#ids.length - this.#rows.length;
    if (rest) for (const later of this.#tail.slice(-rest)) this.#rows.push(later);
  }

  /** Reads on with a token that was not there. */
  append(id: number): void {
    const ids = new Uint32Array(this.#ids.length + 1);
    ids.set(this.#ids);
    ids[ids.length - 1] = id;
    this.#ids = ids;
    this.#tail = [];
  }

  #same(a: Float32Array, b: Float32Array): boolean {
    for (let i = 0; i < this.#stack.logits; i++)
      if (!(Math.abs(a[i] - b[i]) <= ROUNDING * Math.max(1, Math.abs(b[i])))) return false;
    return true;
  }
}

/** The first token at which other units are held, or others values. */
function firstDifference(old: Hold[], now: Hold[]): number {
  const key = ({ state, unit, value, from }: Hold) => `${from} ${unit} ${value} ${state}`;
  const only = (holds: Hold[], others: Hold[]) => {
    const keys = new Set(others.map(key));
    return holds.filter((hold) => !keys.has(key(hold))).map(({ from }) => from);
  };
  return Math.min(...only(old, now), ...only(now, old), Number.POSITIVE_INFINITY);
}
