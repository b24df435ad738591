import { h, watch } from "../dom";
import type { Store } from "../store/store";
import type { Tokens } from "../store/tokens";
import { halfToNumber, type Predictions } from "../store/wire";
import { labelled, visibly, written } from "../words";

/** The numbers of one token: the one under the pointer, else the cursor's. */
export function readout(store: Store, lifetime: AbortSignal): HTMLElement {
  const heading = h("p", { class: "rnnviz-after" });
  const value = h("p", { class: "rnnviz-value" });
  const [changeRow, change] = fact("change");
  const [tokenRow, token] = fact("token");
  const [placeRow, place] = fact("at");
  const facts = h("div", { class: "rnnviz-facts" }, changeRow, tokenRow, placeRow);
  const labels = h("div", { class: "rnnviz-labelled" });
  const nextHeading = h("span");
  const loss = h("span", {
    class: "rnnviz-loss",
    title: "−ln p(next token): what the model paid for what came",
  });
  const hint = h("p", { class: "rnnviz-hint" }, "or click into the text and move by arrow keys.");
  const next = h("ol", { class: "rnnviz-next" });
  const predicted = h("div", {}, h("p", { class: "rnnviz-after" }, nextHeading, loss), next);
  const spoken = h("p", { class: "rnnviz-hidden", "aria-live": "polite" });
  const panel = h(
    "div",
    { class: "rnnviz-readout", role: "group", "aria-label": "values" },
    h("div", {}, heading, value, hint, facts, labels),
    predicted,
    spoken,
  );

  /** Nothing to say of a unit: what was said last may be what a class is to guess. */
  const clear = () => {
    delete value.dataset.value;
    delete value.dataset.exact;
    change.textContent = loss.textContent = "";
    for (const element of [labels, next]) element.replaceChildren();
  };

  watch(() => {
    const t = store.focus.value;
    const { tokens, labels: known } = store.content.value;
    const { loss: losses, predictions } = store.moment.value;
    const guessing = !!store.guess.value;
    const shown = t >= 0 && t < store.revealed.value;
    hint.hidden = t >= 0 || guessing;
    facts.hidden = t < 0 || t >= store.seen.value;
    changeRow.hidden = labels.hidden = !shown;
    // What is expected next, and what came, would tell what is to be guessed.
    const told = t + 1 < store.seen.value || store.guess.value !== "text";
    predicted.hidden = !shown || !told || !(predictions || losses);
    if (t >= 0) {
      const { line, column } = tokens.position(t);
      token.replaceChildren(h("code", {}, visibly(tokens.string(t))));
      place.textContent = `line ${line}, column ${column}`;
    }
    if (!shown) {
      heading.textContent = t >= 0 ? `token ${t}` : guessing ? "Nothing is revealed" : "Point at a character";
      value.textContent = t >= 0 ? "not yet revealed" : "–";
      clear();
      return;
    }
    const now = store.valueAt(t);
    const before = t > 0 ? store.valueAt(t - 1) : null;
    const nats = losses?.[t] ?? Number.NaN;
    heading.textContent = `after reading token ${tokens.number(t)}`;
    value.textContent = Number.isNaN(now.value) && store.loading.value ? "…" : written(now);
    value.dataset.value = String(now.value);
    value.dataset.exact = String(now.exact);
    change.textContent = before
      ? written({ ...now, exact: now.exact && before.exact, value: now.value - before.value })
      : `– (${tokens.number(t) > 0 ? "the part begins here" : "the first token"})`;
    labels.replaceChildren(
      ...known.map((label) => {
        const [row, said] = fact(label.name);
        said.textContent = labelled(label, t);
        return row;
      }),
    );
    nextHeading.textContent = predictions?.characters ? "next character" : "next token";
    loss.textContent = Number.isNaN(nats) ? "" : `loss ${nats.toFixed(2)} nats`;
    next.hidden = !predictions;
    next.replaceChildren(...(predictions ? guesses(predictions, t, tokens) : []));
  }, lifetime);

  // Only the cursor speaks: a moving pointer would never be silent.
  watch(() => {
    const t = store.cursor.value;
    if (t < 0) return;
    const { tokens } = store.content.value;
    const { line, column } = tokens.position(t);
    spoken.textContent = `after ${visibly(tokens.string(t))}, line ${line}, column ${column}: ${written(store.valueAt(t))}`;
  }, lifetime);

  return panel;
}

/** A row with a name, and the element for what it is. */
function fact(name: string): [HTMLElement, HTMLElement] {
  const value = h("span");
  // Not a <dl>: notebooks style its parts, and each does so differently.
  return [h("p", { class: "rnnviz-fact" }, h("span", {}, name), " ", value), value];
}

/** What was held likely to come after a token, likeliest first; what came is marked. */
function guesses({ vocabulary, count, ids, probabilities }: Predictions, token: number, tokens: Tokens) {
  const came = token + 1 < tokens.length ? tokens.string(token + 1) : null;
  return Array.from({ length: count }, (_, k) => {
    const name = vocabulary[ids[token * count + k]] ?? "";
    return guess(name, halfToNumber(probabilities[token * count + k]), name === came);
  });
}

function guess(name: string, probability: number, came: boolean): HTMLElement {
  const bar = h("span", { class: "rnnviz-bar" });
  bar.style.width = `${Math.round(probability * 100)}%`;
  const row = h(
    "li",
    came ? { class: "rnnviz-came", title: "this one came" } : {},
    h("code", {}, visibly(name)),
    h("span", { class: "rnnviz-track" }, bar),
    h("span", { class: "rnnviz-probability" }, probability.toFixed(2)),
  );
  if (came) row.append(h("span", { class: "rnnviz-hidden" }, "came"));
  return row;
}
