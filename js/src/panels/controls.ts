import { button, h, on, watch } from "../dom";
import { computed } from "../signals";
import type { Store } from "../store/store";
import { nearestIndex, unitAt } from "../store/wire";

const NOT_RANKED = "none";

/** Units of each ranking that have a tick at the slider: the best few, else there is nothing to see. */
const TICKS = 3;

/** Which state, which unit, which rankings there are to choose from; and a slider with a tick at each ranked unit. */
export function controls(store: Store, lifetime: AbortSignal): HTMLElement {
  const select = (name: string) => h("select", { class: "rnnviz-select", "aria-label": name });
  const states = select("state");
  const slider = h("input", {
    type: "range",
    class: "rnnviz-slider",
    min: 0,
    step: 1,
    "aria-label": "unit",
  });
  const number = h("input", {
    type: "number",
    class: "rnnviz-number",
    min: 0,
    step: 1,
    "aria-label": "unit number",
  });
  const step = (by: number, sign: string, name: string) =>
    button("step", sign, () => store.setUnitIndex(store.unitIndex.value + by), lifetime, {
      "aria-label": name,
    });
  const previous = step(-1, "‹", "previous unit");
  const next = step(1, "›", "next unit");
  const count = h("span", { class: "rnnviz-count" });
  const ranked = select("follows");
  const rankedField = h("label", { class: "rnnviz-field rnnviz-ranked" }, "follows", ranked);
  const ticks = h("div", { class: "rnnviz-ticks", "aria-hidden": "true" });

  on(states, "change", () => store.setState(states.value), lifetime);
  on(slider, "input", () => store.setUnitIndex(slider.valueAsNumber), lifetime);
  on(
    number,
    "change",
    () => {
      if (Number.isFinite(number.valueAsNumber)) store.setUnit(number.valueAsNumber);
      number.value = String(store.unit.value);
    },
    lifetime,
  );
  on(
    ranked,
    "change",
    () => {
      const found = store.offers.value[Number(ranked.value)];
      if (found) store.setOffer(found);
    },
    lifetime,
  );

  // The same for every text that is typed: what is chosen stays.
  const known = computed(() => store.content.value.states);
  const rankings = computed(() => store.content.value.rankings);

  watch(() => {
    states.replaceChildren(...known.value.map(({ name }) => h("option", { value: name }, name)));
    states.value = store.state.value.name;
  }, lifetime);

  watch(() => {
    const offers = store.offers.value;
    // A score says what a unit does: not while a class is to guess it.
    const shown = store.guess.value ? [] : rankings.value;
    rankedField.hidden = !shown.length;
    ranked.replaceChildren(
      h("option", { value: NOT_RANKED }, "—"),
      ...shown.map((ranking) =>
        h(
          "optgroup",
          { label: `${ranking.label}, ${ranking.extent}` },
          ...offers.flatMap((offer, i) => {
            const words = `${ranking.label}  ${offer.text} · ${offer.state} ${offer.unit}`;
            return offer.ranking === ranking ? [h("option", { value: i }, words)] : [];
          }),
        ),
      ),
    );
  }, lifetime);

  watch(() => {
    const { name, units, of } = store.state.value;
    const unit = store.unit.value;
    const index = store.unitIndex.value;
    states.value = name;
    // The slider moves among the units that are here, which may be few of many; numbers are those of the state.
    slider.max = String(units - 1);
    slider.value = String(index);
    number.min = String(unitAt(store.state.value, 0));
    number.max = String(unitAt(store.state.value, units - 1));
    number.value = String(unit);
    slider.setAttribute("aria-valuetext", `${unit} of ${of}`);
    previous.disabled = index === 0;
    next.disabled = index === units - 1;
    count.textContent = units === of ? `of ${of}` : `of ${of} (${units} here)`;
  }, lifetime);
  watch(() => {
    const { offers } = store;
    const offer = store.offerOf(store.copy.value);
    ranked.value = offer ? String(offers.value.indexOf(offer)) : NOT_RANKED;
  }, lifetime);

  watch(() => {
    const { name, units } = store.state.value;
    const state = store.state.value;
    const best = store.guess.value
      ? []
      : store.content.value.rankings.flatMap((r) => r.entries.slice(0, TICKS));
    const here = best.filter((entry) => entry.state === name);
    const places = new Set(here.map((entry) => nearestIndex(state, entry.unit) / Math.max(1, units - 1)));
    ticks.replaceChildren(
      ...Array.from(places, (place) => {
        const tick = h("span");
        tick.style.setProperty("--rnnviz-at", String(place));
        return tick;
      }),
    );
  }, lifetime);

  const panel = h(
    "div",
    { class: "rnnviz-controls" },
    h("label", { class: "rnnviz-field" }, "state", states),
    h(
      "div",
      { class: "rnnviz-field rnnviz-unit", role: "group", "aria-label": "unit" },
      h("span", { "aria-hidden": "true" }, "unit"),
      previous,
      number,
      next,
      count,
    ),
    rankedField,
    h("div", { class: "rnnviz-range" }, ticks, slider),
  );
  watch(() => {
    panel.hidden = !store.controls.value;
  }, lifetime);
  return panel;
}
