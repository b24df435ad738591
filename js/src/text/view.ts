import { context2d, fitCanvas, h, resizeCanvas } from "../dom";
import type { Paint } from "../store/colour";
import { type Layout, layoutOf, rowOf } from "../store/layout";
import type { Tokens } from "../store/tokens";
import type { Span } from "../store/viewstate";
import { MISSING } from "../store/wire";
import { cellAt, readBoxes, spans } from "./boxes";
import type { Geometry } from "./decor";
import { Ink } from "./ink";
import { Gauge, type Metrics } from "./metrics";
import { buildRow, isRightToLeft, type Row } from "./rows";

/** Browsers cut elements off somewhere above 10 million pixels: beyond this, scrolling is scaled. */
const MAX_HEIGHT = 8_000_000;
const MIN_COLUMNS = 8;
/** Pixels of background under each row. */
const ROW_GAP = 2;
/** A row may be wider than there is room by so many pixels before all rows are made shorter. */
const OVERHANG = 1;

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
  /** Most pixels of all rows, and most columns; 0 for any. */
  height: number;
  wrap: number;
  /** Whether there is a space between tokens. */
  apart: boolean;
  /** How many tokens may be seen. */
  seen: number;
}

/** A mark over or under cells. */
export interface Mark extends Span {
  class: string;
}

/**
 * The scrolled, wrapped, coloured text: only rows on screen exist.
 *
 * The browser lays out the letters, in ordinary elements. Once per row it is asked where they stand; a canvas behind
 * them is painted there: it has a pixel for each device pixel across, and one down for each row.
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
  readonly #gauge: Gauge;
  readonly #ink = new Ink();
  readonly #watcher: ResizeObserver;
  readonly #rows = new Map<number, Row>();
  #tokens: Tokens | undefined;
  #metrics: Metrics | undefined;
  #layout: Layout | undefined;
  #setting: Setting = { rows: 18, foot: 0, strip: 0, height: 0, wrap: 0, apart: false, seen: 0 };
  #arranged = "";
  #gutter = 0;
  #first = 0;
  #last = 0;

  /** @param moved called when letters have moved that were set already, for whatever reason */
  constructor(moved: () => void) {
    this.#watcher = new ResizeObserver((entries) => {
      let known = true;
      for (const { target, contentRect } of entries) {
        const row = [...this.#rows.values()].find(({ ink }) => ink === target);
        if (!row) continue;
        known &&= row.width === 0 || row.width === contentRect.width;
        row.width = contentRect.width;
      }
      if (!known) moved();
    });
    this.scroller = h(
      "div",
      { class: "rnnviz-scroller", tabindex: "0", role: "textbox", "aria-readonly": "true" },
      this.#sizer,
    );
    this.scroller.setAttribute("aria-multiline", "true");
    this.#gauge = new Gauge(this.scroller);
    const gaps = h("div", { class: "rnnviz-gaps", "aria-hidden": "true" });
    this.#layer.append(this.#canvas, gaps, this.#under, this.#body, this.#decor, this.#over);
    this.#stage.append(this.#gauge.element, this.#layer);
    this.#sizer.append(this.#stage);
  }

  /** What changes its size whenever letters do: with a font that arrives late, or at a reader's wish. */
  get gauge(): HTMLElement {
    return this.#gauge.row;
  }

  /** Lays everything out anew the next time: fonts have changed. */
  invalidate(): void {
    this.#gauge.forget();
    this.#arranged = "";
  }

  /** Takes the ink back that is shared with the other widgets of the page. */
  dispose(): void {
    this.#watcher.disconnect();
    this.#ink.clear();
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
    const last = rows.findLast(({ cells }) => cells.length)?.cells.at(-1);
    return { start: rows[0]?.cells[0]?.token ?? 0, stop: last ? last.token + 1 : 0 };
  }

  /** Lays the text out for the room there is, if any; the first visible token stays in place where it can. */
  arrange(tokens: Tokens, setting: Setting): boolean {
    const { scroller } = this;
    const room = scroller.clientWidth;
    if (room === 0) return false;
    const metrics = this.#gauge.measure();
    const digits = String(tokens.lastLine).length;
    const gutter = GUTTER + Math.max(2, digits) * DIGIT;
    const { cell, line, even } = metrics;
    const key = [room, cell, line, even, ...Object.values(setting)].join();
    if (tokens === this.#tokens && key === this.#arranged) return true;
    this.#arranged = key;
    this.#gutter = gutter;
    this.#metrics = metrics;
    this.#setting = setting;
    const height = this.#height;
    scroller.dataset.cellWidth = String(cell);
    scroller.dataset.cellHeight = String(height);
    const set = (name: string, value: number) => scroller.style.setProperty(`--rnnviz-${name}`, `${value}px`);
    set("gutter", gutter);
    set("row", height);
    set("cell", this.#cell);
    const fit = Math.floor((room - gutter) / cell) - 1;
    this.#wrap(tokens, Math.max(MIN_COLUMNS, Math.min(fit, setting.wrap || fit)));
    return true;
  }

  /** Cuts the text into rows; the first visible token stays at the top. */
  #wrap(tokens: Tokens, columns: number): void {
    const anchor = tokens === this.#tokens ? this.visible.start : -1;
    this.#tokens = tokens;
    this.#layout = layoutOf(tokens, columns, this.#setting.apart);
    this.#rows.clear();
    this.#watcher.disconnect();
    this.#body.replaceChildren();
    const { rows } = this.#layout;
    const height = this.#height;
    this.scroller.dataset.columns = String(columns);
    const most = Math.max(1, Math.floor(this.#setting.height / height));
    const shown = Math.min(rows, this.#setting.height ? most : this.#setting.rows);
    this.scroller.style.height = this.#stage.style.height = `${shown * height}px`;
    this.#sizer.style.height = `${Math.min(rows * height, MAX_HEIGHT)}px`;
    if (anchor > 0) this.scrollToRow(rowOf(tokens, this.#layout, anchor));
  }

  /** Brings the rows that are on screen into the document, and takes the others out. */
  place(keep: (row: Row) => boolean): void {
    const { scroller } = this;
    const metrics = this.#metrics;
    if (!this.#layout || !metrics || !this.#tokens) return;
    const height = this.#height;
    const top = scroller.scrollTop * this.#scale();
    this.#first = Math.min(Math.floor(top / height), Math.max(0, this.#layout.rows - 1));
    this.#last = Math.min(this.#layout.rows, Math.ceil((top + scroller.clientHeight) / height));
    for (const [index, row] of this.#rows) {
      const shown = index >= this.#first && index < this.#last;
      row.element.classList.toggle("rnnviz-kept", !shown);
      if (shown || keep(row)) continue;
      row.element.remove();
      this.#watcher.unobserve(row.ink);
      this.#rows.delete(index);
    }
    const fresh: Row[] = [];
    for (let index = this.#first; index < this.#last; index++) {
      if (this.#rows.has(index)) continue;
      const row = buildRow(this.#tokens, this.#layout, index, metrics, this.#setting.seen);
      this.#rows.set(index, row);
      this.#watcher.observe(row.ink);
      fresh.push(row);
    }
    let next: Element | null = this.#body.firstElementChild;
    for (const row of [...this.#rows.values()].sort((a, b) => a.index - b.index)) {
      if (row.element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(row.element, next);
    }
    this.#layer.style.transform = `translateY(${this.#first * height - top}px)`;
    if (this.#read(fresh)) this.place(keep);
  }

  /** Asks where the cells of new rows stand. True where one had no room, and all rows were made shorter. */
  #read(rows: Row[]): boolean {
    if (!this.#metrics || !this.#layout || !this.#tokens || !rows.length) return false;
    const frame = { left: this.#layer.getBoundingClientRect().left, scale: this.#gauge.scale };
    let widest = 0;
    for (const row of rows) {
      readBoxes(row, frame, this.#metrics);
      const { edges } = row;
      if (edges.length) widest = Math.max(widest, Math.max(...edges) - Math.min(...edges));
    }
    const room = this.scroller.clientWidth - this.#gutter;
    const { columns } = this.#layout;
    if (widest <= room + OVERHANG || columns <= MIN_COLUMNS) return false;
    this.#wrap(
      this.#tokens,
      Math.max(MIN_COLUMNS, Math.min(columns - 1, Math.floor((columns * room) / widest))),
    );
    return true;
  }

  /** Colours what is on screen: cells where the browser says that they stand, and their letters. */
  colour(bytes: Int8Array | null, paint: Paint): void {
    const tokens = this.#tokens;
    if (!tokens) return;
    const { rows } = this;
    const ratio = devicePixelRatio || 1;
    const across = Math.max(1, Math.round(this.scroller.clientWidth * ratio));
    const count = Math.max(1, rows.length);
    resizeCanvas(this.#canvas, across, count);
    this.#canvas.style.width = `${across / ratio}px`;
    this.#canvas.style.height = `${count * this.#height}px`;
    const image = new ImageData(across, count);
    const pixels = new Uint32Array(image.data.buffer);
    // Beyond the bytes nothing is revealed: it looks as if there were no values.
    const level = (token: number) => (bytes && token < bytes.length ? bytes[token] : MISSING) + 128;
    const withEdges = tokens.several && !this.#setting.apart;
    const pen = Math.max(1, Math.round(ratio));
    rows.forEach(({ cells, edges }, y) => {
      const at = (x: number) => y * across + Math.max(0, Math.min(across, Math.round(x * ratio)));
      cells.forEach(({ token, from, shown }, i) => {
        const here = level(token);
        const left = at(edges[2 * i]);
        const right = at(edges[2 * i + 1]);
        pixels.fill(paint.pixels[here], left, right);
        if (!withEdges || tokens.start(token) !== from) return;
        if (isRightToLeft(shown)) pixels.fill(paint.edges[here], right - pen, right);
        else pixels.fill(paint.edges[here], left, left + pen);
      });
    });
    context2d(this.#canvas).putImageData(image, 0, 0);
    this.#ink.show(rows, paint, level);
  }

  /** Clears what is drawn beside the colours, and calls `draw` to draw it anew. */
  decorate(draw: (context: CanvasRenderingContext2D, rows: Row[], geometry: Geometry) => void): void {
    if (!this.#metrics) return;
    const { rows } = this;
    const { foot, strip } = this.#setting;
    this.#decor.hidden = !(foot || strip);
    if (this.#decor.hidden) return;
    const height = this.#height;
    this.#decor.style.width = `${this.scroller.clientWidth}px`;
    this.#decor.style.height = `${rows.length * height}px`;
    const { context } = fitCanvas(this.#decor);
    draw(context, rows, { height, cell: this.#cell, foot, strip });
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
    const box = this.#layer.getBoundingClientRect();
    const { scale } = this.#gauge;
    const index = this.#first + Math.floor((y - box.top) / scale / this.#height);
    const row = index < this.#last ? this.#rows.get(index) : undefined;
    return row?.cells[cellAt(row, (x - box.left) / scale, nearest)]?.token ?? -1;
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
    return (this.#metrics?.line ?? 1) + this.#setting.foot + ROW_GAP + this.#setting.strip;
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
    return this.rows.flatMap((row, y) =>
      spans(row, (i) => row.cells[i].token >= start && row.cells[i].token < stop).map(({ left, right }) => {
        const box = h("div", { class: name });
        box.style.left = `${left}px`;
        box.style.top = `${y * this.#height}px`;
        box.style.width = `${right - left}px`;
        box.style.height = `${this.#cell}px`;
        return box;
      }),
    );
  }
}
