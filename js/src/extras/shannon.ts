import type { Kit } from "../live";
import type { Store } from "../store/store";
import { visibly } from "../words";

/** Fewer characters than this tell little. */
const MANY = 100;

/**
 * A class against the network: both say what comes next, of the same characters.
 *
 * The class's figure is the entropy of its numbers of guesses, in bits a character: an upper bound of what it does not
 * know (Shannon 1951, "Prediction and entropy of printed English", equation 17). The network's is the mean of
 * -log2 p(what came). What was shown without a right guess counts for neither.
 */
export function shannonPanel({ h, signal, watch }: Kit, store: Store, lifetime: AbortSignal): HTMLElement {
  const said = h("p", { "aria-live": "polite" });
  const score = h("p", {
    title:
      "class: the entropy of its numbers of guesses, an upper bound (Shannon 1951); network: the mean of −log2 p(what came)",
  });
  const panel = h("div", { class: "rnnviz-game", role: "group", "aria-label": "score" }, said, score);
  /** Wrong guesses of the next character. */
  const wrong = signal<string[]>([]);
  /** By token, how many guesses it took. */
  const taken = signal(new Map<number, number>());

  let last = store.typed.peek();
  watch(() => {
    const typed = store.typed.value;
    if (typed === last) return;
    last = typed;
    const { tokens } = store.content.peek();
    const next = store.cursor.peek() + 1;
    if (next >= tokens.length) return;
    if (typed.character !== tokens.string(next)) {
      wrong.value = [...new Set([...wrong.peek(), typed.character])];
      return;
    }
    if (!taken.peek().has(next)) taken.value = new Map(taken.peek()).set(next, wrong.peek().length + 1);
    store.setCursor(next);
  }, lifetime);
  let tokens = store.content.peek().tokens;
  watch(() => {
    store.cursor.value;
    wrong.value = [];
    if (store.content.value.tokens === tokens) return;
    tokens = store.content.value.tokens;
    taken.value = new Map();
  }, lifetime);

  const bitsOf = (token: number) => (store.moment.value.loss?.[token - 1] ?? Number.NaN) / Math.LN2;
  watch(() => {
    panel.hidden = store.guess.value !== "text";
    if (panel.hidden) return;
    const cursor = store.cursor.value;
    const guesses = taken.value.get(cursor);
    const paid = bitsOf(cursor);
    const network = Number.isNaN(paid) ? "" : `; the network paid ${paid.toFixed(1)} bits`;
    said.textContent = wrong.value.length
      ? `not ${wrong.value.map(visibly).join("  ")}`
      : guesses
        ? `“${visibly(tokens.string(cursor))}” at guess ${guesses}${network}`
        : "Type the character that comes next.";
    // The first has no prediction.
    const both = [...taken.value].filter(
      ([token]) => !store.moment.value.loss || !Number.isNaN(bitsOf(token)),
    );
    const count = both.length;
    const mean = both.reduce((sum, [token]) => sum + bitsOf(token), 0) / count;
    const bits = entropy(both.map(([, guesses]) => guesses));
    score.hidden = !count;
    score.textContent = [
      `class ${bits.toFixed(2)} bits a character`,
      Number.isNaN(mean) ? "the trace has no predictions to compare with" : `network ${mean.toFixed(2)}`,
      `over ${count} guessed${count < MANY ? ": few, so both are rough" : ""}`,
    ].join(" · ");
  }, lifetime);
  return panel;
}

/** Of the shares of the numbers, in bits. */
function entropy(numbers: number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / numbers.length) * Math.log2(count / numbers.length);
  return bits;
}
