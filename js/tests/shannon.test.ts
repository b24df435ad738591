import { describe, expect, it } from "vitest";
import { shannonPanel } from "../src/extras/shannon";
import type { Traits } from "../src/host";
import { kit } from "../src/live";
import { Store } from "../src/store/store";
import { Tokens } from "../src/store/tokens";
import { rawCheckpoint, rawContent, utf16 } from "./content";
import { FakeHost } from "./host";

const LN2 = Math.LN2;

/** After "a" the network expects "b", and "a" after all else: probabilities as float16. */
const EXPECTED = {
  vocabulary: ["a", "b", "c", "d"],
  top_k: 1,
  top_ids: Uint32Array.of(1, 0, 0, 0),
  top_probs: Uint16Array.of(0x3a00, 0x3800, 0x3800, 0x3800),
};

/** The network pays 1, 2 and 3 bits for what follows the first, second and third character of "abcd". */
function open(
  overrides: Partial<Traits> = {},
  loss: Float32Array | null = Float32Array.of(LN2, 2 * LN2, 3 * LN2, Number.NaN),
  predicted: Record<string, unknown> = {},
) {
  const content = rawContent({ text: utf16("abcd"), checkpoints: [rawCheckpoint({ loss, ...predicted })] });
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
    expect(score.textContent).toContain("bits a character: you 1.00, the network 1.50");
    expect(score.textContent).toContain("right at once: you 1 of 2 ·");
  });

  it("counts whom the text proves right at once, and says what the network held likeliest", () => {
    const { said, score, type } = open({}, undefined, EXPECTED);
    type("ab");
    expect(said.textContent).toBe("“b” at guess 1; the network expected “b” (0.75) and paid 1.0 bits");
    type("xc");
    expect(said.textContent).toBe("“c” at guess 2; the network expected “a” (0.50) and paid 2.0 bits");
    expect(score.textContent).toContain("right at once: you 1 of 2, the network 1");
  });

  it("keeps what was said while more becomes known of the same text, and forgets it with another", () => {
    const { store, said, score, type } = open();
    type("axbx");
    store.show({ ...store.content.value }, []);
    expect(said.textContent).toBe("not x");
    expect(score.textContent).toContain("you 0 of 1");
    store.show({ ...store.content.value, tokens: new Tokens("abcd", null) }, []);
    expect(said.textContent).toBe("Type the character that comes next.");
    expect(score.hidden).toBe(true);
  });

  it("counts no character that was shown unguessed, nor one twice", () => {
    const { store, score, type } = open();
    type("a");
    store.setCursor(1);
    type("c");
    expect(score.textContent).toContain(
      "right at once: you 1 of 1 · bits a character: you 0.00, the network 2.00",
    );
    store.setCursor(1);
    type("xxc");
    expect(score.textContent).toContain("you 1 of 1");
  });

  it("says so where the trace has no predictions", () => {
    const { score, type } = open({}, null);
    type("a");
    expect(score.textContent).toContain("the trace has no predictions to compare with");
  });

  it("ends with the text", () => {
    const { store, said, type } = open();
    type("abcde");
    expect(store.cursor.value).toBe(3);
    expect(said.textContent).toContain("The text is at its end.");
  });
});
