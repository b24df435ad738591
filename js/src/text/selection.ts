import { on } from "../dom";
import type { Store } from "../store/store";
import { borderAt } from "./rows";
import type { TextView } from "./view";

/** The browser's selection, also where the widget sits in a shadow root. */
function ownSelection(element: Element): Selection | null {
  const root = element.getRootNode() as Document | (ShadowRoot & { getSelection?: () => Selection | null });
  return root.getSelection?.() ?? document.getSelection();
}

/** The nodes at the ends of the browser's selection, while it is not empty: their rows must stay. */
export function selectionEnds(scroller: Element): Node[] {
  const selection = ownSelection(scroller);
  if (!selection || selection.isCollapsed) return [];
  return [selection.anchorNode, selection.focusNode].filter((node) => node !== null);
}

/** What is selected by mouse or touch becomes the selected tokens; a copy takes their text. */
export function followSelection(store: Store, view: TextView, lifetime: AbortSignal): void {
  const { scroller } = view;
  const follow = () => {
    const selection = ownSelection(scroller);
    if (!selection || selection.isCollapsed || !scroller.contains(selection.anchorNode)) return;
    const range = selection.getRangeAt(0);
    const { visible } = view;
    // Drawn beyond the text, a selection goes as far as can be seen.
    const start = scroller.contains(range.startContainer)
      ? borderAt(view.kept, range.startContainer, range.startOffset, false)
      : visible.start;
    const stop = scroller.contains(range.endContainer)
      ? borderAt(view.kept, range.endContainer, range.endOffset, true)
      : visible.stop;
    if (start !== null && stop !== null && start < stop) store.select(start, stop);
  };
  let dragging = false;
  on(
    scroller,
    "pointerdown",
    () => {
      dragging = true;
    },
    lifetime,
  );
  for (const end of ["pointerup", "pointercancel"] as const)
    on(
      document,
      end,
      () => {
        dragging = false;
      },
      lifetime,
    );
  on(document, "selectionchange", follow, lifetime);
  // Dragged past the edge, the text scrolls, and what is selected grows without any other notice.
  on(scroller, "scroll", () => dragging && follow(), lifetime);
  on(
    scroller,
    "copy",
    (event) => {
      const selection = store.selection.value;
      if (!selection || !event.clipboardData) return;
      // The rows hold signs for newlines and tabs, and only what is on screen: the text itself is what was meant.
      const { tokens } = store.content.value;
      const [from, to] = [selection.start, Math.min(selection.stop, store.seen.value)];
      const text = tokens.text.slice(tokens.start(from), tokens.start(Math.max(from, to)));
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
    },
    lifetime,
  );
}
