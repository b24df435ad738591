import * as preact from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import * as ours from "../src/signals";

interface Library {
  signal(value: number): { value: number; peek(): number };
  computed(compute: () => number): { readonly value: number; peek(): number };
  effect(run: () => void): () => void;
  batch(run: () => void): void;
}

/** A repeatable random number below `limit`. */
function dice(seed: number) {
  let state = seed * 2654435761 + 1;
  return (limit: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** What a random graph of signals does while it is set, watched and left alone. */
function story(library: Library, seed: number): unknown[] {
  const { signal, computed, effect, batch } = library;
  const roll = dice(seed);
  const told: unknown[] = [];
  const given = Array.from({ length: 4 }, (_, i) => signal(i));
  const all: { readonly value: number; peek(): number }[] = [...given];
  for (let i = 0; i < 6; i++) {
    const [a, b, c] = [all[roll(all.length)], all[roll(all.length)], all[roll(all.length)]];
    const kind = roll(4);
    all.push(
      computed(() => {
        // Which are read depends on what was read.
        if (kind === 0) return a.value % 2 ? b.value : c.value;
        if (kind === 1) return Math.min(2, a.value + b.value);
        if (kind === 2) return a.value * b.value + c.value;
        if (a.value === 3) throw new Error("three");
        return a.value * 2 + b.value;
      }),
    );
  }
  // Set by an effect, and read by others.
  const mirror = signal(0);
  const beyond = computed(() => mirror.value + given[0].value);
  const read = (one: { readonly value: number }) => {
    try {
      return one.value;
    } catch (error) {
      return String(error);
    }
  };
  const ends = Array.from({ length: 5 }, (_, i) => {
    const [a, b] = [all[roll(all.length)], all[roll(all.length)]];
    return effect(() => {
      told.push([i, read(a), read(i % 2 ? b : beyond)]);
      if (i === 4) mirror.value = Number(read(a)) || 0;
    });
  });
  for (let step = 0; step < 30; step++) {
    const set = () => {
      given[roll(given.length)].value = roll(5);
    };
    if (roll(3)) set();
    else
      batch(() => {
        set();
        told.push(all.map(read));
        batch(set);
        set();
      });
    if (roll(8) === 0) ends[roll(ends.length)]();
    told.push("now", all.map(read));
  }
  return told;
}

/** The same as far as it matters: each effect's own story, and all values; not whose turn is first. */
function parted(told: unknown[]) {
  const values = told.filter((one) => !Array.isArray(one) || one.length > 3);
  const effects = [0, 1, 2, 3, 4].map((i) =>
    told.filter((one) => Array.isArray(one) && one.length === 3 && one[0] === i).at(-1),
  );
  return { values, effects };
}

describe("signals", () => {
  it("have the values that @preact/signals-core has, in any graph and order", () => {
    for (let seed = 0; seed < 120; seed++)
      expect(parted(story(ours, seed)), `seed ${seed}`).toEqual(parted(story(preact, seed)));
  });

  it("run an effect once for what changed together, and not for what did not change", () => {
    const [a, b] = [ours.signal(1), ours.signal(1)];
    const even = ours.computed(() => (a.value + b.value) % 2 === 0);
    const seen: boolean[] = [];
    const end = ours.effect(() => {
      seen.push(even.value);
    });
    ours.batch(() => {
      a.value = 2;
      b.value = 2;
    });
    a.value = 4;
    expect(seen).toEqual([true]);
    a.value = 5;
    expect(seen).toEqual([true, false]);
    end();
    a.value = 6;
    expect(seen).toEqual([true, false]);
  });

  it("work out only what is read", () => {
    const a = ours.signal(1);
    let runs = 0;
    const twice = ours.computed(() => {
      runs++;
      return 2 * a.value;
    });
    a.value = 2;
    expect(runs).toBe(0);
    expect([twice.value, twice.value, runs]).toEqual([4, 4, 1]);
  });

  it("are read untracked and peeked at without being followed", () => {
    const [a, b] = [ours.signal(1), ours.signal(1)];
    const twice = ours.computed(() => 2 * b.value);
    const seen: number[] = [];
    ours.effect(() => {
      seen.push(a.value + b.peek() + ours.untracked(() => twice.value));
    });
    b.value = 5;
    expect(seen).toEqual([4]);
    a.value = 2;
    expect(seen).toEqual([4, 17]);
  });

  it("forget what an effect no longer reads", () => {
    const [which, one, other] = [ours.signal(true), ours.signal(1), ours.signal(2)];
    const seen: number[] = [];
    ours.effect(() => {
      seen.push(which.value ? one.value : other.value);
    });
    which.value = false;
    one.value = 9;
    other.value = 3;
    expect(seen).toEqual([1, 2, 3]);
  });

  it("go on after an error, which who set the value gets", () => {
    const a = ours.signal(0);
    const seen: number[] = [];
    ours.effect(() => {
      if (a.value === 1) throw new Error("one");
    });
    ours.effect(() => {
      seen.push(a.value);
    });
    expect(() => {
      a.value = 1;
    }).toThrow("one");
    a.value = 2;
    expect(seen).toEqual([0, 1, 2]);
  });

  it("say so when effects set each other off without end", () => {
    const a = ours.signal(0);
    const endless = () =>
      ours.effect(() => {
        a.value = a.value + 1;
      });
    expect(endless).toThrow("without end");
    const b = ours.signal(0);
    let seen = -1;
    ours.effect(() => {
      seen = b.value;
    });
    b.value = 7;
    expect(seen).toBe(7);
  });
});
