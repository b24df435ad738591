import { context2d, h } from "../dom";

/** How the browser sets the text, in CSS pixels of the widget: measured, whatever host and reader have set. */
export interface Metrics {
  /** One column. */
  cell: number;
  /** The line of the letters, in whole pixels. */
  line: number;
  /** Whether letters, figures, signs and blanks are equally wide. */
  even: boolean;
  /** The letter-spacing that lets a character fill its columns among others; null where it is better left alone. */
  spacing(shown: string, columns: number): number | null;
}

const SAMPLE = 100;
/** Thin, wide and blank ones, as many as they are said to be. */
const MIXED = "iW_. |mM09";
const RULER = 1000;
/** A letter may be off by this share of a cell before it is spaced. */
const TOLERANCE = 0.0005;
/** A character that is wider than its columns by more than this factor is left as wide as it is. */
const TOO_WIDE = 1.15;
/** Scripts whose letters join, combine or run from right to left: space between them would tear them apart. */
const CONNECTED = /[\u0590-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc]/;
/[\u0590-\u109f\u1780-\u1cff\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc]|[\u{10800}-\u{11fff}]/u;

/** Measures the text of one scroller, by elements that stand in it unseen. */
export class Gauge {
  readonly element: HTMLElement;
  readonly #host: HTMLElement;
  readonly #ruler = h("div", { class: "rnnviz-ruler" });
  /** Its size is that of the letters. */
  readonly row = h("div", { class: "rnnviz-row" });
  readonly #same = h("span", { class: "rnnviz-ink" }, "x".repeat(SAMPLE));
  readonly #mixed = h("span", { class: "rnnviz-ink" }, MIXED);
  #spacing = 0;
  #settled = 0;
  #context: CanvasRenderingContext2D | undefined;
  #font = "";
  readonly #known = new Map<string, number>();

  constructor(host: HTMLElement) {
    this.#host = host;
    this.row.append(this.#same, this.#mixed);
    this.element = h("div", { class: "rnnviz-gauge", "aria-hidden": "true" }, this.#ruler, this.row);
  }

  /** Pixels of the window per pixel of the widget: a slide show scales its slides, a page zooms. */
  get scale(): number {
    return this.#ruler.getBoundingClientRect().width / RULER || 1;
  }

  /** Forgets what was measured of single characters: another font may be here. */
  forget(): void {
    this.#font = "";
  }

  measure(): Metrics {
    const style = getComputedStyle(this.#host);
    const size = Number.parseFloat(style.fontSize) || 14;
    const { scale } = this;
    const advance = () => this.#same.getBoundingClientRect().width / scale / SAMPLE || size * 0.6;
    let cell = advance();
    if (cell !== this.#settled) {
      // Whole pixels look calmer, where nobody insists on something else.
      const natural = cell - this.#spacing;
      this.#spacing = Math.round(natural) - natural;
      this.#host.style.setProperty("--rnnviz-spacing", `${this.#spacing}px`);
      cell = advance();
      if (Math.abs(cell - Math.round(cell)) < 1e-3) cell = Math.round(cell);
      this.#settled = cell;
    }
    const font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    if (font !== this.#font) this.#known.clear();
    this.#font = font;
    const mixed = this.#mixed.getBoundingClientRect().width / scale;
    const even = Math.abs(mixed - MIXED.length * cell) < 0.1;
    return {
      cell,
      line: Math.ceil(this.row.getBoundingClientRect().height / scale - 0.1) || Math.round(size * 1.36),
      even,
      spacing: (shown, columns) => this.#fill(shown, columns * cell, even),
    };
  }

  #fill(shown: string, room: number, even: boolean): number | null {
    if ((shown.length === 1 && shown <= "~") || !even || CONNECTED.test(shown)) return null;
    let measured = this.#known.get(shown);
    if (measured === undefined) {
      this.#context ??= context2d(h("canvas"));
      this.#context.font = this.#font;
      measured = this.#context.measureText(shown).width;
      this.#known.set(shown, measured);
    }
    const spacing = room - measured;
    if (Math.abs(spacing - this.#spacing) < TOLERANCE * room || measured > TOO_WIDE * room) return null;
    return spacing;
  }
}
