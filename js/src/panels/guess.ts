import { button, h, watch } from "../dom";
import type { Store } from "../store/store";

/** While a class guesses: what reveals more of the text, by key and by pointer. */
export function guessPanel(store: Store, lifetime: AbortSignal): HTMLElement {
  const choice = (run: () => void, key: string, words = "") => {
    const name = h("span", {}, words);
    const element = button("key", "", run, lifetime);
    element.append(name, h("kbd", { "aria-hidden": "true" }, key));
    return { element, name };
  };
  const token = choice(() => store.setCursor(store.cursor.value + 1), "→");
  const row = choice(() => store.revealRow(1), "↓", "line");
  const segment = choice(() => store.revealSegment(1), "s");
  const back = choice(() => store.setCursor(store.cursor.value - 1), "←", "back");
  const end = choice(() => store.setGuess(false), "Esc", "end");
  const question = h("span");
  const panel = h(
    "div",
    { class: "rnnviz-guess", role: "group", "aria-label": "guess mode" },
    question,
    ...[token, row, segment, back, end].map(({ element }) => element),
  );
  watch(() => {
    const { predictions } = store.moment.value;
    const { label } = store.segments.value;
    panel.hidden = !store.guess.value;
    question.textContent = `${store.guess.value === "text" ? "What comes" : "What will the unit do"} next? Reveal`;
    token.name.textContent = !predictions || predictions.characters ? "character" : "token";
    segment.name.textContent = label ? `to the next change of “${label.name}”` : "sentence";
  }, lifetime);
  return panel;
}
