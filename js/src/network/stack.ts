import { type Arithmetic, Places, padded } from "./arithmetic";
import { CELLS, type Change } from "./cells";
import { GATES, KINDS, type Network } from "./network";

/** A unit whose value is not computed but given, from a token on. */
export interface Hold {
  state: string;
  unit: number;
  value: number;
  from: number;
}

/** How many of the likeliest next tokens are kept. */
export const TOP = 5;

/** Where the parts of a layer are. */
interface LayerOffsets {
  fromInput: number;
  fromState: number;
  inputBias: number;
  stateBias: number;
  /** `h` as the layer above reads it. */
  h: number;
  columns: number;
}

/**
 * A network that reads one token at a time.
 *
 * What it has after a token is a row: every state of every layer, the logits, the logarithm of the sum of their
 * exponentials, and the likeliest next tokens with their probabilities.
 */
export class Stack {
  readonly network: Network;
  readonly top: number;
  /** Where a row's parts begin. */
  readonly logits: number;
  readonly normaliser: number;
  readonly likeliest: number;
  readonly #rowLength: number;
  readonly #arithmetic: Arithmetic;
  readonly #layers: LayerOffsets[];
  readonly #before: number;
  readonly #sumsFromInput: number;
  readonly #sumsFromState: number;
  readonly #head: number;
  readonly #headBias: number;
  readonly #logits: number;
  /** What the first layer gets of each token that has been read. */
  readonly #inputs = new Map<number, Float32Array>();
  readonly #token: number;

  constructor(network: Network, make: (floats: number) => Arithmetic) {
    const { cell, hidden, layers, embedding, vocabulary } = network.header;
    this.network = network;
    this.top = Math.min(TOP, vocabulary.length);
    this.logits = network.width;
    this.normaliser = this.logits + vocabulary.length;
    this.likeliest = this.normaliser + 1;
    this.#rowLength = this.likeliest + 2 * this.top;
    const rows = padded(GATES[cell] * hidden);
    const width = padded(hidden);
    const places = new Places();
    this.#before = places.take(width);
    this.#sumsFromInput = places.take(rows);
    this.#sumsFromState = places.take(rows);
    this.#token = places.take(embedding);
    this.#layers = Array.from({ length: layers }, (_, l) => {
      // One-hot tokens pick a column: no product, and no place for the matrix.
      const columns = l ? width : padded(embedding);
      return {
        fromInput: places.take(rows * columns),
        fromState: places.take(rows * width),
        inputBias: places.take(rows),
        stateBias: places.take(rows),
        h: places.take(width),
        columns,
      };
    });
    this.#head = places.take(padded(vocabulary.length) * width);
    this.#headBias = places.take(vocabulary.length);
    this.#logits = places.take(vocabulary.length);
    this.#arithmetic = make(places.size);
    this.#load();
  }

  #load(): void {
    const { header, layers, head, headBias } = this.network;
    const { memory } = this.#arithmetic;
    const { hidden } = header;
    const matrix = (place: number, values: Float32Array, columns: number, stride: number) => {
      for (let row = 0; row * columns < values.length; row++)
        memory.set(values.subarray(row * columns, (row + 1) * columns), place + row * stride);
    };
    layers.forEach((layer, l) => {
      const place = this.#layers[l];
      if (l || header.embedding)
        matrix(place.fromInput, layer.fromInput, l ? hidden : header.embedding, place.columns);
      matrix(place.fromState, layer.fromState, hidden, padded(hidden));
      memory.set(layer.inputBias, place.inputBias);
      memory.set(layer.stateBias, place.stateBias);
    });
    matrix(this.#head, head, hidden, padded(hidden));
    memory.set(headBias, this.#headBias);
  }

  /** The row after `token`, which is read at `time`, from the row before it; from zeros where there is none. */
  step(before: Float32Array | undefined, token: number, time: number, holds: Hold[]): Float32Array {
    const { header } = this.network;
    const { cell, hidden, vocabulary } = header;
    const { memory, products } = this.#arithmetic;
    const row = new Float32Array(this.#rowLength);
    const kinds = KINDS[cell];
    const gates = padded(GATES[cell] * hidden);
    const width = padded(hidden);
    const fromState = memory.subarray(this.#sumsFromState, this.#sumsFromState + gates);
    const sums = memory.subarray(this.#sumsFromInput, this.#sumsFromInput + gates);
    let below = 0;
    this.#layers.forEach((place, l) => {
      const first = l * kinds.length * hidden;
      if (before) memory.set(before.subarray(first, first + hidden), this.#before);
      else memory.fill(0, this.#before, this.#before + hidden);
      if (l) products(this.#sumsFromInput, place.fromInput, below, place.inputBias, gates, place.columns);
      products(this.#sumsFromState, place.fromState, this.#before, place.stateBias, gates, width);
      const change: Change = (kind, values) => {
        for (const hold of holds)
          if (hold.from <= time && hold.state === `${header.path}.l${l}.${kind}`)
            values[hold.unit] = hold.value;
      };
      const part = (values: Float32Array, i: number) =>
        values.subarray(first + i * hidden, first + (i + 1) * hidden);
      CELLS[cell](
        l ? sums : this.#input(token),
        fromState,
        before && kinds.map((_, i) => part(before, i)),
        kinds.map((_, i) => part(row, i)),
        holds.length ? change : () => {},
      );
      memory.set(part(row, 0), place.h);
      below = place.h;
    });
    products(this.#logits, this.#head, below, this.#headBias, padded(vocabulary.length), width);
    row.set(memory.subarray(this.#logits, this.#logits + vocabulary.length), this.logits);
    this.#predict(row);
    return row;
  }

  /** `W x + b` of the first layer for a token. */
  #input(token: number): Float32Array {
    const known = this.#inputs.get(token);
    if (known) return known;
    const { header, layers, embedding } = this.network;
    const { memory, products } = this.#arithmetic;
    const size = GATES[header.cell] * header.hidden;
    let sums: Float32Array;
    if (embedding) {
      const { fromInput, inputBias, columns } = this.#layers[0];
      memory.set(embedding.subarray(token * header.embedding, (token + 1) * header.embedding), this.#token);
      products(this.#sumsFromInput, fromInput, this.#token, inputBias, padded(size), columns);
      sums = memory.slice(this.#sumsFromInput, this.#sumsFromInput + size);
    } else {
      const { fromInput, inputBias } = layers[0];
      const { length } = header.vocabulary;
      sums = inputBias.map((bias, row) => bias + fromInput[row * length + token]);
    }
    this.#inputs.set(token, sums);
    return sums;
  }

  /** Completes a row by what it says of the next token. */
  #predict(row: Float32Array): void {
    const size = this.normaliser - this.logits;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < size; i++) if (row[this.logits + i] > highest) highest = row[this.logits + i];
    let sum = 0;
    for (let i = 0; i < size; i++) sum += Math.exp(row[this.logits + i] - highest);
    const normaliser = highest + Math.log(sum);
    row[this.normaliser] = normaliser;
    let length = 0;
    const ids = row.subarray(this.likeliest, this.likeliest + this.top);
    for (let id = 0; id < size; id++) {
      const logit = row[this.logits + id];
      if (length === this.top && !(logit > row[this.logits + ids[length - 1]])) continue;
      if (length < this.top) length++;
      let at = length - 1;
      for (; at > 0 && logit > row[this.logits + ids[at - 1]]; at--) ids[at] = ids[at - 1];
      ids[at] = id;
    }
    for (let i = 0; i < this.top; i++)
      row[this.likeliest + this.top + i] = Math.exp(row[this.logits + ids[i]] - normaliser);
  }

  /** Bytes of a row. */
  get bytes(): number {
    return this.#rowLength * 4;
  }

  /**
   * Where the value of a unit is in a row.
   *
   * @throws RangeError where there is no such unit
   */
  place(state: string, unit: number): number {
    const { states, header } = this.network;
    const index = states.indexOf(state);
    if (index < 0 || !Number.isInteger(unit) || unit < 0 || unit >= header.hidden)
      throw new RangeError(`There is no unit ${unit} of ${state}.`);
    return index * header.hidden + unit;
  }

  /** What `token`, read after a row, cost: nats. */
  loss(row: Float32Array, token: number): number {
    return row[this.normaliser] - row[this.logits + token];
  }
}
