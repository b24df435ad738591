import type { Kit } from "../live";
import type { Store } from "../store/store";

/** A panel that is seen while its tab is chosen. */
export interface Tab {
  /** The letter that opens it. */
  key: string;
  name: string;
  does: string;
  /** Makes it; `shown` says, to who watches, whether it is seen. */
  make(shown: () => boolean): HTMLElement;
}

let made = 0;

/** Panels of which one is seen, while units are looked for and no class guesses. */
export function tabs(
  kit: Kit,
  store: Store,
  root: HTMLElement,
  panels: Tab[],
  lifetime: AbortSignal,
): HTMLElement {
  const { button, h, on, signal, watch } = kit;
  const chosen = signal(panels[0]);
  const isOpen = () => store.finding.value && !store.guess.value;
  const name = `rnnviz-finding-${++made}`;
  const buttons = panels.map((panel) =>
    button(
      "way",
      panel.name,
      () => {
        chosen.value = panel;
      },
      lifetime,
      { role: "tab", title: `${panel.does} (${panel.key})`, id: `${name}-${panel.key}` },
    ),
  );
  const close = button("step", "×", () => store.setFinding(false), lifetime, { "aria-label": "close" });
  const bodies = panels.map((panel) => {
    const body = panel.make(() => isOpen() && chosen.value === panel);
    body.setAttribute("role", "tabpanel");
    body.setAttribute("aria-labelledby", `${name}-${panel.key}`);
    return body;
  });
  const list = h("div", { class: "rnnviz-tabs", role: "tablist", "aria-label": "find units by" }, ...buttons);
  const box = h(
    "section",
    { class: "rnnviz-finding", "aria-label": "find units" },
    h("div", { class: "rnnviz-finding-head" }, list, close),
    ...bodies,
  );
  watch(() => {
    box.hidden = !isOpen();
    for (const [i, panel] of panels.entries()) {
      const here = chosen.value === panel;
      bodies[i].hidden = !here;
      buttons[i].setAttribute("aria-selected", String(here));
      buttons[i].tabIndex = here ? 0 : -1;
    }
  }, lifetime);
  on(
    list,
    "keydown",
    (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = (panels.indexOf(chosen.peek()) + step + panels.length) % panels.length;
      chosen.value = panels[at];
      buttons[at].focus();
      event.preventDefault();
    },
    lifetime,
  );
  followLetters(kit, root, lifetime, (key) => {
    const panel = panels.slice(1).find((one) => one.key === key);
    // The first one's letter opens and closes all of it: the widget knows it already.
    if (!panel) return false;
    store.setFinding(!(isOpen() && chosen.peek() === panel));
    chosen.value = panel;
    return true;
  });
  watch(() => {
    // Behind the others, which are made anew with the content.
    const keys = root.querySelector(".rnnviz-keys");
    if (!store.content.value || !store.help.value || !keys || keys.querySelector("[data-finding]")) return;
    for (const { key, does } of panels.slice(1))
      keys.append(h("p", { "data-finding": "" }, h("kbd", {}, key), " ", h("span", {}, does)));
  }, lifetime);
  return box;
}

/** Letters that act here alone, wherever the focus is but where one types. */
function followLetters(
  { on }: Kit,
  root: HTMLElement,
  lifetime: AbortSignal,
  act: (key: string) => boolean,
): void {
  on(
    root,
    "keydown",
    (event) => {
      const target = event.composedPath()[0] as HTMLElement;
      const types = target.matches("input:not([type=range]), select, textarea");
      if (event.defaultPrevented || types || event.ctrlKey || event.metaKey || event.altKey) return;
      if (act(event.key)) event.preventDefault();
    },
    lifetime,
  );
}
