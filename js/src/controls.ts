import { h, KEEP_KEYS, watch } from "./dom";
import type { Store } from "./store";
import { type Ranking, unitAt } from "./wire";

type Offer = Ranking["entries"][number] & Pick<Ranking, "label" | "note">;

const NOT_RANKED = "none";

/** One row: which state, which unit, and which rankings there are to choose from. */
export function controls(store: Store, lifetime: AbortSignal): HTMLElement {
  const listen = { signal: lifetime };
  const select = (name: string) => h("select", { class: "rnnviz-select", "aria-label": name, ...KEEP_KEYS });
  const states = select("state");
  const slider = h("input", {
    type: "range",
    class: "rnnviz-slider",
    min: 0,
    step: 1,
    "aria-label": "unit",
    ...KEEP_KEYS,
  });
  const number = h("input", {
    type: "number",
    class: "rnnviz-number",
    min: 0,
    step: 1,
    "aria-label": "unit number",
    ...KEEP_KEYS,
  });
  const previous = h(
    "button",
    { type: "button", class: "rnnviz-step", "aria-label": "previous unit", ...KEEP_KEYS },
    "‹",
  );
  const next = h(
    "button",
    { type: "button", class: "rnnviz-step", "aria-label": "next unit", ...KEEP_KEYS },
    "›",
  );
  const count = h("span", { class: "rnnviz-count" });
  const ranked = select("ranked by");
  const rankedField = h("label", { class: "rnnviz-field" }, "ranked by", ranked);
  const note = h("p", { class: "rnnviz-note" });

  states.addEventListener("change", () => store.setState(states.value), listen);
  slider.addEventListener("input", () => store.setUnitIndex(slider.valueAsNumber), listen);
  number.addEventListener(
    "change",
    () => {
      if (Number.isFinite(number.valueAsNumber)) store.setUnit(number.valueAsNumber);
      number.value = String(store.unit.value);
    },
    listen,
  );
  previous.addEventListener("click", () => store.setUnitIndex(store.unitIndex.value - 1), listen);
  next.addEventListener("click", () => store.setUnitIndex(store.unitIndex.value + 1), listen);
  ranked.addEventListener(
    "change",
    () => {
      const found = offers[Number(ranked.value)];
      if (!found) return;
      chosen = found;
      store.setStateAndUnit(found.state, found.unit);
    },
    listen,
  );

  let offers: Offer[] = [];
  // The same unit may be in several rankings: the one it was chosen in stays.
  let chosen: Offer | undefined;

  watch(() => {
    const { states: known, rankings } = store.content.value;
    states.replaceChildren(...known.map(({ name }) => h("option", { value: name }, name)));
    offers = rankings.flatMap(({ label, note, entries }) =>
      entries.map((entry) => ({ ...entry, label, note })),
    );
    ranked.replaceChildren(
      h("option", { value: NOT_RANKED }, "—"),
      ...rankings.map(({ label }) =>
        h(
          "optgroup",
          { label },
          ...offers.flatMap((offer, i) => {
            const words = `${offer.label}  ${offer.text} · ${offer.state} ${offer.unit}`;
            return offer.label === label ? [h("option", { value: i }, words)] : [];
          }),
        ),
      ),
    );
    rankedField.hidden = rankings.length === 0;
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
    const here = offers.filter((offer) => offer.state === name && offer.unit === unit);
    const offer = chosen && here.includes(chosen) ? chosen : here[0];
    ranked.value = offer ? String(offers.indexOf(offer)) : NOT_RANKED;
    note.hidden = !offer;
    if (offer)
      note.textContent = `${offer.label}: ${offer.text}, ${offer.sign < 0 ? "low" : "high"} where it holds. ${offer.note}`;
  }, lifetime);

  return h(
    "div",
    { class: "rnnviz-controls" },
    h("label", { class: "rnnviz-field" }, "state", states),
    h(
      "div",
      { class: "rnnviz-field rnnviz-unit", role: "group", "aria-label": "unit" },
      h("span", { "aria-hidden": "true" }, "unit"),
      previous,
      slider,
      next,
      number,
      count,
    ),
    rankedField,
    note,
  );
}
