import { on } from "./dom";
import { rowSpan, tokenBelow } from "./store/layout";
import type { Store } from "./store/store";

/** What takes letters and arrows for itself; of these a slider has no use for letters. */
const TAKES_KEYS = "input, select, textarea";
const SLIDER = "[type=range]";
const TEXT = "[role=textbox]";

/** All keys: letters act wherever the focus is; arrows move the cursor in the text, or reveal while a class guesses. */
export function followKeys(store: Store, root: HTMLElement, lifetime: AbortSignal): void {
  // Notebook 7 looks at keys before they are here, at the document, and leaves the focused element alone where that
  // says so. It is said before that, at the window, of this very key: Ctrl+S saves, Ctrl+Z undoes what was typed here.
  const claim = (event: KeyboardEvent) => {
    const path = event.composedPath();
    if (path.includes(root))
      (path[0] as HTMLElement).toggleAttribute("data-lm-suppress-shortcuts", !isForeign(event));
  };
  window.addEventListener("keydown", claim, { signal: lifetime, capture: true });
  on(
    root,
    "keydown",
    (event) => {
      const ours = !event.defaultPrevented && act(store, event);
      if (ours) event.preventDefault();
      // JupyterLab and slide shows listen for keys further up: ours end here, and so does what is typed. A
      // command that nobody here has a use for goes on: Ctrl+S saves the notebook.
      if (ours || !isForeign(event)) event.stopPropagation();
    },
    lifetime,
  );
}

/** Whether a key is a command of the host's: what edits and moves is the browser's own, in text and fields. */
function isForeign(event: KeyboardEvent): boolean {
  const command = event.ctrlKey || event.metaKey;
  return command && !event.altKey && !/^([acvxyz]|Arrow.*|Home|End|Page.*|Enter)$/i.test(event.key);
}

function act(store: Store, event: KeyboardEvent): boolean {
  // The innermost element, also where the widget sits in a shadow root.
  const target = event.composedPath()[0] as HTMLElement;
  const takes = target.matches(TAKES_KEYS);
  if (event.altKey || (takes && !target.matches(SLIDER))) return false;
  const command = event.ctrlKey || event.metaKey;
  const pressed = target.matches("button") && [" ", "Enter"].includes(event.key);
  if (store.guess.value === "text" && !command && !pressed && /^(.|Enter)$/u.test(event.key)) {
    store.guessNext(event.key === "Enter" ? "\n" : event.key);
    return true;
  }
  if (!command && letter(store, event.key)) return true;
  if (takes || pressed) return false;
  if (store.guess.value && !command) return reveal(store, event.key);
  return target.matches(TEXT) && move(store, event, command);
}

function letter(store: Store, key: string): boolean {
  switch (key) {
    case "n":
      store.setUnitIndex(store.unitIndex.value + 1);
      break;
    case "p":
      store.setUnitIndex(store.unitIndex.value - 1);
      break;
    case "s":
    case "S": {
      const step = key === "s" ? 1 : -1;
      if (store.guess.value) store.revealSegment(step);
      else store.goToSegment(step);
      break;
    }
    case "c":
    case "C":
      store.setCheckpoint(store.checkpoint.value + (key === "c" ? 1 : -1));
      break;
    case "g":
      store.setGuess(!store.guess.value);
      break;
    case "f":
      store.setFlipped(!store.flip.value);
      break;
    case "l":
      store.setPresent(!store.present.value);
      break;
    case "m":
      store.setFinding(!store.finding.value);
      break;
    case "?":
      store.setHelp(!store.help.value);
      break;
    default:
      return false;
  }
  return true;
}

/** The token where the cursor goes, or null where the key means no move. */
function target(store: Store, key: string, jump: boolean, token: number): number | null {
  const { tokens } = store.content.value;
  const layout = store.layout.value;
  if (!layout) return null;
  const { from, to } = store.viewport.value;
  const page = Math.max(1, Math.floor((to - from) * layout.rows) - 1);
  switch (key) {
    case "ArrowLeft":
      return token - 1;
    case "ArrowRight":
      return token + 1;
    case "ArrowUp":
      return tokenBelow(tokens, layout, token, -1);
    case "ArrowDown":
      return tokenBelow(tokens, layout, token, 1);
    case "PageUp":
      return tokenBelow(tokens, layout, token, -page);
    case "PageDown":
      return tokenBelow(tokens, layout, token, page);
    case "Home":
      return jump ? 0 : rowSpan(tokens, layout, token).first;
    case "End":
      return jump ? tokens.length - 1 : rowSpan(tokens, layout, token).last;
    default:
      return null;
  }
}

function move(store: Store, event: KeyboardEvent, jump: boolean): boolean {
  const { length } = store.content.value.tokens;
  const cursor = store.cursor.value;
  if (event.key === "Escape") store.setCursor(-1);
  else if (jump && event.key === "a") store.select(0, length);
  else {
    const from = cursor >= 0 ? cursor : store.visible.value.start;
    const to = target(store, event.key, jump, from);
    if (to === null) return false;
    // The first key only shows where the cursor is.
    const token = cursor < 0 && !jump ? from : Math.max(0, Math.min(to, length - 1));
    if (event.shiftKey && cursor >= 0) store.selectTo(token);
    else store.setCursor(token);
  }
  // The readout follows the keys, until the pointer moves again.
  store.setHover(-1);
  return true;
}

/** Reveals more, or hides some of it again: what is up to the cursor can be seen. */
function reveal(store: Store, key: string): boolean {
  switch (key) {
    case "ArrowRight":
      store.setCursor(store.cursor.value + 1);
      break;
    case "ArrowLeft":
      store.setCursor(store.cursor.value - 1);
      break;
    case "ArrowDown":
      store.revealRow(1);
      break;
    case "ArrowUp":
      store.revealRow(-1);
      break;
    // A presenter's remote sends these two.
    case "PageDown":
    case " ":
      store.revealSegment(1);
      break;
    case "PageUp":
      store.revealSegment(-1);
      break;
    case "Home":
      store.setCursor(-1);
      break;
    case "Escape":
      store.setGuess(false);
      break;
    default:
      return false;
  }
  return true;
}
