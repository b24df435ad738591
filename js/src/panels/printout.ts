import { drawNow, h, on } from "../dom";
import { anchors, GROUND, paint } from "../store/colour";
import type { Copy } from "../store/copy";
import { type Cell, layout, rowCells } from "../store/layout";
import type { Store } from "../store/store";
import { MISSING } from "../store/wire";

/** Stands for the value of a token that is to be guessed: no byte does. */
const HIDDEN = -129;

/**
 * The text as it is printed: all of it, in ordinary elements that break across pages, on white.
 *
 * On screen it does not exist: it is made when the window is about to print.
 */
export function printout(store: Store, lifetime: AbortSignal): HTMLElement {
  const sheet = h("div", { class: "rnnviz-printout", "aria-hidden": "true" });
  // A frame is printed at the height it has, so it is printed as it is on screen.
  if (window.parent !== window) return sheet;
  const root = () => sheet.closest(".rnnviz");
  let theme = store.theme.value;
  on(
    window,
    "beforeprint",
    () => {
      theme = store.theme.value;
      root()?.classList.add("rnnviz-printing");
      store.setTheme("light");
      sheet.replaceChildren(...store.copies.value.flatMap((copy) => [heading(copy), ...lines(store, copy)]));
      // There will be no frame before the paper.
      drawNow();
    },
    lifetime,
  );
  on(
    window,
    "afterprint",
    () => {
      sheet.replaceChildren();
      root()?.classList.remove("rnnviz-printing");
      store.setTheme(theme);
    },
    lifetime,
  );
  return sheet;
}

function heading({ state, unit }: Copy): HTMLElement {
  const { name, of } = state.value;
  return h("p", { class: "rnnviz-printed-unit" }, `unit ${unit.value} of ${name} (${of} units)`);
}

/** One element per line of the text; where it wraps is for the paper to say. */
function* lines(store: Store, copy: Copy): Generator<HTMLElement> {
  const { tokens } = store.content.value;
  const { bytes } = copy.row.value;
  const revealed = store.revealed.value;
  const label = store.label.value;
  const { pixels, ink } = paint(
    anchors(store.palette.value, "light"),
    copy.row.value,
    GROUND.light,
    copy.turn.value,
  );
  const rgb = new Uint8Array(pixels.buffer);
  const apart = store.apart.value;
  const text = layout(tokens, Number.POSITIVE_INFINITY, apart);
  const level = ({ token }: Cell) => (token >= revealed ? HIDDEN : bytes ? bytes[token] : MISSING);
  const holds = ({ token }: Cell) => label?.kind === "bool" && token < revealed && label.values[token] === 1;
  const run = (cells: Cell[]) => {
    const shown = cells.map(({ shown, width, sign }) => (sign ? shown.padEnd(width) : shown));
    const span = h("span", {}, shown.join(""));
    const q = level(cells[0]);
    if (tokens.several) span.classList.add("rnnviz-printed-token");
    if (apart) span.classList.add("rnnviz-printed-gap");
    if (holds(cells[0])) span.classList.add("rnnviz-printed-label");
    if (q === HIDDEN) return span;
    if (q === MISSING) span.classList.add("rnnviz-missing");
    else {
      span.style.backgroundColor = `rgb(${rgb.subarray((q + 128) * 4, (q + 128) * 4 + 3).join(" ")})`;
      span.style.color = ink[q + 128];
    }
    return span;
  };
  // Of a text that is to be guessed nothing is printed that cannot be seen.
  for (let row = 0; row < text.rows; row++) {
    const line = h("div", {
      class: "rnnviz-printed-line",
      "data-line": tokens.origin.line + text.lines[row],
    });
    let open: Cell[] = [];
    for (const cell of rowCells(tokens, text, row)) {
      if (cell.token >= store.seen.value) break;
      const [first] = open;
      const same = tokens.several
        ? first?.token === cell.token
        : first && level(first) === level(cell) && holds(first) === holds(cell);
      if (first && !same) {
        line.append(run(open));
        open = [];
      }
      open.push(cell);
    }
    if (open.length) line.append(run(open));
    yield line;
  }
}
