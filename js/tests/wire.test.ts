import { describe, expect, it } from "vitest";
import { decode, halfToNumber, toText, unitKey } from "../src/store/wire";
import { offAlignment, onRequest, rawCheckpoint, rawContent, utf16 } from "./content";

/** The only checkpoint of a content, with something else in it. */
const checkpoint = (overrides: Record<string, unknown>) =>
  decode(rawContent({ checkpoints: [rawCheckpoint(overrides)] })).checkpoints[0];

describe("decode", () => {
  it("reads the same from a DataView, a Uint8Array and an ArrayBuffer, aligned or not", () => {
    const scales = new Float32Array([1, 2, 3, 4, 5]);
    for (const buffer of [scales, scales.buffer, new Uint8Array(scales.buffer), offAlignment(scales)])
      expect(checkpoint({ scales: buffer }).whole?.scales).toEqual(scales);
  });

  it("finds each state's units among all units", () => {
    expect(decode(rawContent()).states.map(({ first }) => first)).toEqual([0, 3]);
  });

  it("keeps lone surrogates, zero characters and byte order marks", () => {
    const text = "\ufeffa\ud800b\udc00\u0000c";
    expect(toText(utf16(text))).toBe(text);
    expect(toText(offAlignment(utf16(text)))).toBe(text);
  });

  it("reads texts longer than one call can carry", () => {
    const text = "0123456789".repeat(5000);
    expect(toText(utf16(text))).toBe(text);
  });

  it("cuts tokens of several code units by their offsets", () => {
    const { tokens } = decode(
      rawContent({ text: utf16("the 🙂cat\n!"), offsets: new Uint32Array([0, 4, 6, 9, 11]) }),
    );
    expect([0, 1, 2, 3].map((t) => tokens.string(t))).toEqual(["the ", "🙂", "cat", "\n!"]);
    expect([0, 3, 4, 5, 6, 8, 9, 10].map((offset) => tokens.at(offset))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(tokens.position(2)).toEqual({ line: 1, column: 6 });
    expect(tokens.position(3)).toEqual({ line: 1, column: 9 });
  });

  it("has no units where they come by request", () => {
    const { checkpoints } = decode(rawContent({ checkpoints: [rawCheckpoint(), onRequest({ name: "2" })] }));
    expect(checkpoints.map(({ whole, name }) => [whole === null, name])).toEqual([
      [false, ""],
      [true, "2"],
    ]);
  });

  it("turns missing labels into NaN", () => {
    const { labels } = decode(
      rawContent({ labels: [{ name: "q", kind: "bool", values: Uint8Array.from([0, 1, 255, 1]) }] }),
    );
    expect([...labels[0].values]).toEqual([0, 1, Number.NaN, 1]);
  });

  it("knows predicted characters from predicted tokens", () => {
    const of = (vocabulary: string[]) => {
      const [top_ids, top_probs] = [new Uint32Array(4), new Uint16Array(4)];
      return checkpoint({ vocabulary, top_ids, top_probs, top_k: 1 }).predictions?.characters;
    };
    expect(of(["a", "\n", "🙂"])).toBe(true);
    expect(of(["a", "the"])).toBe(false);
  });

  it("keeps pinned units by state and unit", () => {
    const values = Uint16Array.from([0x3c00, 0xbc00, 0x3800, 0x7e00]);
    const { pinned } = checkpoint({ pinned: [{ state: "a.h", unit: 2, values }] });
    expect([...(pinned.get(unitKey("a.h", 2)) ?? [])]).toEqual([1, -1, 0.5, Number.NaN]);
  });

  it.each([
    [{ version: 1 }, "version must be 2, got 1"],
    [{ length: 5 }, "content has 4 tokens, its length says 5"],
  ])("says what is wrong with %o", (overrides, words) => {
    expect(() => decode(rawContent(overrides))).toThrow(words);
  });

  it.each([
    [{ values: new Int8Array(19) }, "values must have 20 elements, got 19"],
    [{ limits: new Float32Array(4) }, "limits must have 5 elements, got 4"],
    [{ loss: new Float32Array(3) }, "loss must have 4 elements, got 3"],
    [{ scales: "AAAA" }, "expected bytes, got string"],
  ])("says what is wrong with a checkpoint, %o", (overrides, words) => {
    expect(() => checkpoint(overrides)).toThrow(words);
  });
});

describe("halfToNumber", () => {
  it("agrees with the standard's own examples", () => {
    const cases: [number, number][] = [
      [0x0000, 0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x7bff, 65504],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0xc000, -2],
    ];
    for (const [bits, value] of cases) expect(halfToNumber(bits)).toBe(value);
  });
});
