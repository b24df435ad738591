import { h, KEEP_KEYS, watch } from "./dom";
import type { Store } from "./store";

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
  slider.addEventListener("input", () => store.setUnit(slider.valueAsNumber), listen);
  number.addEventListener(
    "change",
    () => {
      if (Number.isFinite(number.valueAsNumber)) store.setUnit(number.valueAsNumber);
      number.value = String(store.unit.value);
    },
    listen,
  );
  previous.addEventListener("click", () => store.setUnit(store.unit.value - 1), listen);
  next.addEventListener("click", () => store.setUnit(store.unit.value + 1), listen);
  ranked.addEventListener(
    "change",
    () => {
      const [r, e] = ranked.value.split("/").map(Number);
      const entry = store.content.value.rankings[r]?.entries[e];
      if (!entry) return;
      chosen = ranked.value;
      store.setStateAndUnit(entry.state, entry.unit);
    },
    listen,
  );

  // The same unit may be in several rankings: the one it was chosen in stays.
  let chosen = "";

  watch(() => {
    const { states: known, rankings } = store.content.value;
    states.replaceChildren(...known.map(({ name }) => h("option", { value: name }, name)));
    ranked.replaceChildren(
      h("option", { value: "" }, "—"),
      ...rankings.map((ranking, r) =>
        h(
          "optgroup",
          { label: ranking.label },
          ...ranking.entries.map((entry, e) =>
            h(
              "option",
              { value: `${r}/${e}`, "data-state": entry.state, "data-unit": entry.unit },
              `${ranking.label}  ${entry.text} · ${entry.state} ${entry.unit}`,
            ),
          ),
        ),
      ),
    );
    rankedField.hidden = rankings.length === 0;
  }, lifetime);

  watch(() => {
    const { name, units } = store.state.value;
    const unit = store.unit.value;
    states.value = name;
    slider.max = number.max = String(units - 1);
    slider.value = number.value = String(unit);
    slider.setAttribute("aria-valuetext", `${unit} of ${units}`);
    previous.disabled = unit === 0;
    next.disabled = unit === units - 1;
    count.textContent = `of ${units}`;
    const here = [...ranked.querySelectorAll("option")].filter(
      ({ dataset }) => dataset.state === name && dataset.unit === String(unit),
    );
    const option = here.find(({ value }) => value === chosen) ?? here[0];
    ranked.value = option?.value ?? "";
    const [r, e] = ranked.value.split("/").map(Number);
    const ranking = store.content.value.rankings[r];
    note.hidden = !ranking;
    if (!ranking) return;
    const { text, sign } = ranking.entries[e];
    note.textContent = `${ranking.label}: ${text}, ${sign < 0 ? "low" : "high"} where it holds. ${ranking.note}`;
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
