import type { Kit } from "../live";
import type { Store } from "../store/store";
import { joined, type Stretch, stretchAt } from "./stretches";

/** A pointer that moved no further between down and up has clicked, in CSS pixels. */
const STILL = 4;
/** The browser says a moment after the pointer is up what was selected, in milliseconds. */
const SETTLED = 60;

/** Marks what is selected, drops the selection. False where nothing is. */
export function markSelection(store: Store, copies: HTMLElement): boolean {
  const selected = selectionIn(store, copies);
  if (!selected) return false;
  store.setMarked(joined([...store.marked.peek(), selected]));
  store.select(0, 0);
  const area = copies.querySelector("textarea");
  area?.setSelectionRange(area.selectionEnd, area.selectionEnd);
  getSelection()?.removeAllRanges();
  return true;
}

/** The tokens that are selected, also in a text that is edited; null for none. */
export function selectionIn(store: Store, copies: HTMLElement): Stretch | null {
  const selection = store.selection.value;
  if (selection) return [selection.start, selection.stop];
  const area = copies.querySelector("textarea");
  const { tokens } = store.content.peek();
  if (!area || area.selectionStart === area.selectionEnd) return null;
  return [tokens.at(area.selectionStart), tokens.at(Math.min(area.selectionEnd, tokens.text.length) - 1) + 1];
}

/** Takes the mark of a token away. False where it has none. */
export function unmark(store: Store, token: number): boolean {
  const marked = store.marked.peek();
  const found = stretchAt(marked, token);
  if (found) store.setMarked(marked.filter((one) => one !== found));
  return found !== undefined;
}

/**
 * Lets a pointer and keys mark the text, while that is what they are for.
 *
 * Dragging and Shift with arrows select, as ever: what was selected when the pointer or Shift comes up is marked.
 */
export function followMarking(
  { on }: Kit,
  store: Store,
  copies: HTMLElement,
  isMarking: () => boolean,
  lifetime: AbortSignal,
): void {
  let down: { x: number; y: number } | null = null;
  const far = ({ clientX, clientY }: MouseEvent) =>
    !down || Math.hypot(clientX - down.x, clientY - down.y) > STILL;
  on(
    copies,
    "pointerdown",
    ({ clientX: x, clientY: y }) => {
      down = { x, y };
    },
    lifetime,
  );
  on(
    copies,
    "click",
    (event) => {
      // A click in the text; one that ends a drag, or comes twice, has selected something.
      const inText = (event.target as HTMLElement).closest(".rnnviz-scroller, textarea");
      if (!isMarking() || !inText || far(event) || event.detail > 1 || event.shiftKey) return;
      const hover = store.hover.peek();
      unmark(store, hover >= 0 ? hover : store.cursor.peek());
    },
    lifetime,
  );
  on(
    document,
    "pointerup",
    () => {
      if (!down || !isMarking()) return;
      setTimeout(() => lifetime.aborted || markSelection(store, copies), SETTLED);
    },
    lifetime,
  );
  on(
    copies,
    "keyup",
    ({ key }) => {
      if (key === "Shift" && isMarking()) markSelection(store, copies);
    },
    lifetime,
  );
  on(
    copies,
    "keydown",
    (event) => {
      const { key, target } = event;
      const types = (target as HTMLElement).matches("textarea, button");
      if (!isMarking() || types || !["Delete", "Backspace", "Enter"].includes(key)) return;
      const done = key === "Enter" ? markSelection(store, copies) : unmark(store, store.cursor.peek());
      if (done) event.preventDefault();
    },
    lifetime,
  );
}
