import { atEnd, on, onResize, variable, watch, watchFrames } from "../dom";
import type { Copy } from "../store/copy";
import type { Store } from "../store/store";
import { drawLabel, drawSigns } from "./decor";
import { followPointer } from "./pointer";
import { followSelection, selectionEnds } from "./selection";
import { type Mark, type Setting, TextView } from "./view";

/** The text, coloured by one copy's unit. Click and selection set `cursor` and `selection`. */
export function textPanel(
  store: Store,
  copy: Copy,
  index: number,
  setting: () => Setting,
  lifetime: AbortSignal,
): HTMLElement {
  const again = () => {
    view.invalidate();
    draw();
  };
  const view = new TextView(again);
  const { scroller } = view;
  const isActive = () => store.active.value === index;
  let arranged = false;
  // A copy made later shows what the others show, wherever the cursor is.
  let reached = index === 0 ? -1 : store.cursor.peek();

  const draw = () => {
    if (!view.arrange(store.content.value.tokens, setting())) return false;
    if (!arranged) view.scrollToRow(store.top.peek());
    arranged = true;
    const cursor = store.cursor.value;
    if (cursor !== reached && isActive()) view.reveal(cursor);
    reached = cursor;
    const held = selectionEnds(scroller);
    view.place((row) => held.some((node) => row.element.contains(node)));
    if (isActive()) {
      store.setView(view.layout ?? null, view.viewport, view.visible);
      store.scrollTo(view.top);
    }
    recolour();
    decorate();
    return true;
  };
  const recolour = () => {
    view.colour(copy.row.value.bytes, copy.paint.value);
    mark();
    return true;
  };
  const mark = () => {
    const below: Mark[] = view
      .missing(copy.row.value.bytes)
      .map((span) => ({ ...span, class: "rnnviz-missing" }));
    const above: Mark[] = [];
    const selection = store.selection.value;
    if (selection) above.push({ ...selection, class: "rnnviz-selected" });
    for (const [start, stop] of store.marked.value) above.push({ start, stop, class: "rnnviz-marked" });
    const one = (token: number, name: string) => above.push({ start: token, stop: token + 1, class: name });
    if (store.hover.value >= 0) one(store.hover.value, "rnnviz-hovered");
    if (store.cursor.value >= 0) one(store.cursor.value, "rnnviz-cursor");
    view.mark(below, above);
  };
  const decorate = () => {
    view.decorate((context, rows, geometry) => {
      const label = store.label.value;
      const colour = variable(scroller, "muted");
      if (label) drawLabel(context, rows, geometry, label, store.revealed.value, colour);
      if (store.present.value) drawSigns(context, rows, geometry, copy.row.value, copy.paint.value);
    });
    return true;
  };

  watchFrames(() => [store.content.value, store.cursor.value, store.active.value, setting()], draw, lifetime);
  watchFrames(
    () => [copy.row.value, copy.paint.value, store.selection.value, store.marked.value, store.hover.value],
    recolour,
    lifetime,
  );
  watchFrames(
    () => [
      store.label.value,
      store.revealed.value,
      store.theme.value,
      store.present.value && [copy.row.value, copy.paint.value],
    ],
    decorate,
    lifetime,
  );
  onResize(scroller, draw, lifetime);
  onResize(view.gauge, draw, lifetime);
  // A font that arrives late may be as wide as the one before, and not so in every script.
  if (document.fonts) on(document.fonts, "loadingdone", again, lifetime);
  atEnd(lifetime, () => view.dispose());
  scroller.addEventListener(
    "scroll",
    () => {
      store.scrollTo(view.top);
      draw();
    },
    { signal: lifetime, passive: true },
  );
  watch(() => view.scrollToRow(store.top.value), lifetime);
  watch(() => {
    scroller.setAttribute("aria-busy", String(copy.loading.value));
    scroller.setAttribute(
      "aria-label",
      `Text coloured by unit ${copy.unit.value} of ${copy.state.value.name}`,
    );
  }, lifetime);

  followPointer(store, view, lifetime);
  followSelection(store, view, lifetime);
  return scroller;
}
