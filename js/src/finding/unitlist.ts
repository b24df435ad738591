import { type Ends, GROUND, paint } from "../store/colour";
import type { Store } from "../store/store";
import type { Span } from "../store/viewstate";
import { signed } from "../words";
import { keyOf, type Order, type SortedStrip } from "./order";
import type { Surroundings } from "./surroundings";
import type { Strip } from "./window";

/** CSS pixels of a row, and how many rows are on screen. */
const ROW = 22;
const SHOWN = 12;
/** Rows beyond both edges that exist already. */
const SPARE = 2;

/** What a list of units shows. */
export interface UnitRows {
  /** In order. */
  rows: () => SortedStrip[];
  order: () => Order;
  /** The tokens that the strips are of. */
  span: () => Span;
  pinned: () => ReadonlySet<string>;
  /** Pins a unit, or lets it go. */
  toggle: (key: string) => void;
}

let made = 0;

/** Units one under the other, each with its strip; of many only those on screen exist. One is chosen by click or key. */
export function unitList(
  { kit, store, shown, lifetime }: Surroundings,
  { rows, order, span, pinned, toggle }: UnitRows,
): HTMLElement {
  const { h, on, onResize, signal, untracked, watch, watchFrames } = kit;
  const name = `rnnviz-units-${++made}`;
  const top = signal(0);
  const body = h("div", { class: "rnnviz-unit-rows" });
  const list = h(
    "div",
    {
      class: "rnnviz-unit-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "units over the text on screen",
    },
    body,
  );
  const here = () => keyOf(store.state.value.name, store.unit.value);
  const placeOf = (key: string) => untracked(rows).findIndex((row) => row.key === key);

  const element = (row: SortedStrip, index: number, isCurrent: boolean) => {
    const { state, unit } = row.strip.column;
    const isPinned = pinned().has(row.key);
    const canvas = h("canvas");
    colour(store, canvas, row.strip, isCurrent);
    const made = h(
      "div",
      {
        class: "rnnviz-unit-row",
        role: "option",
        id: `${name}-${state.first + unit}`,
        "aria-selected": String(isCurrent),
        "aria-posinset": index + 1,
        "aria-setsize": rows().length,
        "data-key": row.key,
      },
      h("span", { class: "rnnviz-pin", title: "pin", "aria-hidden": "true" }, isPinned ? "★" : "☆"),
      h("code", {}, `${state.name} ${unit}`),
      h(
        "span",
        { class: "rnnviz-unit-strip", "aria-hidden": "true" },
        canvas,
        h("span", { class: "rnnviz-hair rnnviz-hair-cursor" }),
      ),
      h("span", {}, written(row.number, order())),
    );
    if (isPinned) made.append(h("span", { class: "rnnviz-hidden" }, "pinned"));
    made.style.top = `${index * ROW}px`;
    return made;
  };
  const draw = () => {
    if (!shown() || !list.clientHeight) return false;
    const first = Math.max(0, Math.floor(top.value / ROW) - SPARE);
    const current = here();
    body.style.height = `${rows().length * ROW}px`;
    body.replaceChildren(
      ...rows()
        .slice(first, first + SHOWN + 2 * SPARE)
        .map((row, i) => element(row, first + i, row.key === current)),
    );
    moveHairs();
    const active = body.querySelector('[aria-selected="true"]');
    if (active) list.setAttribute("aria-activedescendant", active.id);
    else list.removeAttribute("aria-activedescendant");
    return true;
  };
  /** Where the pointer is, else the cursor, on each strip. */
  const moveHairs = () => {
    const { start, stop } = span();
    const token = store.focus.value;
    for (const hair of body.querySelectorAll<HTMLElement>(".rnnviz-hair")) {
      hair.hidden = token < start || token >= stop;
      hair.style.left = `${((token - start + 0.5) / (stop - start)) * 100}%`;
    }
  };
  watchFrames(
    () => [shown(), rows(), top.value, here(), store.paint.value, store.theme.value, pinned()],
    draw,
    lifetime,
  );
  watch(moveHairs, lifetime);
  onResize(list, draw, lifetime);
  watch(() => {
    // What is sorted anew is looked at from its beginning.
    order();
    list.scrollTop = 0;
  }, lifetime);
  on(
    list,
    "scroll",
    () => {
      top.value = list.scrollTop;
    },
    lifetime,
  );

  /** Shows the unit of a row, and that row. */
  const choose = (index: number) => {
    const all = untracked(rows);
    const at = Math.max(0, Math.min(index, all.length - 1));
    if (!all.length) return;
    const { state, unit } = all[at].strip.column;
    store.setStateAndUnit(state.name, unit);
    if (at * ROW < list.scrollTop) list.scrollTop = at * ROW;
    else list.scrollTop = Math.max(list.scrollTop, (at + 1) * ROW - list.clientHeight);
  };
  on(
    list,
    "keydown",
    (event) => {
      const at = placeOf(untracked(here));
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: SHOWN - 1, PageUp: 1 - SHOWN }[event.key];
      if (step !== undefined) choose(at < 0 ? 0 : at + step);
      else if (event.key === "Home") choose(0);
      else if (event.key === "End") choose(untracked(rows).length - 1);
      else if (event.key === " ") toggle(untracked(here));
      else return;
      event.preventDefault();
    },
    lifetime,
  );
  const keyAt = (event: MouseEvent) =>
    (event.target as HTMLElement).closest<HTMLElement>("[data-key]")?.dataset.key;
  on(
    list,
    "click",
    (event) => {
      const key = keyAt(event);
      if (key === undefined) return;
      if ((event.target as HTMLElement).closest(".rnnviz-pin")) toggle(key);
      else choose(placeOf(key));
    },
    lifetime,
  );
  on(
    list,
    "pointermove",
    (event) => {
      const strip = (event.target as HTMLElement).closest(".rnnviz-unit-strip");
      const { start, stop } = untracked(span);
      const { left, width } = strip?.getBoundingClientRect() ?? { left: 0, width: 0 };
      const share = (event.clientX - left) / width;
      store.setHover(strip && share < 1 ? start + Math.floor(share * (stop - start)) : -1);
    },
    lifetime,
  );
  on(list, "pointerleave", () => store.setHover(-1), lifetime);
  return list;
}

/** One pixel for each token; the browser makes them as wide as there is room. */
function colour(
  store: Store,
  canvas: HTMLCanvasElement,
  { bytes, scale, limit, column }: Strip,
  isCurrent: boolean,
): void {
  canvas.width = Math.max(1, bytes.length);
  canvas.height = 1;
  const end = limit || 1;
  const ends: Ends = { scale, low: column.state.kind === "gate" ? 0 : -end, high: end };
  // The unit that is shown has the very colours of the text.
  const own = isCurrent && store.row.value.bytes && store.row.value.scale === scale;
  const { pixels } = own ? store.paint.value : paint(store.ramp.value, ends, GROUND[store.theme.value]);
  const image = new ImageData(canvas.width, 1);
  const out = new Uint32Array(image.data.buffer);
  bytes.forEach((q, t) => {
    out[t] = pixels[q + 128];
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** The number that a row is sorted by. */
function written(number: number, order: Order): string {
  if (Number.isNaN(number)) return "";
  return order === "ranking" ? `${number}.` : signed(number, order === "variance" ? "" : "+");
}
