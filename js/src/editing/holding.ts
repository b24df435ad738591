import { lane as LANE_HEIGHT, line as LINE_HEIGHT } from "../heights.json";
import type { Kit } from "../live";
import { LANE_HEAD } from "../store/lanes";
import type { Store } from "../store/store";
import { pills } from "./bar";
import type { Desk } from "./desk";
import { signed } from "./words";

/** Holds the unit that is shown at a value, from a token on, whatever the text says. */
export function holding(kit: Kit, store: Store, desk: Desk, plot: HTMLElement, lifetime: AbortSignal) {
  const { h, watch, signal } = kit;
  const pill = pills(kit, lifetime);
  const held = () =>
    desk.holds.value.find(({ state, unit }) => state === store.state.value.name && unit === store.unit.value);
  const bound = () => store.state.value.bound ?? (store.row.value.limit || 1);
  /** The value that is painted reddest, until somebody chooses another one for this unit. */
  const chosen = signal<{ key: string; value: number } | null>(null);
  const key = () => `${store.unit.value} ${store.state.value.name}`;
  const level = () => {
    const now = held()?.value ?? (chosen.value?.key === key() ? chosen.value.value : null);
    if (now !== null) return now;
    const isGate = store.state.value.kind === "gate";
    return store.flip.value ? (isGate ? 0 : -bound()) : bound();
  };
  const from = signal(0);

  const button = pill("", "hold this unit at a value, whatever the text says", () => {
    const now = held();
    if (now) desk.hold(now.state, now.unit, null);
    else desk.hold(store.state.value.name, store.unit.value, level(), from.value);
  });
  const slider = h("input", {
    type: "range",
    class: "rnnviz-held",
    step: "0.01",
    "aria-label": "hold the unit at",
    title: "pull: the unit is held here",
  });
  plot.classList.add("rnnviz-held-plot");
  plot.append(slider);
  slider.addEventListener(
    "input",
    () => {
      chosen.value = { key: key(), value: Number(slider.value) };
      desk.hold(store.state.peek().name, store.unit.peek(), chosen.value.value, held()?.from ?? from.peek());
    },
    { signal: lifetime },
  );
  const begin = pill("", "from where on the unit is held: the beginning, or behind the caret", () => {
    const now = held();
    from.value = (now?.from ?? from.value) ? 0 : store.cursor.value + 1;
    if (now) desk.hold(now.state, now.unit, now.value, from.value);
  });
  const others = h("span", { class: "rnnviz-pills" });
  const panel = h("div", { class: "rnnviz-pills" }, begin, others);

  watch(() => {
    const now = held();
    const value = level();
    button.replaceChildren(
      now ? `unit ${store.unit.value} held at ` : `hold unit ${store.unit.value} at `,
      h("strong", {}, signed(value)),
    );
    button.setAttribute("aria-pressed", String(now !== undefined));
    const most = bound();
    slider.max = String(most);
    slider.min = String(store.state.value.kind === "gate" ? 0 : -most);
    slider.value = String(value);
    const several = store.copies.value.length > 1;
    slider.style.top = `${several ? store.active.value * LANE_HEIGHT + LANE_HEAD : 0}px`;
    slider.style.height = `${several ? LANE_HEIGHT - LANE_HEAD : LINE_HEIGHT}px`;
    slider.classList.toggle("rnnviz-holds", now !== undefined);
    begin.hidden = !now;
    const start = now?.from ?? from.value;
    begin.textContent = start ? `from character ${start + 1} on` : "from the beginning";
    const rest = desk.holds.value.filter((one) => one !== now);
    panel.hidden = !now && !rest.length;
    others.replaceChildren(
      ...rest.map(({ state, unit, value: at }) =>
        pill(`${state} ${unit} at ${signed(at)} ×`, "let it go", () => desk.hold(state, unit, null)),
      ),
    );
  }, lifetime);
  return { button, panel };
}
