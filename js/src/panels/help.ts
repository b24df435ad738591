import { button, h, on, watch } from "../dom";
import type { Store } from "../store/store";

type Keys = [keys: string, does: string][];

const EVERYWHERE: Keys = [
  ["n  p", "next, previous unit"],
  ["s  Shift+s", "next, previous span of the label (or sentence)"],
  ["g", "guess: hide what stands ahead of the cursor"],
  ["f", "flip the unit's colours: red is low"],
  ["l", "large type, for a hall"],
  ["m", "find units: mark text, see all at once"],
  ["?", "this list"],
];
const TRAINING: Keys = [["c  Shift+c", "next, previous checkpoint"]];
const TYPING: Keys = [["any character", "guess that it comes next"]];
const IN_TEXT: Keys = [
  ["← → ↑ ↓", "move the cursor; with Shift, select"],
  ["Home  End", "to the ends of the row; with Ctrl, of the text"],
  ["Esc", "remove the cursor"],
];
const GUESSING: Keys = [
  ["→  ←", "reveal one more, one less"],
  ["↓  ↑", "a line more, a line less"],
  ["s  Space  PageDown", "to the end of the span; Shift+s, PageUp: back"],
  ["Home", "hide everything"],
  ["Esc", "end guessing"],
];

/** A list of all keys over the widget, while it is asked for. */
export function helpPanel(store: Store, lifetime: AbortSignal): HTMLElement {
  const close = button("step", "×", () => store.setHelp(false), lifetime, { "aria-label": "close" });
  const list = h("div", { class: "rnnviz-keys" });
  const panel = h(
    "div",
    { class: "rnnviz-help", role: "dialog", "aria-label": "keys", hidden: true },
    h("div", { class: "rnnviz-help-head" }, h("strong", {}, "Keys"), close),
    list,
  );
  let before: HTMLElement | null = null;
  watch(() => {
    const open = store.help.value;
    if (panel.hidden === !open) return;
    const { activeElement } = panel.getRootNode() as Document | ShadowRoot;
    if (open) before = activeElement as HTMLElement | null;
    panel.hidden = !open;
    (open ? close : before)?.focus();
  }, lifetime);
  on(
    panel,
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      store.setHelp(false);
    },
    lifetime,
  );
  watch(() => {
    const several = store.content.value.checkpoints.length > 1;
    const keys =
      store.guess.value === "text"
        ? [...TYPING, ...GUESSING]
        : [...EVERYWHERE, ...(several ? TRAINING : []), ...(store.guess.value ? GUESSING : IN_TEXT)];
    list.replaceChildren(
      ...keys.map(([key, does]) => h("p", {}, h("kbd", {}, key), " ", h("span", {}, does))),
    );
  }, lifetime);
  return panel;
}
