import { columnsOf } from "./columns";
import { type Basis, keyOf, ORDERS, type Order, type SortedStrip, sorted } from "./order";
import type { Surroundings } from "./surroundings";
import { unitList } from "./unitlist";
import { type Strip, stripsOf } from "./window";

/** A scroll is over when nothing has moved for so many milliseconds. */
const REST = 80;

/** All units over the text on screen, one strip each: sorted, for a heat map of all of them would be noise. */
export function unitsPanel(around: Surroundings, ranked: () => Basis["ranked"]): HTMLElement {
  const { kit, host, store, shown, lifetime } = around;
  const { atEnd, button, h, on, signal, watch } = kit;
  const strips = signal<Strip[]>([]);
  /** The tokens that they are of. */
  const span = signal({ start: 0, stop: 0 });
  const order = signal<Order>("similar");
  const filter = signal("");
  const everywhere = signal(false);
  const pinned = signal<ReadonlySet<string>>(new Set());
  /** What others are compared with: it stays while one goes from unit to unit. */
  const like = signal(keyOf(store.state.peek().name, store.unit.peek()));
  const said = signal("");
  const rows = signal<SortedStrip[]>([]);

  // --- what is on screen
  let end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  atEnd(lifetime, () => {
    end.abort();
    clearTimeout(timer);
  });
  const load = async () => {
    end.abort();
    end = new AbortController();
    const mine = end.signal;
    const wanted = store.visible.peek();
    const all = columnsOf(store).filter(({ state }) => everywhere.peek() || state === store.state.peek());
    try {
      const found = await stripsOf(host, store, all, wanted, mine);
      if (mine.aborted) return;
      span.value = wanted;
      strips.value = found;
      said.value = "";
    } catch (error) {
      if (!mine.aborted) said.value = error instanceof Error ? error.message : String(error);
    }
  };
  watch(() => {
    const { visible, state, moment, content } = store;
    const wanted = [visible.value, state.value, moment.value, content.value, everywhere.value];
    clearTimeout(timer);
    if (shown() && wanted) timer = setTimeout(() => void load(), REST);
  }, lifetime);

  // --- in which order
  watch(() => {
    const at = order.value === "cursor" ? store.cursor.value - span.value.start : -1;
    const words = filter.value.toLowerCase().split(/\s+/);
    const matches = ({ column: { state, unit } }: Strip) => {
      const text = `${state.name} ${unit}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    const known = strips.value.find(({ column }) => keyOf(column.state.name, column.unit) === like.value);
    const basis = { like: known, at, ranked: ranked() };
    rows.value = sorted(strips.value.filter(matches), order.value, basis, pinned.value);
  }, lifetime);

  // --- what one sees
  const choice = h(
    "select",
    { class: "rnnviz-select", "aria-label": "sorted by" },
    ...Object.entries(ORDERS).map(([value, words]) => h("option", { value }, words)),
  );
  const search = h("input", {
    class: "rnnviz-filter",
    type: "search",
    placeholder: "name or number",
    "aria-label": "filter",
  });
  const all = h("input", { type: "checkbox" });
  const compare = () => {
    like.value = keyOf(store.state.peek().name, store.unit.peek());
    order.value = "similar";
  };
  const again = button("link", "", compare, lifetime, {
    title: "sort by similarity to the unit that is shown",
  });
  on(
    choice,
    "change",
    () => {
      if (choice.value === "similar") compare();
      else order.value = choice.value as Order;
    },
    lifetime,
  );
  on(
    search,
    "input",
    () => {
      filter.value = search.value;
    },
    lifetime,
  );
  on(
    all,
    "change",
    () => {
      everywhere.value = all.checked;
    },
    lifetime,
  );
  const note = h("p");
  watch(() => {
    choice.value = order.value;
    again.textContent = `like ${store.state.value.name} ${store.unit.value}`;
    const { start, stop } = span.value;
    const { tokens } = store.content.value;
    const count = rows.value.length.toLocaleString("en");
    const where = stop > start ? `tokens ${tokens.number(start)} to ${tokens.number(stop - 1)}` : "nothing";
    note.textContent =
      said.value || `${count} units over ${where}, by eight-bit values; Space pins the unit that is shown`;
  }, lifetime);
  const list = unitList(around, {
    rows: () => rows.value,
    order: () => order.value,
    span: () => span.value,
    pinned: () => pinned.value,
    toggle: (key) => {
      const next = new Set(pinned.peek());
      if (!next.delete(key)) next.add(key);
      pinned.value = next;
    },
  });
  return h(
    "div",
    {},
    h(
      "div",
      { class: "rnnviz-finding-line" },
      h("label", { class: "rnnviz-field" }, "sorted by", choice),
      search,
      h("label", { class: "rnnviz-field" }, all, "all states"),
      again,
    ),
    list,
    note,
  );
}
