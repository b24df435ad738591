import { DEFAULTS, type Traits } from "../src/host";

export const utf16 = (text: string) => {
  const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return new Uint8Array(units.buffer);
};

/** The bytes of a typed array, placed off any alignment in a larger buffer, as a comm may deliver them. */
export function offAlignment(array: ArrayBufferView): DataView {
  const buffer = new ArrayBuffer(array.byteLength + 5);
  new Uint8Array(buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), 3);
  return new DataView(buffer, 3, array.byteLength);
}

const LENGTH = 4;
const UNITS = 5;

/** Unit u of all, over "abcd", has q = 10 u + t. */
export function rawCheckpoint(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: "",
    values: Int8Array.from({ length: UNITS * LENGTH }, (_, i) => 10 * Math.floor(i / LENGTH) + (i % LENGTH)),
    scales: new Float32Array(UNITS).fill(1),
    limits: new Float32Array(UNITS).fill(1),
    peaks: new Float32Array(UNITS).fill(0.5),
    pinned: [],
    loss: null,
    vocabulary: null,
    top_ids: null,
    top_probs: null,
    top_k: 5,
    ...overrides,
  };
}

/** A checkpoint whose units come by request. */
export const onRequest = (overrides: Record<string, unknown> = {}) =>
  rawCheckpoint({ values: null, scales: null, limits: null, peaks: null, ...overrides });

/** Two states over "abcd": `a.h` with 3 signed units, `a.i` with 2 gate units. */
export function rawContent(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: 2,
    states: [
      { name: "a.h", units: 3, ids: null, of: 3, kind: "signed", bound: 1 },
      { name: "a.i", units: 2, ids: null, of: 2, kind: "gate", bound: 1 },
    ],
    length: LENGTH,
    origin: { token: 0, line: 1, column: 1 },
    text: utf16("abcd"),
    offsets: null,
    checkpoints: [rawCheckpoint()],
    labels: [],
    rankings: [],
    title: "",
    ...overrides,
  };
}

export function someTraits(overrides: Partial<Traits> = {}): Traits {
  return {
    ...DEFAULTS,
    state: "a.h",
    _network: new Uint8Array(),
    _engine: [],
    _initial: new Uint8Array(),
    _content: rawContent(),
    ...overrides,
  };
}
