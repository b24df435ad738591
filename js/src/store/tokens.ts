/** Where a part begins in the whole text: its first token, from 0, and that token's line and column, from 1. */
export interface Origin {
  token: number;
  line: number;
  column: number;
}

/** White space, and scripts that have none. */
const SET_OFF = /[\s\u3040-\u9fff\u0e00-\u0eff]/;
/** So many borders tell whether tokens run together. */
const BORDERS_SEEN = 1000;

/**
 * A text, or a part of one, and how it is cut into tokens.
 *
 * Offsets count UTF-16 code units, as JavaScript strings do. Tokens are indexed from 0 here, whatever part of a
 * text they are; `number` is for people.
 */
export class Tokens {
  readonly text: string;
  readonly length: number;
  readonly origin: Origin;
  /** Whether there are tokens of more than one character. */
  readonly several: boolean;
  /** Whether tokens need space between them to be told apart: words or numbers, and no blanks. */
  readonly apart: boolean;
  /** `length + 1` offsets, or null where every token is exactly one code unit. */
  readonly #offsets: Uint32Array | null;
  #starts: Uint32Array | undefined;

  constructor(text: string, offsets: Uint32Array | null, origin: Origin = { token: 0, line: 1, column: 1 }) {
    this.text = text;
    this.origin = origin;
    this.length = offsets ? offsets.length - 1 : text.length;
    this.#offsets = offsets;
    this.several = this.#some((token) => [...this.string(token)].length > 1);
    this.apart = this.several && this.#runTogether();
  }

  /** Offset of the token's first code unit; `start(length)` is the end of the text. */
  start(token: number): number {
    return this.#offsets ? this.#offsets[token] : token;
  }

  /** The token's number in the whole text, from 0. */
  number(token: number): number {
    return this.origin.token + token;
  }

  string(token: number): string {
    return this.text.slice(this.start(token), this.start(token + 1));
  }

  /** The token that holds the code unit at `offset`. */
  at(offset: number): number {
    return this.#offsets ? lastNotAbove(this.#offsets, offset, this.length - 1) : offset;
  }

  /** Whether a token begins at `offset`. */
  beginsAt(offset: number): boolean {
    return this.start(this.at(offset)) === offset;
  }

  /** The number of the last line; a newline at the very end opens no further one. */
  get lastLine(): number {
    return this.#lineStarts().length + this.origin.line - 1;
  }

  /** Line and column of a token's first character in the whole text, both from 1; columns count characters. */
  position(token: number): { line: number; column: number } {
    const offset = this.start(token);
    const starts = this.#lineStarts();
    const line = lastNotAbove(starts, offset, starts.length - 1);
    let column = line === 0 ? this.origin.column : 1;
    for (let i = starts[line]; i < offset; column++) i += (this.text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1;
    return { line: line + this.origin.line, column };
  }

  #some(holds: (token: number) => boolean): boolean {
    if (!this.#offsets) return false;
    for (let token = 0; token < this.length; token++) if (holds(token)) return true;
    return false;
  }

  /** Whether hardly any of the first tokens is set off from the next by white space. */
  #runTogether(): boolean {
    let borders = 0;
    let clear = 0;
    for (let token = 1; token < Math.min(this.length, BORDERS_SEEN); token++) {
      const around = this.text.slice(this.start(token) - 1, this.start(token) + 1);
      borders++;
      if (SET_OFF.test(around)) clear++;
    }
    return clear * 5 < borders;
  }

  #lineStarts(): Uint32Array {
    if (!this.#starts) {
      const starts = [0];
      for (
        let i = this.text.indexOf("\n");
        i >= 0 && i + 1 < this.text.length;
        i = this.text.indexOf("\n", i + 1)
      )
        starts.push(i + 1);
      this.#starts = Uint32Array.from(starts);
    }
    return this.#starts;
  }
}

/** The last index in `[0, high]` whose element is not above `value`; `sorted` rises and starts at or below `value`. */
export function lastNotAbove(sorted: Uint32Array, value: number, high: number): number {
  let low = 0;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
