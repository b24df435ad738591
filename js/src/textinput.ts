import type { Store } from "./store";
import type { TextView } from "./textview";

/** A pointer that moved no further between down and up has clicked, in CSS pixels. */
const STILL = 4;

/** Hover follows the pointer, the cursor clicks. */
export function followPointer(store: Store, view: TextView, listen: { signal: AbortSignal }): void {
  const { scroller } = view;
  let down = { x: 0, y: 0 };
  scroller.addEventListener(
    "pointerdown",
    (event) => {
      down = { x: event.clientX, y: event.clientY };
    },
    listen,
  );
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
      // A click that ends a drag, or comes twice, has selected letters: it sets no cursor.
      const moved = Math.hypot(event.clientX - down.x, event.clientY - down.y) > STILL;
      if (event.detail > 1 || moved) return;
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

/** Arrows move the cursor; with Shift they stretch the selection. */
export function followKeys(store: Store, view: TextView, listen: { signal: AbortSignal }): void {
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
