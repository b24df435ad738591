import { on } from "../dom";
import type { Store } from "../store/store";
import type { TextView } from "./view";

/** A pointer that moved no further between down and up has clicked, in CSS pixels. */
const STILL = 4;

/** Hover follows the pointer, the cursor clicks. */
export function followPointer(store: Store, view: TextView, lifetime: AbortSignal): void {
  const { scroller } = view;
  let down = { x: 0, y: 0 };
  on(
    scroller,
    "pointerdown",
    (event) => {
      down = { x: event.clientX, y: event.clientY };
    },
    lifetime,
  );
  on(
    scroller,
    "pointermove",
    (event) => {
      store.setHover(view.tokenAt(event.clientX, event.clientY));
    },
    lifetime,
  );
  on(
    scroller,
    "pointerleave",
    () => {
      store.setHover(-1);
    },
    lifetime,
  );
  on(
    scroller,
    "click",
    (event) => {
      // A click that ends a drag, or comes twice, has selected letters: it sets no cursor.
      const moved = Math.hypot(event.clientX - down.x, event.clientY - down.y) > STILL;
      if (event.detail > 1 || moved) return;
      const token = view.tokenAt(event.clientX, event.clientY, true);
      // While a class guesses, only keys reveal: a click must not, nor hide what has been seen.
      if (token < 0 || store.guess.value) return;
      if (event.shiftKey && store.cursor.value >= 0) store.selectTo(token);
      else store.setCursor(token);
    },
    lifetime,
  );
}
