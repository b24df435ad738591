import { h, watch } from "../dom";
import type { Store } from "../store/store";

/** While a class guesses: what reveals more of the text, by key and by pointer. */
export function guessPanel(store: Store, lifetime: AbortSignal): HTMLElement {
  const listen = { signal: lifetime };
  const button = (run: () => void, key: string, words = "") => {
    const name = h("span", {}, words);
    const element = h(
      "button",
      { type: "button", class: "rnnviz-key" },
      name,
      h("kbd", { "aria-hidden": "true" }, key),
    );
    element.addEventListener("click", run, listen);
    return { element, name };
  };
  const token = button(() => store.setCursor(store.cursor.value + 1), "→");
  const row = button(() => store.revealRow(1), "↓", "line");
  const segment = button(() => store.revealSegment(1), "s");
  const back = button(() => store.setCursor(store.cursor.value - 1), "←", "back");
  const end = button(() => store.setGuess(false), "Esc", "end");
  const panel = h(
    "div",
    { class: "rnnviz-guess", role: "group", "aria-label": "guess mode" },
    h("span", {}, "What will the unit do next? Reveal"),
    ...[token, row, segment, back, end].map(({ element }) => element),
  );
  watch(() => {
    const { predictions } = store.moment.value;
    const { label } = store.segments.value;
    panel.hidden = !store.guess.value;
    token.name.textContent = !predictions || predictions.characters ? "character" : "token";
    segment.name.textContent = label ? `to the next change of “${label.name}”` : "sentence";
  }, lifetime);
  return panel;
}
