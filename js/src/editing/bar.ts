import type { Kit } from "../live";
import type { Store } from "../store/store";
import type { Desk } from "./desk";
import type { Field } from "./field";
import { holding } from "./holding";
import { writing } from "./writing";

/** A row of what the network can do, and under it what the chosen one needs. */
export function bar(
  kit: Kit,
  store: Store,
  desk: Desk,
  field: Field,
  foot: HTMLElement,
  lifetime: AbortSignal,
) {
  const { h, watch } = kit;
  const pill = pills(kit, lifetime);
  const edit = pill("edit", "type into the text", () => {
    field.editable.value = !field.editable.value;
    if (field.editable.value) field.area.focus();
  });
  const hold = holding(kit, store, desk, foot.querySelector<HTMLElement>(".rnnviz-plot") ?? foot, lifetime);
  const write = writing(kit, desk, field, lifetime);
  const predictions = pill("predictions", "what the network expects after each character (e)", () => {
    field.predictions.value = !field.predictions.value;
  });
  predictions.setAttribute("aria-keyshortcuts", "e");
  const changed = pill("what changed", "the original above the text as it is now", () => {
    desk.comparing.value = !desk.comparing.value;
  });
  const original = pill("original ↺", "give the text back as it was", () => {
    field.area.setSelectionRange(0, field.area.value.length);
    field.type(desk.original.peek());
    for (const { state, unit } of desk.holds.peek()) desk.hold(state, unit, null);
  });
  original.classList.add("rnnviz-original");
  const cost = h("span", {
    class: "rnnviz-cost",
    role: "status",
    title: "mean of −ln p(next character), over the text",
  });

  watch(() => {
    const { value: loss } = desk.loss;
    const { value: free } = desk.freeLoss;
    const without = desk.holds.value.length && !Number.isNaN(free) ? `, ${free.toFixed(3)} without` : "";
    cost.textContent = Number.isNaN(loss) ? "" : `loss ${loss.toFixed(3)} nats${without}`;
  }, lifetime);
  watch(() => {
    edit.setAttribute("aria-pressed", String(field.editable.value));
    predictions.setAttribute("aria-pressed", String(field.predictions.value));
    changed.setAttribute("aria-pressed", String(desk.comparing.value));
    original.disabled = desk.text.value === desk.original.value && !desk.holds.value.length;
  }, lifetime);
  const row = h(
    "div",
    { class: "rnnviz-pills", role: "group", "aria-label": "the network" },
    edit,
    hold.button,
    h("span", { class: "rnnviz-writes" }, write.button, write.fold),
    predictions,
    changed,
    original,
  );
  const panel = h("div", { class: "rnnviz-live" }, row, hold.panel, write.panel, cost);
  watch(() => {
    // Whoever guesses what comes next has all else out of sight.
    panel.classList.toggle("rnnviz-playing", !!store.guess.value);
  }, lifetime);
  return { panel, held: hold.panel, chance: write.chance };
}

/** Makes buttons. */
export function pills({ h }: Kit, signal: AbortSignal) {
  return (words: string, title: string, run: () => void): HTMLButtonElement => {
    const element = h("button", { type: "button", class: "rnnviz-pill", title }, words);
    element.addEventListener("click", run, { signal });
    return element;
  };
}
