import { atEnd, button, h, on, onResize, watch } from "../dom";
import { fewestOfMany, fewestOfTwo, rows, rowsPresent, strip, stripPresent } from "../heights.json";
import { signal, untracked } from "../signals";
import type { Copy } from "../store/copy";
import type { Store } from "../store/store";
import { textPanel } from "../text/panel";
import type { Setting } from "../text/view";
import { written } from "../words";

/** Rows on screen: of one copy, or of those that stand on one another together. */
const ROWS = { present: rowsPresent, otherwise: rows };
/** Copies side by side are at least this wide, in columns of text and their gutter: by themselves, or as they are told. */
const FEWEST_COLUMNS = { auto: 78, "side by side": 30, stacked: Number.POSITIVE_INFINITY };
const CELL = { present: 17, otherwise: 8 };

/** All copies of the text, each under its name; they have one cursor and scroll as one. */
export function copiesPanel(store: Store, lifetime: AbortSignal): HTMLElement {
  const panel = h("div", { class: "rnnviz-copies" });
  const made: { element: HTMLElement; end: AbortController }[] = [];
  const width = signal(0);
  const manner = () => (store.present.value ? "present" : "otherwise");
  const across = () => {
    const room = Math.floor(width.value / (FEWEST_COLUMNS[store.arrange.value] * CELL[manner()]));
    return Math.max(1, Math.min(store.copies.value.length, room));
  };
  const setting = (): Setting => {
    const present = store.present.value;
    const deep = Math.ceil(store.copies.value.length / across());
    return {
      rows: Math.max(deep > 2 ? fewestOfMany : fewestOfTwo, Math.floor(ROWS[manner()] / deep)),
      foot: present ? 10 : 0,
      strip: store.label.value ? (present ? stripPresent : strip) : 0,
      height: (store.height.value ?? 0) / deep,
      wrap: store.wrap.value ?? 0,
      apart: store.apart.value,
      seen: store.seen.value,
    };
  };

  watch(() => {
    const copies = store.copies.value;
    untracked(() => {
      for (const { element, end } of made.splice(copies.length)) {
        end.abort();
        element.remove();
      }
      for (const [index, copy] of copies.entries()) {
        if (made[index]) continue;
        const end = new AbortController();
        atEnd(lifetime, () => end.abort());
        const text = textPanel(store, copy, index, setting, end.signal);
        const element = h("div", { class: "rnnviz-copy" }, head(store, copy, index, end.signal), text);
        // By pointer or by keyboard: what has the focus is what the controls act on.
        on(element, "focusin", () => store.activate(index), end.signal);
        panel.append(element);
        made.push({ element, end });
      }
    });
  }, lifetime);
  onResize(
    panel,
    () => {
      width.value = panel.clientWidth;
    },
    lifetime,
  );
  watch(() => {
    panel.style.gridTemplateColumns = `repeat(${across()}, minmax(0, 1fr))`;
  }, lifetime);
  watch(() => {
    for (const [index, { element }] of made.entries())
      element.classList.toggle(
        "rnnviz-active",
        index === store.active.value && store.copies.value.length > 1,
      );
  }, lifetime);
  return panel;
}

/** Which unit a copy shows, how well it follows what it was ranked by, its value; a way to be rid of it. */
function head(store: Store, copy: Copy, index: number, lifetime: AbortSignal): HTMLElement {
  const name = button("copy-name", "", () => store.activate(index), lifetime);
  const score = h("span", { class: "rnnviz-copy-score" });
  const value = h("span", { class: "rnnviz-copy-value" });
  const close = button("step", "×", () => store.removeCopy(index), lifetime);
  const element = h("div", { class: "rnnviz-copy-head" }, name, score, value, close);
  watch(() => {
    // Without controls nothing else says which unit this is.
    const alone = store.copies.value.length < 2;
    element.hidden = alone && store.controls.value;
    close.hidden = alone || !store.controls.value;
    name.textContent = `${copy.state.value.name}  ${copy.unit.value}`;
    name.setAttribute("aria-pressed", String(store.active.value === index));
    close.setAttribute(
      "aria-label",
      `remove the copy of unit ${copy.unit.value} of ${copy.state.value.name}`,
    );
    const offer = store.offerOf(copy);
    // The number first: what has no room is cut off at the end.
    score.textContent = offer ? `${offer.text} ${offer.ranking.label}` : "";
  }, lifetime);
  watch(() => {
    const token = store.focus.value;
    const shown = !element.hidden && token >= 0 && token < store.revealed.value;
    value.textContent = shown ? written(copy.valueAt(token)) : "";
  }, lifetime);
  return element;
}
