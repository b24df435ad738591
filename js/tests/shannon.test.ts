import { describe, expect, it } from "vitest";
import { shannonPanel } from "../src/extras/shannon";
import type { Traits } from "../src/host";
import { kit } from "../src/live";
import { Store } from "../src/store/store";
import { rawCheckpoint, rawContent, utf16 } from "./content";
import { FakeHost } from "./host";

const LN2 = Math.LN2;

/** The network pays 1, 2 and 3 bits for what follows the first, second and third character of "abcd". */
function open(
  overrides: Partial<Traits> = {},
  loss: Float32Array | null = Float32Array.of(LN2, 2 * LN2, 3 * LN2, Number.NaN),
) {
  const content = rawContent({ text: utf16("abcd"), checkpoints: [rawCheckpoint({ loss })] });
  const host = new FakeHost({ _content: content, guess: "text", ...overrides });
  const store = new Store(host, new AbortController().signal);
  const panel = shannonPanel(kit, store, new AbortController().signal);
  const [said, score] = panel.querySelectorAll("p");
  return {
    host,
    store,
    panel,
    said,
    score,
    type: (keys: string) => {
      for (const key of keys) store.guessNext(key);
    },
  };
}

describe("the guess of a text", () => {
  it("is there where letters are hidden, and only there", () => {
    expect(open().panel.hidden).toBe(false);
    expect(open({ guess: "values" }).panel.hidden).toBe(true);
    expect(open({ guess: false }).panel.hidden).toBe(true);
  });

  it("reveals a character that was guessed, and keeps what was not", () => {
    const { store, said, type } = open();
    type("xyx");
    expect(store.cursor.value).toBe(-1);
    expect(said.textContent).toBe("not x  y");
    type("a");
    expect(store.cursor.value).toBe(0);
    expect(said.textContent).toBe("“a” at guess 3");
    type("b");
    expect(said.textContent).toBe("“b” at guess 1; the network paid 1.0 bits");
  });

  it("counts class and network over the same characters, the first not: it has no prediction", () => {
    const { score, type } = open();
    type("a");
    expect(score.hidden).toBe(true);
    type("xb");
    type("c");
    // Numbers of guesses 2 and 1: one bit. The network: 1 and 2 bits.
    expect(score.textContent).toContain("class 1.00 bits a character · network 1.50 · over 2 guessed");
  });

  it("counts no character that was shown unguessed, nor one twice", () => {
    const { store, score, type } = open();
    type("a");
    store.setCursor(1);
    type("c");
    expect(score.textContent).toContain("class 0.00 bits a character · network 2.00 · over 1 guessed");
    store.setCursor(1);
    type("xxc");
    expect(score.textContent).toContain("over 1 guessed");
  });

  it("says so where the trace has no predictions", () => {
    const { score, type } = open({}, null);
    type("a");
    expect(score.textContent).toContain("the trace has no predictions to compare with");
  });

  it("ends with the text", () => {
    const { store, type } = open();
    type("abcde");
    expect(store.cursor.value).toBe(3);
  });
});
