import { button, h, watch } from "../dom";
import type { Store } from "../store/store";

/** The ways to look at the text that are not always wanted. */
export function tools(store: Store, lifetime: AbortSignal): HTMLElement {
  const link = (words: string, title: string, run: () => void) =>
    button("link", words, run, lifetime, { title });
  const compare = link("compare", "one more copy of the text, for another unit", () => store.addCopy());
  const flip = link("flip", "turn the colours of this unit: red is low (f)", () =>
    store.setFlipped(!store.flip.value),
  );
  const guess = link("guess", "hide what stands ahead of the cursor (g)", () =>
    store.setGuess(!store.guess.value),
  );
  const find = link("find", "find units: mark text, see all at once (m)", () =>
    store.setFinding(!store.finding.value),
  );
  const large = link("large", "large type, for a hall (l)", () => store.setPresent(!store.present.value));
  const keys = link("keys", "all keys (?)", () => store.setHelp(!store.help.value));
  const apart = link("set apart", "a space between tokens", () => store.setApart(!store.apart.value));
  watch(() => {
    apart.hidden = !store.content.value.tokens.several;
    apart.setAttribute("aria-pressed", String(store.apart.value));
  }, lifetime);
  watch(() => flip.setAttribute("aria-pressed", String(store.flip.value)), lifetime);
  watch(() => guess.setAttribute("aria-pressed", String(!!store.guess.value)), lifetime);
  watch(() => find.setAttribute("aria-pressed", String(store.finding.value)), lifetime);
  watch(() => large.setAttribute("aria-pressed", String(store.present.value)), lifetime);
  return h("div", { class: "rnnviz-tools" }, find, compare, flip, guess, apart, large, keys);
}
