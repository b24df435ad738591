import { context2d, fitCanvas, h } from "../dom";
import type { Paint } from "../store/colour";
import { cellAtColumn, type Layout, layoutOf, rowOf } from "../store/layout";
import type { Span } from "../store/store";
import type { Tokens } from "../store/tokens";
import { MISSING } from "../store/wire";
import type { Geometry } from "./decor";
import { type Metrics, measure } from "./metrics";
import { buildRow, inkGradient, type Row } from "./rows";

/** Browsers cut elements off somewhere above 10 million pixels: beyond this, scrolling is scaled. */
const MAX_HEIGHT = 8_000_000;
const MIN_COLUMNS = 8;
/** Pixels of background under each row, see `.rnnviz-row`. */
const ROW_GAP = 2;

/** Room for the number of a line: for each of its digits, and around it. */
const DIGIT = 8;
const GUTTER = 16;

/** How the text is set. */
export interface Setting {
  /** How many rows are on screen at most. */
  rows: number;
  /** Pixels under the letters of each row that share their colour. */
  foot: number;
  /** Pixels under that, on the background. */
  strip: number;
}

/** A mark over or under cells. */
export interface Mark extends Span {
  class: string;
}

/**
 * The scrolled, wrapped, coloured text: only rows on screen exist.
 *
 * The stage sticks to the scroller's top, so that scrolling before we draw shows what was there, not white.
 */
export class TextView {
  readonly scroller: HTMLElement;
  readonly #sizer = h("div", { class: "rnnviz-sizer" });
  readonly #stage = h("div", { class: "rnnviz-stage" });
  readonly #layer = h("div", { class: "rnnviz-layer" });
  readonly #canvas = h("canvas", { "aria-hidden": "true" });
  readonly #under = h("div", { class: "rnnviz-marks", "aria-hidden": "true" });
  readonly #body = h("div", { class: "rnnviz-rows" });
  readonly #decor = h("canvas", { class: "rnnviz-decor", "aria-hidden": "true" });
  readonly #over = h("div", { class: "rnnviz-marks", "aria-hidden": "true" });
  readonly #rows = new Map<number, Row>();
  #tokens: Tokens | undefined;
  #metrics: Metrics | undefined;
  #layout: Layout | undefined;
  #setting: Setting = { rows: 18, foot: 0, strip: 0 };
  #arranged = "";
  #gutter = 0;
  #first = 0;
  #last = 0;

  constructor() {
    this.#layer.append(this.#canvas, this.#under, this.#body, this.#decor, this.#over);
    this.#stage.append(this.#layer);
    this.#sizer.append(this.#stage);
    this.scroller = h(
      "div",
      { class: "rnnviz-scroller", tabindex: "0", role: "textbox", "aria-readonly": "true" },
      this.#sizer,
    );
    this.scroller.setAttribute("aria-multiline", "true");
  }

  /** The rows on screen, first to last. */
  get rows(): Row[] {
    const rows: Row[] = [];
    for (let index = this.#first; index < this.#last; index++) {
      const row = this.#rows.get(index);
      if (row) rows.push(row);
    }
    return rows;
  }

  /** All rows in the document: those on screen and those that hold an end of the browser's selection. */
  get kept(): Iterable<Row> {
    return this.#rows.values();
  }

  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** The tokens on screen. */
  get visible(): Span {
    const { rows } = this;
    const last = rows.at(-1)?.cells.at(-1);
    return { start: rows[0]?.cells[0]?.token ?? 0, stop: last ? last.token + 1 : 0 };
  }

  /** Lays the text out for the room there is, if any; the first visible token stays in place where it can. */
  arrange(tokens: Tokens, setting: Setting): boolean {
    const { scroller } = this;
    if (scroller.clientWidth === 0) return false;
    const anchor = tokens === this.#tokens ? this.visible.start : -1;
    const metrics = measure(scroller);
    const digits = String(tokens.lastLine).length;
    const gutter = GUTTER + Math.max(2, digits) * DIGIT;
    const columns = Math.max(MIN_COLUMNS, Math.floor((scroller.clientWidth - gutter) / metrics.width) - 1);
    const key = [columns, metrics.width, metrics.height, metrics.spacing, ...Object.values(setting)].join();
    if (tokens === this.#tokens && key === this.#arranged) return true;
    this.#arranged = key;
    this.#tokens = tokens;
    this.#metrics = metrics;
    this.#setting = setting;
    this.#gutter = gutter;
    this.#layout = layoutOf(tokens, columns);
    this.#rows.clear();
    this.#body.replaceChildren();
    const { rows } = this.#layout;
    const height = this.#height;
    scroller.dataset.cellWidth = String(metrics.width);
    scroller.dataset.cellHeight = String(height);
    scroller.dataset.columns = String(columns);
    const set = (name: string, value: number) => scroller.style.setProperty(`--rnnviz-${name}`, `${value}px`);
    set("gutter", gutter);
    set("row", height);
    set("letters", metrics.height - ROW_GAP);
    set("gap", ROW_GAP + setting.strip);
    set("spacing", metrics.spacing);
    scroller.style.height = this.#stage.style.height = `${Math.min(rows, setting.rows) * height}px`;
    this.#sizer.style.height = `${Math.min(rows * height, MAX_HEIGHT)}px`;
    this.#canvas.width = columns + 1;
    this.#canvas.style.width = `${(columns + 1) * metrics.width}px`;
    if (anchor > 0) this.scrollToRow(rowOf(tokens, this.#layout, anchor));
    return true;
  }

  /** Brings the rows that are on screen into the document, and takes the others out. */
  place(keep: (row: Row) => boolean): void {
    const { scroller } = this;
    if (!this.#layout || !this.#metrics || !this.#tokens) return;
    const height = this.#height;
    const top = scroller.scrollTop * this.#scale();
    this.#first = Math.min(Math.floor(top / height), Math.max(0, this.#layout.rows - 1));
    this.#last = Math.min(this.#layout.rows, Math.ceil((top + scroller.clientHeight) / height));
    for (const [index, row] of this.#rows) {
      const shown = index >= this.#first && index < this.#last;
      row.element.classList.toggle("rnnviz-kept", !shown);
      if (shown || keep(row)) continue;
      row.element.remove();
      this.#rows.delete(index);
    }
    for (let index = this.#first; index < this.#last; index++)
      if (!this.#rows.has(index))
        this.#rows.set(index, buildRow(this.#tokens, this.#layout, index, this.#metrics));
    let next: Element | null = this.#body.firstElementChild;
    for (const row of [...this.#rows.values()].sort((a, b) => a.index - b.index)) {
      if (row.element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row.element, next);
    }
    this.#layer.style.transform = `translateY(${this.#first * height - top}px)`;
  }

  /** Colours what is on screen: one pixel per column into the canvas, one gradient per row into the letters. */
  colour(bytes: Int8Array | null, paint: Paint): void {
    if (!this.#metrics) return;
    const { width } = this.#metrics;
    const { rows } = this;
    const across = this.#canvas.width;
    const count = Math.max(1, rows.length);
    if (this.#canvas.height !== count) {
      this.#canvas.height = count;
      this.#canvas.style.height = `${count * this.#height}px`;
    }
    const image = new ImageData(across, count);
    const pixels = new Uint32Array(image.data.buffer);
    // Beyond the bytes nothing is revealed: it looks as if there were no values.
    const level = (token: number) => (bytes && token < bytes.length ? bytes[token] : MISSING) + 128;
    rows.forEach((row, y) => {
      for (const cell of row.cells) {
        const start = y * across + cell.column;
        pixels.fill(paint.pixels[level(cell.token)], start, start + cell.width);
      }
      const gradient = inkGradient(
        row.cells,
        width,
        (cell) => (cell.sign ? paint.quiet : paint.ink)[level(cell.token)],
      );
      if (row.gradient === gradient) return;
      row.gradient = gradient;
      row.ink.style.backgroundImage = gradient;
    });
    context2d(this.#canvas).putImageData(image, 0, 0);
  }

  /** Clears what is drawn beside the colours, and calls `draw` to draw it anew. */
  decorate(draw: (context: CanvasRenderingContext2D, rows: Row[], geometry: Geometry) => void): void {
    if (!this.#metrics) return;
    const { rows } = this;
    const { foot, strip } = this.#setting;
    const { width } = this.#metrics;
    this.#decor.hidden = !(foot || strip);
    if (this.#decor.hidden) return;
    const height = this.#height;
    this.#decor.style.width = `${this.#gutter + this.#canvas.width * width}px`;
    this.#decor.style.height = `${rows.length * height}px`;
    const { context } = fitCanvas(this.#decor);
    draw(context, rows, { gutter: this.#gutter, width, height, cell: this.#cell, foot, strip });
  }

  /** Draws marks below and above the letters, in place of those there were. */
  mark(below: Mark[], above: Mark[]): void {
    this.#under.replaceChildren(...below.flatMap((mark) => this.#boxes(mark)));
    this.#over.replaceChildren(...above.flatMap((mark) => this.#boxes(mark)));
  }

  /** Runs of tokens on screen whose value is missing. */
  missing(bytes: Int8Array | null): Span[] {
    const spans: Span[] = [];
    if (!bytes) return spans;
    const { start, stop } = this.visible;
    for (let token = start; token < Math.min(stop, bytes.length); token++) {
      if (bytes[token] !== MISSING) continue;
      const last = spans.at(-1);
      if (last?.stop === token) last.stop++;
      else spans.push({ start: token, stop: token + 1 });
    }
    return spans;
  }

  /**
   * The token at a point of the window, or -1 where there is none.
   *
   * @param nearest take the nearest of the row instead, right of its end or left of its start
   */
  tokenAt(x: number, y: number, nearest = false): number {
    if (!this.#metrics) return -1;
    const box = this.#layer.getBoundingClientRect();
    const index = this.#first + Math.floor((y - box.top) / this.#height);
    const row = index < this.#last ? this.#rows.get(index) : undefined;
    if (!row) return -1;
    const cell = cellAtColumn(row.cells, (x - box.left - this.#gutter) / this.#metrics.width);
    const inside = nearest ? Math.max(0, Math.min(cell, row.cells.length - 1)) : cell;
    return row.cells[inside]?.token ?? -1;
  }

  /** First and one past the last row on screen, as fractions of all rows. */
  get viewport(): { from: number; to: number } {
    if (!this.#layout) return { from: 0, to: 1 };
    const all = this.#layout.rows;
    return { from: this.top / all, to: Math.min(1, (this.top + this.#page) / all) };
  }

  /** The row at the top, with the fraction of it that is above. */
  get top(): number {
    return this.#metrics ? (this.scroller.scrollTop * this.#scale()) / this.#height : 0;
  }

  scrollToRow(row: number): void {
    if (this.#metrics) this.scroller.scrollTop = (row * this.#height) / this.#scale();
  }

  /** Scrolls a token into view: by as little as needed when it is near, to the middle when it is far. */
  reveal(token: number): void {
    if (!this.#layout || !this.#tokens || token < 0) return;
    const page = this.#page;
    const { top } = this;
    const row = rowOf(this.#tokens, this.#layout, token);
    if (row >= top && row + 1 <= top + page) return;
    const near = row > top - page && row < top + 2 * page;
    if (!near) this.scrollToRow(row - page / 2);
    else this.scrollToRow(row < top ? row : row + 1 - page);
  }

  /** Rows that have room on screen. */
  get #page(): number {
    return this.scroller.clientHeight / this.#height;
  }

  /** Pixels from one row to the next. */
  get #height(): number {
    return (this.#metrics?.height ?? 1) + this.#setting.foot + this.#setting.strip;
  }

  /** Pixels of a row that have its colours. */
  get #cell(): number {
    return this.#height - this.#setting.strip - ROW_GAP;
  }

  /** Rows of text per pixel of scrolling, over those per pixel of text: 1 but for gigantic texts. */
  #scale(): number {
    if (!this.#layout || !this.#metrics) return 1;
    const full = this.#layout.rows * this.#height;
    const view = this.scroller.clientHeight;
    return full > MAX_HEIGHT ? (full - view) / (MAX_HEIGHT - view) : 1;
  }

  #boxes({ start, stop, class: name }: Mark): HTMLElement[] {
    if (!this.#metrics) return [];
    const { width } = this.#metrics;
    const boxes: HTMLElement[] = [];
    this.rows.forEach((row, y) => {
      const cells = row.cells.filter(({ token }) => token >= start && token < stop);
      const last = cells.at(-1);
      if (!last) return;
      const box = h("div", { class: name });
      const left = cells[0].column;
      box.style.left = `${this.#gutter + left * width}px`;
      box.style.top = `${y * this.#height}px`;
      box.style.width = `${(last.column + last.width - left) * width}px`;
      box.style.height = `${this.#cell}px`;
      boxes.push(box);
    });
    return boxes;
  }
}
