import { halfToNumber } from "../store/wire";

/** As torch calls them. */
export type CellType = "RNN_TANH" | "RNN_RELU" | "GRU" | "LSTM";

/** What is recorded of each cell, in this order; the names are those of Python's `record`. */
export const KINDS: Record<CellType, string[]> = {
  RNN_TANH: ["h", "pre"],
  RNN_RELU: ["h", "pre"],
  GRU: ["h", "r", "z", "n"],
  LSTM: ["h", "c", "tanh_c", "i", "f", "g", "o"],
};

/** How many rows of weights each unit has in a layer. */
export const GATES: Record<CellType, number> = { RNN_TANH: 1, RNN_RELU: 1, GRU: 3, LSTM: 4 };

/** What the beginning of a portable network says of the rest. Written by `rnnviz_widget/portable/format.py`. */
export interface Header {
  cell: CellType;
  /** What the names of the states begin with. */
  path: string;
  layers: number;
  hidden: number;
  /** Width of the embedding, 0 where the layer reads one-hot tokens. */
  embedding: number;
  bias: boolean;
  head_bias: boolean;
  /** Single characters; the place of each is its id. */
  vocabulary: string[];
  weights: "float16" | "float32";
  /** How many tokens were run in Python, and after which of them the states are here. */
  proof: { tokens: number; rows: number[] };
}

/** One layer: matrices row after row. */
export interface Layer {
  fromInput: Float32Array;
  fromState: Float32Array;
  inputBias: Float32Array;
  stateBias: Float32Array;
}

export interface Network {
  header: Header;
  /** How many values the recurrent layers have after each token. */
  width: number;
  /** Names of the states, each with `hidden` units, in the order of their values. */
  states: string[];
  embedding: Float32Array | null;
  layers: Layer[];
  head: Float32Array;
  headBias: Float32Array;
  /** What Python had: ids, and after some of them every state and logit. */
  proof: { ids: Uint32Array; rows: { token: number; values: Float32Array }[] };
}

const MAGIC = "rnnviz-n";
const MOST = { layers: 16, hidden: 4096, embedding: 4096, vocabulary: 65_536, proof: 4096, bytes: 256e6 };

/**
 * Reads a portable network.
 *
 * @throws RangeError, in a sentence for people, where it is not one, or one that no page could run
 */
export function readNetwork(buffer: ArrayBuffer): Network {
  const refuse = (reason: string): never => {
    throw new RangeError(`The network of this page cannot be read: ${reason}.`);
  };
  const view = new DataView(buffer);
  const ascii = (at: number, length: number) => String.fromCharCode(...new Uint8Array(buffer, at, length));
  if (buffer.byteLength < 12 || ascii(0, 8) !== MAGIC) refuse("it does not begin as one");
  if (buffer.byteLength > MOST.bytes) refuse(`it has more than ${MOST.bytes / 1e6} MB`);
  const length = view.getUint32(8, true);
  if (12 + length > buffer.byteLength) refuse("it ends too early");
  const header = readHeader(new Uint8Array(buffer, 12, length), refuse);
  const { cell, layers, hidden, embedding, vocabulary } = header;
  let at = Math.ceil((12 + length) / 8) * 8;
  const bytesEach = header.weights === "float16" ? 2 : 4;
  const take = (count: number, bytes: number): ArrayBuffer => {
    at += count * bytes;
    if (at > buffer.byteLength) refuse("it ends too early");
    return buffer.slice(at - count * bytes, at);
  };
  const weights = (...shape: number[]): Float32Array => {
    const piece = take(
      shape.reduce((a, b) => a * b, 1),
      bytesEach,
    );
    const values =
      bytesEach === 4 ? new Float32Array(piece) : Float32Array.from(new Uint16Array(piece), halfToNumber);
    if (!values.every(Number.isFinite)) refuse("a weight is not a finite number");
    return values;
  };
  const rows = GATES[cell] * hidden;
  const bias = (has: boolean, size: number) => (has ? weights(size) : new Float32Array(size));
  const network = {
    header,
    width: layers * KINDS[cell].length * hidden,
    states: Array.from({ length: layers }, (_, l) =>
      KINDS[cell].map((kind) => `${header.path}.l${l}.${kind}`),
    ).flat(),
    embedding: embedding ? weights(vocabulary.length, embedding) : null,
    layers: Array.from({ length: layers }, (_, l) => ({
      fromInput: weights(rows, l ? hidden : embedding || vocabulary.length),
      fromState: weights(rows, hidden),
      inputBias: bias(header.bias, rows),
      stateBias: bias(header.bias, rows),
    })),
    head: weights(vocabulary.length, hidden),
    headBias: bias(header.head_bias, vocabulary.length),
  };
  at = Math.ceil(at / 8) * 8;
  const ids = new Uint32Array(take(header.proof.tokens, 4));
  if (ids.some((id) => id >= vocabulary.length)) refuse("its proof has a token that it does not know");
  const proof = header.proof.rows.map((token) => ({
    token,
    values: new Float32Array(take(network.width + vocabulary.length, 4)),
  }));
  if (at !== buffer.byteLength) refuse("it goes on after its end");
  return { ...network, proof: { ids, rows: proof } };
}

function readHeader(bytes: Uint8Array, refuse: (reason: string) => never): Header {
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuse("its header is no JSON");
  }
  const count = (name: string, value: unknown, least: number, most: number) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      refuse(`${name} must be a whole number from ${least} to ${most}`);
  };
  if (header === null || typeof header !== "object") refuse("its header is no object");
  if (!Object.hasOwn(KINDS, header.cell)) refuse("its cell is unknown");
  if (header.weights !== "float16" && header.weights !== "float32") refuse("its weights are of unknown type");
  if (typeof header.path !== "string") refuse("its path is no string");
  count("layers", header.layers, 1, MOST.layers);
  count("hidden", header.hidden, 1, MOST.hidden);
  count("embedding", header.embedding, 0, MOST.embedding);
  const { vocabulary, proof } = header;
  if (!Array.isArray(vocabulary)) refuse("its vocabulary is no list");
  count("the size of its vocabulary", vocabulary.length, 1, MOST.vocabulary);
  if (vocabulary.some((one) => typeof one !== "string" || [...one].length !== 1))
    refuse("its vocabulary must hold single characters");
  if (new Set(vocabulary).size < vocabulary.length) refuse("its vocabulary holds a character twice");
  count("the length of its proof", proof?.tokens, 1, MOST.proof);
  if (!Array.isArray(proof.rows) || !proof.rows.length) refuse("its proof has no rows");
  for (const row of proof.rows) count("a row of its proof", row, 0, proof.tokens - 1);
  return header;
}
