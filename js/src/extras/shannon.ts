import type { Kit } from "../live";
import type { Store } from "../store/store";
import { halfToNumber } from "../store/wire";
import { visibly } from "../words";

/** Fewer characters than this tell little. */
const MANY = 100;

/**
 * People against the network: both say what comes next, of the same characters.
 *
 * People guess until they are right, or have the character shown; the network's guess is the one it holds likeliest.
 * Who is right at once is counted. Beside it stand bits a character: of people the entropy of their numbers of
 * guesses, an upper bound of what they do not know (Shannon 1951, "Prediction and entropy of printed English",
 * equation 17); of the network the mean of -log2 p(what came). What was shown without a right guess counts for
 * neither, nor does what the network has no prediction of.
 */
export function shannonPanel({ h, signal, watch }: Kit, store: Store, lifetime: AbortSignal): HTMLElement {
  const said = h("p", { "aria-live": "polite" });
  const score = h("p", {
    title:
      "you: the entropy of your numbers of guesses, an upper bound (Shannon 1951); the network: the mean of −log2 p(what came)",
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
  let at = { tokens: store.content.peek().tokens, cursor: store.cursor.peek() };
  watch(() => {
    const now = { tokens: store.content.value.tokens, cursor: store.cursor.value };
    // The same tokens may come again, with more of what is known of them.
    const other = now.tokens !== at.tokens;
    if (other) taken.value = new Map();
    if (other || now.cursor !== at.cursor) wrong.value = [];
    at = now;
  }, lifetime);

  const bitsOf = (token: number) => (store.moment.value.loss?.[token - 1] ?? Number.NaN) / Math.LN2;
  /** What the network held likeliest in a token's place, and how likely; null where that is not known. */
  const likeliest = (token: number) => {
    const { predictions } = store.moment.value;
    if (!predictions || token < 1) return null;
    const { ids, probabilities, vocabulary, count } = predictions;
    const at = (token - 1) * count;
    return { character: vocabulary[ids[at]], probability: halfToNumber(probabilities[at]) };
  };

  /** Of the character that was guessed last. */
  const found = (token: number, guesses: number): string => {
    const character = visibly(store.content.value.tokens.string(token));
    const own = likeliest(token);
    const paid = bitsOf(token);
    const network = [
      own && `expected “${visibly(own.character)}” (${own.probability.toFixed(2)})`,
      Number.isNaN(paid) ? null : `paid ${paid.toFixed(1)} bits`,
    ].filter((part) => part !== null);
    return `“${character}” at guess ${guesses}${network.length ? `; the network ${network.join(" and ")}` : ""}`;
  };

  watch(() => {
    panel.hidden = store.guess.value !== "text";
    if (panel.hidden) return;
    const cursor = store.cursor.value;
    const { tokens } = store.content.value;
    const guesses = taken.value.get(cursor);
    const all = cursor + 1 === tokens.length;
    said.textContent = wrong.value.length
      ? `not ${wrong.value.map(visibly).join("  ")}`
      : guesses
        ? `${found(cursor, guesses)}${all ? ". The text is at its end." : ""}`
        : "Type the character that comes next.";
    const both = [...taken.value].filter(
      ([token]) => !store.moment.value.loss || !Number.isNaN(bitsOf(token)),
    );
    const count = both.length;
    const mean = both.reduce((sum, [token]) => sum + bitsOf(token), 0) / count;
    const bits = entropy(both.map(([, numbers]) => numbers));
    const mine = both.filter(([, numbers]) => numbers === 1).length;
    const its = both.filter(([token]) => likeliest(token)?.character === tokens.string(token)).length;
    const rival = store.moment.value.predictions ? `, the network ${its}` : "";
    score.hidden = !count;
    score.textContent = [
      `right at once: you ${mine} of ${count}${rival}`,
      `bits a character: you ${bits.toFixed(2)}${Number.isNaN(mean) ? "" : `, the network ${mean.toFixed(2)}`}`,
      ...(store.moment.value.loss ? [] : ["the trace has no predictions to compare with"]),
      ...(count < MANY ? ["few, so both are rough"] : []),
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
