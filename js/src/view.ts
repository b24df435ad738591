import { atEnd, h, watch } from "./dom";
import type { Host } from "./host";
import { followKeys } from "./keys";
import { addPanels, enliven } from "./live";
import { chart } from "./panels/chart";
import { controls } from "./panels/controls";
import { copiesPanel } from "./panels/copies";
import { guessPanel } from "./panels/guess";
import { helpPanel } from "./panels/help";
import { legend } from "./panels/legend";
import { minimap } from "./panels/minimap";
import { notes } from "./panels/notes";
import { printout } from "./panels/printout";
import { readout } from "./panels/readout";
import { tools } from "./panels/tools";
import { Store } from "./store/store";
import { followTheme } from "./theme";

/** Shows a host's trace inside `parent` until `lifetime` aborts. */
export function mount(host: Host, parent: HTMLElement, lifetime: AbortSignal): void {
  // A group, not a landmark: a page may show several.
  const root = h("div", { class: "rnnviz", role: "group", "aria-label": "what a hidden unit does" });
  // The root measures itself, so it has no width of its own to offer; the box around it has.
  const box = h("div", { class: "rnnviz-place" }, root);
  atEnd(lifetime, () => box.remove());
  parent.append(box);
  let store: Store;
  try {
    store = new Store(host, lifetime);
  } catch (error) {
    root.append(
      h("p", { class: "rnnviz-problem", role: "alert" }, `This trace cannot be shown: ${message(error)}`),
    );
    return;
  }
  const problem = h("p", { class: "rnnviz-problem", role: "alert" });
  const title = h("h2", { class: "rnnviz-title" });
  const look = followTheme(store, root, lifetime);
  followKeys(store, root, lifetime);
  const copies = copiesPanel(store, lifetime);
  const head = controls(store, lifetime);
  const game = guessPanel(store, lifetime);
  const foot = h(
    "div",
    { class: "rnnviz-foot" },
    chart(store, lifetime),
    h("div", { class: "rnnviz-side" }, legend(store, lifetime), tools(store, lifetime)),
  );
  root.append(
    title,
    problem,
    head,
    h(
      "div",
      { class: "rnnviz-room" },
      h("div", { class: "rnnviz-main" }, copies, minimap(store, lifetime), readout(store, lifetime)),
      printout(store, lifetime),
      game,
      foot,
    ),
    notes(store, lifetime),
    helpPanel(store, lifetime),
  );
  look();
  watch(() => {
    root.dataset.theme = store.theme.value;
    root.classList.toggle("rnnviz-present", store.present.value);
    root.classList.toggle("rnnviz-plain", !store.controls.value);
  }, lifetime);
  watch(() => {
    title.textContent = store.content.value.title;
    title.hidden = !title.textContent;
  }, lifetime);
  watch(() => {
    problem.textContent = store.problem.value;
    problem.hidden = !store.problem.value;
  }, lifetime);
  const slots = { root, head, game, copies, foot };
  addPanels(host, store, slots, lifetime);
  void enliven(host, store, slots, lifetime);
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
