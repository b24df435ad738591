import { describe, expect, it } from "vitest";
import { segments } from "../src/store/segments";
import { Tokens } from "../src/store/tokens";

const starts = (text: string) => {
  const tokens = new Tokens(text, null);
  const ends = [...segments(tokens, undefined), text.length];
  return ends.slice(1).map((end, i) => text.slice(ends[i], end));
};

describe("sentences", () => {
  it.each([
    ["One. Two! Three", ["One. ", "Two! ", "Three"]],
    ['"No," he said. "Why?" "Go."', ['"No," he said. ', '"Why?" ', '"Go."']],
    ["A title\n\nIt is 3.5 m.\n", ["A title\n\n", "It is 3.5 m.\n"]],
    ["none", ["none"]],
  ])("of %j", (text, sentences) => {
    expect(starts(text)).toEqual(sentences);
  });

  it("begin with the token that holds their first character", () => {
    const tokens = new Tokens("a. bc", Uint32Array.from([0, 2, 5]));
    expect([...segments(tokens, undefined)]).toEqual([0, 1]);
  });
});

describe("runs of a label", () => {
  it("begin where it changes, also to and from what is not known", () => {
    const values = Float32Array.from([0, 0, Number.NaN, Number.NaN, 1, 1]);
    const label = { name: "q", kind: "bool" as const, values, low: 0, high: 1, rule: null };
    expect([...segments(new Tokens("abcdef", null), label)]).toEqual([0, 2, 4]);
  });
});
