import { h, KEEP_KEYS, watch } from "../dom";
import type { Offer, Store } from "../store/store";
import { unitAt } from "../store/wire";

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
  const notes = h("div", { class: "rnnviz-notes" });

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
      const found = store.offers.value[Number(ranked.value)];
      if (found) store.setOffer(found);
    },
    listen,
  );

  watch(() => {
    const known = store.content.value.states;
    states.replaceChildren(...known.map(({ name }) => h("option", { value: name }, name)));
  }, lifetime);

  watch(() => {
    const offers = store.offers.value;
    // A score says what a unit does: not while a class is to guess it.
    const rankings = store.guess.value ? [] : store.content.value.rankings;
    rankedField.hidden = !rankings.length;
    ranked.replaceChildren(
      h("option", { value: NOT_RANKED }, "—"),
      ...rankings.map((ranking) =>
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
    const shown = store.copies.value.flatMap((copy) => store.offerOf(copy) ?? []);
    notes.replaceChildren(...said(shown, offer));
    notes.hidden = !shown.length;
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
    notes,
  );
}

/** What is said of the active copy's unit, and from which text every score on screen is. */
function said(offers: Offer[], active: Offer | undefined): HTMLElement[] {
  const others = new Set(offers.map(({ ranking }) => ranking));
  const lines: string[] = [];
  if (active) {
    const { label, note } = active.ranking;
    lines.push(
      `${label}: ${active.text}, ${active.sign < 0 ? "low" : "high"} where it holds. ${sentence(note)}`,
    );
    others.delete(active.ranking);
  }
  for (const { label, note } of others) lines.push(`${label}: ${note}`);
  return lines.map((line) => h("p", {}, line));
}

const sentence = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
