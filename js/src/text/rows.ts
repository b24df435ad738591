import { h } from "../dom";
import { type Cell, type Layout, rowCells } from "../store/layout";
import type { Tokens } from "../store/tokens";
import type { Metrics } from "./metrics";

/** A run of characters in one text node. */
interface Run {
  node: Text;
  /** Index of the run's first cell in the row. */
  first: number;
  /** Length of the node's text after each of its cells. */
  ends: number[];
}

/** One visible row: its cells, its element, and which text node shows which cells. */
export interface Row {
  index: number;
  cells: Cell[];
  element: HTMLElement;
  /** Carries the letters; their colours are a gradient behind it, clipped to the letters. */
  ink: HTMLElement;
  runs: Run[];
  /** The gradient set last: setting it again would cost a repaint. */
  gradient: string;
}

/** Builds the element of one row. Letters that fill their cell share a text node, others get boxes. */
export function buildRow(tokens: Tokens, layout: Layout, index: number, metrics: Metrics): Row {
  const cells = rowCells(tokens, layout, index);
  const ink = h("span", { class: "rnnviz-ink" });
  const runs: Run[] = [];
  let open: Run | undefined;
  cells.forEach((cell, i) => {
    const fits = metrics.fits(cell.shown, cell.width);
    if (!open || !fits) {
      open = { node: document.createTextNode(""), first: i, ends: [] };
      runs.push(open);
      ink.append(fits ? open.node : box(open.node, cell, metrics));
    }
    open.node.data += cell.shown;
    open.ends.push(open.node.data.length);
    if (!fits) open = undefined;
  });
  const element = h("div", { class: "rnnviz-row", "data-row": index }, ink);
  if (cells.length) element.dataset.rowStart = String(cells[0].token);
  const line = layout.lines[index];
  if (index === 0 || layout.lines[index - 1] !== line)
    element.dataset.line = String(tokens.origin.line + line);
  return { index, cells, element, ink, runs, gradient: "" };
}

function box(content: Text, cell: Cell, metrics: Metrics): HTMLElement {
  const element = h("span", { class: "rnnviz-box" }, content);
  element.style.width = `${cell.width * metrics.width}px`;
  return element;
}

/**
 * The border between tokens where an end of the browser's selection lies, or null outside these rows.
 *
 * @param after take the token's far border when the end lies inside a token
 */
export function borderAt(rows: Iterable<Row>, node: Node, offset: number, after: boolean): number | null {
  for (const row of rows) {
    if (!row.element.contains(node)) continue;
    const run = row.runs.find((candidate) => candidate.node === node);
    let index: number;
    if (run) {
      const within = run.ends.findIndex((end) => offset < end);
      index = run.first + (within < 0 ? run.ends.length : within);
    } else index = offset === 0 ? 0 : row.cells.length;
    const before = row.cells[index - 1]?.token ?? -1;
    const here = row.cells[index]?.token;
    if (here === undefined) return before + 1;
    return before === here && after ? here + 1 : here;
  }
  return null;
}

/** A gradient with hard stops: one colour for each run of cells that share it. */
export function inkGradient(cells: Cell[], width: number, colourOf: (cell: Cell) => string): string {
  const stops: string[] = [];
  let colour = "";
  let x = 0;
  for (const cell of cells) {
    const next = colourOf(cell);
    x = cell.column * width;
    if (next === colour) continue;
    if (colour) stops.push(`${colour} ${x}px`);
    stops.push(`${next} ${x}px`);
    colour = next;
  }
  // One colour alone is no gradient: it needs a second stop.
  stops.push(`${colour || "transparent"} ${x}px`);
  return `linear-gradient(to right,${stops.join(",")})`;
}
