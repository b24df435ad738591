import { h, onResize, watch, watchFrames } from "./dom";
import { borderAt } from "./rows";
import type { Store } from "./store";
import type { Mark, TextView } from "./textview";

/** The text, coloured by the shown unit. Click, arrows and selection set `cursor` and `selection`. */
export function textPanel(store: Store, view: TextView, lifetime: AbortSignal): HTMLElement {
  const { scroller } = view;
  const listen = { signal: lifetime };
  let revealed = -1;

  const draw = () => {
    view.arrange(store.content.value.tokens);
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

function followPointer(store: Store, view: TextView, listen: { signal: AbortSignal }): void {
  const { scroller } = view;
  scroller.addEventListener(
    "pointermove",
    (event) => {
      store.hover.value = view.tokenAt(event.clientX, event.clientY);
    },
    listen,
  );
  scroller.addEventListener(
    "pointerleave",
    () => {
      store.hover.value = -1;
    },
    listen,
  );
  scroller.addEventListener(
    "click",
    (event) => {
      // The click that ends a drag over letters has selected them: it sets no cursor.
      if (event.detail > 1 || !ownSelection(scroller)?.isCollapsed) return;
      const token = view.tokenAt(event.clientX, event.clientY, true);
      if (token < 0) return;
      if (event.shiftKey && store.cursor.value >= 0) extend(store, token);
      else store.setCursor(token);
    },
    listen,
  );
}

/** Moves the cursor and stretches the selection with it, from where it was begun. */
function extend(store: Store, token: number): void {
  const selection = store.selection.value;
  const cursor = store.cursor.value;
  const anchor = !selection ? cursor : cursor === selection.start ? selection.stop - 1 : selection.start;
  store.select(Math.min(anchor, token), Math.max(anchor, token) + 1, token);
}

function followKeys(store: Store, view: TextView, listen: { signal: AbortSignal }): void {
  const target = (key: string, jump: boolean, token: number): number | null => {
    const last = store.content.value.tokens.length - 1;
    switch (key) {
      case "ArrowLeft":
        return token - 1;
      case "ArrowRight":
        return token + 1;
      case "ArrowUp":
        return view.below(token, -1);
      case "ArrowDown":
        return view.below(token, 1);
      case "PageUp":
        return view.below(token, -view.rowsOnPage);
      case "PageDown":
        return view.below(token, view.rowsOnPage);
      case "Home":
        return jump ? 0 : view.rowSpan(token).start;
      case "End":
        return jump ? last : view.rowSpan(token).stop;
      default:
        return null;
    }
  };
  view.scroller.addEventListener(
    "keydown",
    (event) => {
      const { length } = store.content.value.tokens;
      const jump = event.ctrlKey || event.metaKey;
      if (event.altKey) return;
      if (event.key === "Escape") store.setCursor(-1);
      else if (jump && event.key === "a") store.select(0, length);
      else {
        const cursor = store.cursor.value;
        const from = cursor >= 0 ? cursor : store.visible.value.start;
        const to = target(event.key, jump, from);
        if (to === null) return;
        // The first key only shows where the cursor is.
        const token = cursor < 0 && !jump ? from : Math.max(0, Math.min(to, length - 1));
        if (event.shiftKey && cursor >= 0) extend(store, token);
        else store.setCursor(token);
      }
      event.preventDefault();
    },
    listen,
  );
}

/** The browser's selection, also where the widget sits in a shadow root. */
function ownSelection(element: Element): Selection | null {
  const root = element.getRootNode() as Document | (ShadowRoot & { getSelection?: () => Selection | null });
  return root.getSelection?.() ?? document.getSelection();
}

/** The nodes at the ends of the browser's selection, while it is not empty: their rows must stay. */
function selectionEnds(scroller: Element): Node[] {
  const selection = ownSelection(scroller);
  if (!selection || selection.isCollapsed) return [];
  return [selection.anchorNode, selection.focusNode].filter((node) => node !== null);
}

function followSelection(store: Store, view: TextView, listen: { signal: AbortSignal }): void {
  const { scroller } = view;
  document.addEventListener(
    "selectionchange",
    () => {
      const selection = ownSelection(scroller);
      if (!selection || selection.rangeCount === 0) return;
      const range = selection.getRangeAt(0);
      if (!scroller.contains(range.startContainer) || !scroller.contains(range.endContainer)) return;
      if (range.collapsed) return;
      const start = borderAt(view.kept, range.startContainer, range.startOffset, false);
      const stop = borderAt(view.kept, range.endContainer, range.endOffset, true);
      if (start !== null && stop !== null && start < stop) store.select(start, stop);
    },
    listen,
  );
  scroller.addEventListener(
    "copy",
    (event) => {
      const selection = store.selection.value;
      if (!selection || !event.clipboardData) return;
      // The rows hold signs for newlines and tabs, and only what is on screen: the text itself is what was meant.
      const { tokens } = store.content.value;
      event.clipboardData.setData(
        "text/plain",
        tokens.text.slice(tokens.start(selection.start), tokens.start(selection.stop)),
      );
      event.preventDefault();
    },
    listen,
  );
}
