import { anchors, paint } from "./colour";
import { drawNow, h } from "./dom";
import { type Cell, layout, rowCells } from "./layout";
import { GROUND, type Store } from "./store";
import { MISSING } from "./wire";

/**
 * The text as it is printed: all of it, in ordinary elements that break across pages, on white.
 *
 * On screen it does not exist: it is made when the window is about to print.
 */
export function printout(store: Store, root: HTMLElement, lifetime: AbortSignal): HTMLElement {
  const sheet = h("div", { class: "rnnviz-printout", "aria-hidden": "true" });
  // A frame is printed at the height it has, so it is printed as it is on screen.
  if (window.parent !== window) return sheet;
  const heading = h("p", { class: "rnnviz-printed-unit" });
  let theme = store.theme.value;
  window.addEventListener(
    "beforeprint",
    () => {
      theme = store.theme.value;
      root.classList.add("rnnviz-printing");
      store.theme.value = "light";
      sheet.replaceChildren(...lines(store));
      root.firstElementChild?.after(heading);
      heading.textContent = unitInWords(store);
      // There will be no frame before the paper.
      drawNow();
    },
    { signal: lifetime },
  );
  window.addEventListener(
    "afterprint",
    () => {
      sheet.replaceChildren();
      heading.remove();
      root.classList.remove("rnnviz-printing");
      store.theme.value = theme;
    },
    { signal: lifetime },
  );
  return sheet;
}

function unitInWords(store: Store): string {
  const { name, of } = store.state.value;
  return `unit ${store.unit.value} of ${name} (${of} units)`;
}

/** One element per line of the text; where it wraps is for the paper to say. */
function* lines(store: Store): Generator<HTMLElement> {
  const { tokens } = store.content.value;
  const { bytes, scale, limit } = store.row.value;
  const { pixels, ink } = paint(anchors(store.palette.value, "light"), scale, limit, GROUND.light);
  const rgb = new Uint8Array(pixels.buffer);
  const text = layout(tokens, Number.POSITIVE_INFINITY);
  const level = ({ token }: Cell) => (bytes ? bytes[token] : MISSING);
  const run = (cells: Cell[]) => {
    const shown = cells.map(({ shown, width, sign }) => (sign ? shown.padEnd(width) : shown));
    const span = h("span", {}, shown.join(""));
    const q = level(cells[0]);
    if (q === MISSING) span.className = "rnnviz-missing";
    else {
      span.style.backgroundColor = `rgb(${rgb.subarray((q + 128) * 4, (q + 128) * 4 + 3).join(" ")})`;
      span.style.color = ink[q + 128];
    }
    return span;
  };
  for (let row = 0; row < text.rows; row++) {
    const line = h("div", {
      class: "rnnviz-printed-line",
      "data-line": tokens.origin.line + text.lines[row],
    });
    let open: Cell[] = [];
    for (const cell of rowCells(tokens, text, row)) {
      if (open.length && level(open[0]) !== level(cell)) {
        line.append(run(open));
        open = [];
      }
      open.push(cell);
    }
    line.append(run(open));
    yield line;
  }
}
