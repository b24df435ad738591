import { describe, expect, it } from "vitest";
import { bestOfKinds, gain, ranks } from "../src/finding/area";
import { Chance, cutOf, gains, partOf, SHIFTS, seeded } from "../src/finding/heldout";
import { joined, type Stretch, stretchAt, tokensIn, within } from "../src/finding/stretches";
import type { StateInfo } from "../src/store/wire";

/** The area under the ROC curve by its meaning: how often a marked one is above another, ties half. */
function areaByPairs(bytes: Int8Array, label: boolean[]): number {
  let wins = 0;
  let all = 0;
  bytes.forEach((q, i) => {
    bytes.forEach((other, j) => {
      if (!label[i] || label[j]) return;
      all++;
      wins += q > other ? 1 : q === other ? 0.5 : 0;
    });
  });
  return wins / all;
}

const labelOf = (stretches: readonly Stretch[], length: number) =>
  Array.from({ length }, (_, t) => stretches.some(([start, stop]) => start <= t && t < stop));

/** A column of `length` values from -`most` to `most`. */
function column(random: () => number, length: number, most: number): Int8Array {
  return Int8Array.from({ length }, () => Math.round((2 * random() - 1) * most));
}

const state = (name: string, of = 3): StateInfo => ({
  name,
  units: of,
  ids: null,
  of,
  kind: "signed",
  bound: 1,
  first: 0,
});

describe("marked stretches", () => {
  it("that meet are one", () => {
    const joinedOnes = joined([
      [5, 7],
      [0, 2],
      [6, 9],
      [2, 3],
    ]);
    expect(joinedOnes).toEqual([
      [0, 3],
      [5, 9],
    ]);
    expect(tokensIn(joinedOnes)).toBe(7);
    expect(stretchAt(joinedOnes, 8)).toEqual([5, 9]);
    expect(stretchAt(joinedOnes, 3)).toBeUndefined();
    expect(within(joinedOnes, 2, 7)).toEqual([
      [0, 1],
      [3, 5],
    ]);
  });

  it("are the same set of tokens, however they came together", () => {
    const random = seeded(7);
    for (let trial = 0; trial < 50; trial++) {
      const some = Array.from({ length: 6 }, (): Stretch => {
        const start = Math.floor(random() * 40);
        return [start, start + 1 + Math.floor(random() * 9)];
      });
      const made = joined(some);
      expect(labelOf(made, 60)).toEqual(labelOf(some, 60));
      for (const [i, [start]] of made.entries()) if (i) expect(start).toBeGreaterThan(made[i - 1][1]);
    }
  });
});

describe("the area under the curve", () => {
  it("is that of all pairs, ties and signs included", () => {
    const random = seeded(1);
    for (const most of [1, 3, 127]) {
      const bytes = column(random, 90, most);
      const marked: Stretch[] = [
        [4, 11],
        [40, 63],
      ];
      expect(gain(bytes, marked) + 0.5).toBeCloseTo(areaByPairs(bytes, labelOf(marked, 90)), 12);
    }
  });

  it("is not known of a column that misses a value", () => {
    expect(ranks(Int8Array.of(1, -128, 2))).toBeNull();
    expect(gain(Int8Array.of(1, -128, 2), [[0, 1]])).toBeNaN();
  });

  it("puts the best kind of each unit first, and leaves out what is not known", () => {
    const columns = [
      { state: state("a.h"), unit: 0 },
      { state: state("a.c"), unit: 0 },
      { state: state("a.h"), unit: 1 },
      { state: state("b.strange"), unit: 0 },
      { state: state("b.odd"), unit: 0 },
      { state: state("a.h", 2), unit: 0 },
    ];
    const found = bestOfKinds(columns, [0.1, -0.4, Number.NaN, 0.2, 0.2, 0.05], [0, 0.3, 0, 0, 0, 0]);
    expect(found.map(({ state, unit, sign }) => [state, unit, sign])).toEqual([
      ["a.c", 0, -1],
      ["b.strange", 0, 1],
      ["b.odd", 0, 1],
      ["a.h", 0, 1],
    ]);
    expect(found[0].score).toBeCloseTo(0.9, 12);
    expect(found[0].heldOut).toBeCloseTo(0.2, 12);
  });
});

describe("the score on the rest", () => {
  const marked: Stretch[] = Array.from({ length: 30 }, (_, i) => [40 * i + 5, 40 * i + 15]);

  it("is of a part that begins between two stretches", () => {
    expect(cutOf(marked)).toBe(Math.floor((marked[14][1] + marked[15][0] + 1) / 2));
    expect(
      cutOf([
        [0, 2],
        [4, 5],
        [9, 12],
      ]),
    ).toBe(7);
  });

  it("of a column is the same by sums as by pairs, and so for each label of chance", () => {
    const random = seeded(3);
    const bytes = column(random, 1200, 20);
    const part = partOf(marked, 600, 1200, random);
    const found = gains(bytes, part);
    const own = bytes.subarray(600);
    for (const [i, label] of [part.marked, ...part.chance.slice(0, 5)].entries())
      expect((found?.[i] ?? 0) + 0.5).toBeCloseTo(areaByPairs(own, labelOf(label, 600)), 9);
    for (const label of part.chance) {
      expect(tokensIn(label)).toBeGreaterThan(0);
      expect(tokensIn(label)).toBeLessThan(600);
    }
  });

  it("is above chance for a unit that follows, and chance is above a half for the best of many", () => {
    const random = seeded(4);
    const label = labelOf(marked, 1200);
    const columns = Array.from({ length: 40 }, (_, u) => {
      const noise = column(random, 1200, 60);
      return u === 9 ? noise.map((q, t) => q - (label[t] ? 60 : 0)) : noise;
    });
    const [a, b] = [partOf(marked, 0, 600, random), partOf(marked, 600, 1200, random)];
    const chance = new Chance();
    const [onA, onB]: number[][] = [[], []];
    for (const bytes of columns) {
      const [first, second] = [gains(bytes, a), gains(bytes, b)];
      if (!first || !second) throw new Error("nothing is missing here");
      chance.take(first, second);
      onA.push(first[0]);
      onB.push(second[0]);
    }
    const [best] = bestOfKinds(
      columns.map((_, unit) => ({ state: state("a.h", 40), unit })),
      onA,
      onB,
    );
    expect([best.unit, best.sign]).toEqual([9, -1]);
    expect(best.heldOut).toBeGreaterThan(0.8);
    expect(chance.level).toBeGreaterThan(0.5);
    expect(chance.level).toBeLessThan(0.7);
    expect(a.chance).toHaveLength(SHIFTS);
  });
});
