import { chart } from "./chart";
import { controls } from "./controls";
import { h, watch } from "./dom";
import type { Host } from "./host";
import { legend } from "./legend";
import { minimap } from "./minimap";
import { printout } from "./printout";
import { readout } from "./readout";
import { Store } from "./store";
import { textPanel } from "./text";
import { TextView } from "./textview";
import { followTheme } from "./theme";

/** Shows a host's trace inside `parent` until `lifetime` aborts. */
export function mount(host: Host, parent: HTMLElement, lifetime: AbortSignal): void {
  const root = h("section", { class: "rnnviz", "aria-label": "what a hidden unit does" });
  // JupyterLab and slide shows listen for keys further up: ours end here.
  root.addEventListener("keydown", (event) => event.stopPropagation(), { signal: lifetime });
  lifetime.addEventListener("abort", () => root.remove(), { once: true });
  parent.append(root);
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
  root.append(
    title,
    problem,
    controls(store, lifetime),
    h(
      "div",
      { class: "rnnviz-main" },
      textPanel(store, new TextView(), lifetime),
      minimap(store, lifetime),
      readout(store, lifetime),
    ),
    printout(store, root, lifetime),
    h("div", { class: "rnnviz-foot" }, chart(store, lifetime), legend(store, lifetime)),
  );
  look();
  watch(() => {
    root.dataset.theme = store.theme.value;
  }, lifetime);
  watch(() => {
    title.textContent = store.content.value.title;
    title.hidden = !title.textContent;
  }, lifetime);
  watch(() => {
    problem.textContent = store.problem.value;
    problem.hidden = !store.problem.value;
  }, lifetime);
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
