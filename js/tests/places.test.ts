import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Places, placesOf } from "../src/finding/places";
import { Tokens } from "../src/store/tokens";

interface Case {
  tokens: string[];
  levels: number[];
  options: { count: number; before: number; after: number };
  places: Places;
}

const cases: Case[] = JSON.parse(readFileSync("tests/fixtures/contexts.json", "utf8"));

const tokensOf = (tokens: string[]) => {
  const offsets = [0];
  for (const token of tokens) offsets.push(offsets[offsets.length - 1] + token.length);
  return new Tokens(tokens.join(""), Uint32Array.from(offsets));
};

describe("where a unit is extreme", () => {
  it.each(cases.map((one, i) => [i, one] as const))("is what Python finds, case %i", (_, one) => {
    const row = { bytes: Int8Array.from(one.levels), scale: 127 };
    expect(placesOf(tokensOf(one.tokens), row, one.options)).toEqual(one.places);
  });

  it("is nowhere where nothing is known", () => {
    const row = { bytes: new Int8Array(3).fill(-128), scale: 1 };
    expect(placesOf(tokensOf(["a", "b", "c"]), row)).toEqual({ highest: [], lowest: [], "changes most": [] });
  });
});
