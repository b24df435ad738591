import { h, onResize, watch, watchFrames } from "./dom";
import type { Store } from "./store";
import { followKeys, followPointer } from "./textinput";
import { followSelection, selectionEnds } from "./textselection";
import type { Mark, TextView } from "./textview";

/** The text, coloured by the shown unit. Click, arrows and selection set `cursor` and `selection`. */
export function textPanel(store: Store, view: TextView, lifetime: AbortSignal): HTMLElement {
  const { scroller } = view;
  const listen = { signal: lifetime };
  let revealed = -1;

  const draw = () => {
    if (!view.arrange(store.content.value.tokens)) return false;
    const cursor = store.cursor.value;
    if (cursor !== revealed) view.reveal(cursor);
    revealed = cursor;
    const held = selectionEnds(scroller);
    view.place((row) => held.some((node) => row.element.contains(node)));
    const { start, stop } = view.visible;
    const shown = store.visible.peek();
    if (shown.start !== start || shown.stop !== stop) store.visible.value = { start, stop };
    store.layout.value = view.layout ?? null;
    store.viewport.value = view.viewport;
    recolour();
    mark();
    return true;
  };
  const recolour = () => view.colour(store.row.value.bytes, store.paint.value);
  const mark = () => {
    const below: Mark[] = view
      .missing(store.row.value.bytes)
      .map((span) => ({ ...span, class: "rnnviz-missing" }));
    const above: Mark[] = [];
    const selection = store.selection.value;
    if (selection) above.push({ ...selection, class: "rnnviz-selected" });
    const one = (token: number, name: string) => above.push({ start: token, stop: token + 1, class: name });
    if (store.hover.value >= 0) one(store.hover.value, "rnnviz-hovered");
    if (store.cursor.value >= 0) one(store.cursor.value, "rnnviz-cursor");
    view.mark(below, above);
  };

  watchFrames(() => [store.content.value, store.cursor.value], draw, lifetime);
  watchFrames(
    () => [store.row.value, store.paint.value, store.selection.value, store.hover.value],
    () => {
      recolour();
      mark();
      return true;
    },
    lifetime,
  );
  onResize(scroller, draw, lifetime);
  scroller.addEventListener("scroll", draw, { ...listen, passive: true });

  watch(() => {
    const row = store.scrollTarget.value;
    if (row !== null) view.scrollToRow(row);
  }, lifetime);
  watch(() => {
    scroller.setAttribute("aria-busy", String(store.loading.value));
    scroller.setAttribute(
      "aria-label",
      `Text coloured by unit ${store.unit.value} of ${store.state.value.name}`,
    );
  }, lifetime);

  followPointer(store, view, listen);
  followKeys(store, view, listen);
  followSelection(store, view, listen);
  return h("div", { class: "rnnviz-text" }, scroller);
}
