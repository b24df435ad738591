import type { Bytes } from "../host";
import { lastNotAbove, type Origin, Tokens } from "./tokens";

/** One recorded array of one layer, such as `rnn.l0.h`. */
export interface StateInfo {
  name: string;
  /** How many of its units are here. */
  units: number;
  /** Their numbers, ascending; null where all `of` are here. */
  ids: Uint32Array | null;
  /** How many units the state has. */
  of: number;
  /** Signed values are drawn around zero, gates from 0 to 1. */
  kind: "signed" | "gate";
  /** A proven bound of |value|, or null where the colour scale is chosen per unit. */
  bound: number | null;
  /** Where this state's units begin among the units of all states. */
  first: number;
}

export interface Label {
  name: string;
  kind: "bool" | "number";
  /** 0, 1 or NaN (missing) for bool; any number or NaN for number. One per token. */
  values: Float32Array;
  /** The ends of what it is drawn on: 0 and 1, or further out where values are. */
  low: number;
  high: number;
  /** How to make it anew for another text; null where only Python knows. */
  rule: LabelRule | null;
}

/** A function of Python's `labels`, and the characters that it is about. */
export interface LabelRule {
  kind: "inside_quotes" | "line_position" | "nesting_depth" | "next_is";
  of: string;
}

export interface Ranking {
  label: string;
  /** Which text the scores are from. */
  note: string;
  /** How much of it, in few words. */
  extent: string;
  entries: { state: string; unit: number; text: string; sign: number }[];
}

/** Everything about the shown trace, decoded from the `_content` trait. */
export interface Content {
  tokens: Tokens;
  states: StateInfo[];
  /** One, or several of a training; never none. */
  checkpoints: Checkpoint[];
  labels: Label[];
  rankings: Ranking[];
  /** As it came: decoded, by `decodeSaturation`, where it is drawn. Few widgets have one. */
  saturation: unknown;
  title: string;
}

/** Of each unit of one gate, the shares of the time, 0 to 1, that it is closed and open; NaN where not known. */
export interface GateShares {
  state: string;
  /** The units' numbers. */
  ids: Uint32Array;
  closed: Float32Array;
  open: Float32Array;
}

/** What a network did with the text at one point of its training. */
export interface Checkpoint {
  name: string;
  /** All units of all states; null where units come by request. */
  whole: Whole | null;
  predictions: Predictions | null;
  /** Nats, of the token after each token. */
  loss: Float32Array | null;
  /** Values of single units, nearly exact, by `unitKey`: for pages without a kernel. */
  pinned: Map<string, Float32Array>;
  /** Units of a page whose network computes the others. */
  rows: Map<string, QuantisedUnit>;
}

/** One unit in eight bits, see `Whole`. */
export interface QuantisedUnit {
  /** int8 per token; null when no one answers. */
  bytes: Int8Array | null;
  scale: number;
  limit: number;
  peak: number;
}

export interface Whole {
  /** int8, unit after unit, each `tokens.length` long. */
  values: Int8Array;
  /** Per unit over all states: value = q * scale / 127. */
  scales: Float32Array;
  /** Per unit: the value drawn with the palette's end colour. */
  limits: Float32Array;
  /** Per unit: the largest finite |value|. */
  peaks: Float32Array;
}

export interface Predictions {
  vocabulary: string[];
  /** Whether every entry is a single character. */
  characters: boolean;
  count: number;
  ids: Uint32Array;
  /** float16 bits. */
  probabilities: Uint16Array;
}

/** The int8 that stands for a missing value (NaN or infinity). */
export const MISSING = -128;

/** The number of the state's `index`th unit that is here. */
export const unitAt = ({ ids }: StateInfo, index: number) => (ids ? ids[index] : index);

/** The index of a unit among those that are here, or of the nearest. */
export function nearestIndex({ ids, units }: StateInfo, unit: number): number {
  if (!ids) return Math.max(0, Math.min(unit || 0, units - 1));
  const below = lastNotAbove(ids, unit, units - 1);
  return below + 1 < units && ids[below + 1] - unit < unit - ids[below] ? below + 1 : below;
}

export const unitKey = (state: string, unit: number) => `${unit} ${state}`;

type Raw = Record<string, unknown>;

/** Bytes of a buffer, whichever of the three forms the host delivers. */
export function toBytes(buffer: unknown): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (ArrayBuffer.isView(buffer))
    return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
  throw new TypeError(`expected bytes, got ${buffer === null ? "null" : typeof buffer}`);
}

/** The buffer of `bytes` alone, aligned for any typed array; copies only where it must. */
function aligned(buffer: unknown): ArrayBuffer {
  const bytes = toBytes(buffer);
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return whole ? bytes.buffer : bytes.slice().buffer;
}

export const toFloat32 = (buffer: Bytes | unknown) => new Float32Array(aligned(buffer));

export function toInt8(buffer: Bytes | unknown): Int8Array {
  const bytes = toBytes(buffer);
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A UTF-16LE string as it is: lone surrogates and byte order marks stay, as no TextDecoder would keep them. */
export function toText(buffer: unknown): string {
  const units = new Uint16Array(aligned(buffer));
  let text = "";
  for (let i = 0; i < units.length; i += 8192) text += String.fromCharCode(...units.subarray(i, i + 8192));
  return text;
}

/** The value of 16 float bits (IEEE 754 half precision). */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

/**
 * Checks and decodes the `_content` trait.
 *
 * @throws TypeError, RangeError when a field is not what the wire format says; the message names it.
 */
export function decode(content: unknown): Content {
  const raw = content as Raw;
  if (raw?.version !== 2) throw new RangeError(`content version must be 2, got ${raw?.version}`);
  const tokens = decodeTokens(raw);
  const length = tokens.length;
  if (length !== raw.length)
    throw new RangeError(`content has ${length} tokens, its length says ${raw.length}`);
  let units = 0;
  const states = (raw.states as Omit<StateInfo, "first">[]).map((state) => {
    const first = units;
    units += state.units;
    return { ...state, ids: state.ids && Uint32Array.from(state.ids), first };
  });
  return {
    tokens,
    states,
    checkpoints: (raw.checkpoints as Raw[]).map((one) => decodeCheckpoint(one, units, length)),
    labels: ((raw.labels as Raw[]) ?? []).map((label) => decodeLabel(label, length)),
    rankings: (raw.rankings as Ranking[]) ?? [],
    saturation: raw.saturation ?? null,
    title: (raw.title as string) ?? "",
  };
}

const decoded = new WeakMap<object, Tokens>();

/** The same tokens for the same buffer: more may have become known of a text that has been laid out. */
function decodeTokens({ text, offsets, origin }: Raw): Tokens {
  const known = decoded.get(text as object);
  if (known) return known;
  const numbers = offsets == null ? null : new Uint32Array(aligned(offsets));
  const tokens = new Tokens(toText(text), numbers, origin as Origin);
  decoded.set(text as object, tokens);
  return tokens;
}

function decodeCheckpoint(raw: Raw, units: number, length: number): Checkpoint {
  return {
    name: raw.name as string,
    whole: raw.values == null ? null : decodeWhole(raw, units, length),
    predictions: decodePredictions(raw, length),
    loss: raw.loss == null ? null : sized("loss", toFloat32(raw.loss), length),
    pinned: new Map(
      ((raw.pinned as Raw[]) ?? []).map((pin) => [
        unitKey(pin.state as string, pin.unit as number),
        decodePinned(toBytes(pin.values), length),
      ]),
    ),
    rows: new Map(((raw.rows as Raw[]) ?? []).map((row) => decodeRow(row, length))),
  };
}

/** float16; or float32 of a unit whose values are too large or too small for that. */
const decodePinned = (bytes: Uint8Array, length: number) =>
  bytes.length === 4 * length
    ? toFloat32(bytes)
    : Float32Array.from(new Uint16Array(aligned(bytes)), halfToNumber);

function decodeRow(raw: Raw, length: number): [string, QuantisedUnit] {
  const [scale, limit, peak] = toFloat32(raw.scales);
  const bytes = sized("a row", toInt8(raw.values), length);
  return [unitKey(raw.state as string, raw.unit as number), { bytes, scale, limit, peak }];
}

/** How often gates are closed and open, over so many tokens; null where that was not measured. */
export function decodeSaturation(raw: unknown): { tokens: number; gates: GateShares[] } | null {
  if (!raw) return null;
  const { tokens, gates } = raw as Raw;
  return {
    tokens: tokens as number,
    gates: (gates as Raw[]).map(({ state, ids, closed, open }) => {
      const units = new Uint32Array(aligned(ids));
      const shares = (name: string, raw: unknown) => sized(name, toFloat32(raw), units.length);
      return {
        state: state as string,
        ids: units,
        closed: shares("closed", closed),
        open: shares("open", open),
      };
    }),
  };
}

function decodeWhole(raw: Raw, units: number, length: number): Whole {
  const perUnit = (name: string) => sized(name, toFloat32(raw[name]), units);
  return {
    values: sized("values", toInt8(raw.values), units * length),
    scales: perUnit("scales"),
    limits: perUnit("limits"),
    peaks: perUnit("peaks"),
  };
}

function sized<A extends { length: number }>(name: string, array: A, length: number): A {
  if (array.length !== length)
    throw new RangeError(`${name} must have ${length} elements, got ${array.length}`);
  return array;
}

function decodePredictions(raw: Raw, length: number): Predictions | null {
  if (raw.top_ids == null || raw.top_probs == null || !raw.vocabulary) return null;
  const count = raw.top_k as number;
  const vocabulary = raw.vocabulary as string[];
  return {
    vocabulary,
    characters: vocabulary.every((entry) => entry.length === 1 || [...entry].length === 1),
    count,
    ids: sized("top_ids", new Uint32Array(aligned(raw.top_ids)), length * count),
    probabilities: sized("top_probs", new Uint16Array(aligned(raw.top_probs)), length * count),
  };
}

function decodeLabel(raw: Raw, length: number): Label {
  const name = raw.name as string;
  const kind = raw.kind as Label["kind"];
  const values =
    kind === "bool"
      ? Float32Array.from(toBytes(raw.values), (value) => (value === 255 ? Number.NaN : value))
      : toFloat32(raw.values);
  let low = 0;
  let high = 1;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const rule = (raw.rule as LabelRule) ?? null;
  return { name, kind, values: sized(`label ${name}`, values, length), low, high, rule };
}

/** Where a label's value lies between the ends of what it is drawn on, 0 to 1. */
export const labelShare = ({ low, high }: Label, value: number) => (value - low) / (high - low);
