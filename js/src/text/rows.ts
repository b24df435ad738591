import { h } from "../dom";
import { type Cell, GAP, type Layout, rowCells } from "../store/layout";
import type { Tokens } from "../store/tokens";
import type { Metrics } from "./metrics";

/** Where one cell's letters are in the document. */
export interface LetterPlace {
  node: Text;
  from: number;
  to: number;
  /** A sign's own element, or null: the colour of its ink is set there, and noted here. */
  sign: HTMLElement | null;
  colour: string;
}

/** One visible row. Its letters are laid out by the browser, which says where the cells are. */
export interface Row {
  index: number;
  cells: Cell[];
  /** One for each cell. */
  places: LetterPlace[];
  element: HTMLElement;
  /** Holds the letters, and is as wide as they are. */
  ink: HTMLElement;
  /** Of `ink`, when it was last looked at; 0 before. */
  width: number;
  /** How many cells, from the first, are ASCII: equally wide in an even font. */
  plain: number;
  /** Left and right of each cell in CSS pixels, from the left edge of the rows. */
  edges: Float32Array;
}

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** How far into a line its first letter is looked for. */
const LOOKED_AT = 400;

export const isRightToLeft = (text: string) => RIGHT_TO_LEFT.test(text);

/** Builds the element of one row, as far as its tokens may be seen: text, with elements only for signs and for what is spaced. */
export function buildRow(tokens: Tokens, layout: Layout, index: number, metrics: Metrics, seen: number): Row {
  const cells = rowCells(tokens, layout, index).filter(({ token }) => token < seen);
  const ink = h("span", { class: "rnnviz-ink" });
  const places: LetterPlace[] = [];
  let node: Text | undefined;
  let spaced: number | null = null;
  let plain = cells.length;
  const open = (parent: HTMLElement) => {
    node = document.createTextNode("");
    parent.append(node);
    return node;
  };
  cells.forEach((cell, i) => {
    const { shown, sign, width, joined } = cell;
    const isTab = sign && width > 1;
    if (plain === cells.length && !isTab && (shown.length > 1 || shown > "~")) plain = joined ? i - 1 : i;
    if (sign) {
      const element = h("span", { class: "rnnviz-sign" }, shown);
      if (isTab) {
        element.classList.add("rnnviz-tab");
        element.style.width = `${width * metrics.cell}px`;
      }
      ink.append(element);
      places.push({ node: element.firstChild as Text, from: 0, to: shown.length, sign: element, colour: "" });
      node = undefined;
    } else {
      const spacing = joined ? spaced : metrics.spacing(shown, width);
      if (!node || spacing !== spaced) {
        spaced = spacing;
        if (spacing === null) node = open(ink);
        else {
          const element = h("span");
          element.style.letterSpacing = `${spacing}px`;
          ink.append(element);
          node = open(element);
        }
      }
      const from = node.data.length;
      node.data += shown;
      places.push({ node, from, to: node.data.length, sign: null, colour: "" });
    }
    if (layout.apart && tokens.beginsAt(cell.to) && i + 1 < cells.length) {
      const gap = h("span", { class: "rnnviz-tab" });
      gap.style.width = `${GAP * metrics.cell}px`;
      ink.append(gap);
      node = undefined;
    }
  });
  const element = h("div", { class: "rnnviz-row", "data-row": index }, ink);
  element.dataset.rowStart = String(tokens.at(layout.starts[index]));
  if (lineRunsRightToLeft(tokens.text, layout.starts[index])) element.dir = "rtl";
  const line = layout.lines[index];
  if (cells.length && (index === 0 || layout.lines[index - 1] !== line))
    element.dataset.line = String(tokens.origin.line + line);
  return { index, cells, places, element, ink, width: 0, plain, edges: new Float32Array(2 * cells.length) };
}

/** Whether the line of an offset begins, as far as its letters go, with one that is read from right to left. */
function lineRunsRightToLeft(text: string, offset: number): boolean {
  const start = offset > 0 ? text.lastIndexOf("\n", offset - 1) + 1 : 0;
  const end = text.indexOf("\n", start);
  const line = text.slice(start, Math.min(end < 0 ? text.length : end, start + LOOKED_AT));
  return isRightToLeft(line.match(LETTER)?.[0] ?? "");
}

/**
 * The border between tokens where an end of the browser's selection lies, or null outside these rows.
 *
 * @param after take the token's far border when the end lies inside a token
 */
export function borderAt(rows: Iterable<Row>, node: Node, offset: number, after: boolean): number | null {
  for (const row of rows) {
    if (!row.element.contains(node)) continue;
    const { cells, places } = row;
    let index = places.findIndex((place) => place.node === node && offset < place.to);
    if (index < 0) {
      // Behind the last letter of its node, or an element: before or behind all that is in it.
      index = 1 + places.findLastIndex((place) => offset > 0 && node.contains(place.node));
    }
    const before = cells[index - 1]?.token ?? -1;
    const here = cells[index]?.token;
    if (here === undefined) return before + 1;
    return before === here && after ? here + 1 : here;
  }
  return null;
}
