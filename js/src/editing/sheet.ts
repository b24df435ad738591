import type { Kit } from "../live";
import { colourAt, ink, type RGB } from "../store/colour";
import { sign } from "./words";

/** One row of a sheet: characters with the colours of their values, from -1 to 1; NaN has none. */
export interface Strip {
  /** What stands in the margin. */
  name: string;
  characters: string[];
  positions: ArrayLike<number>;
  /** Colours alone, and less high. */
  thin?: boolean;
}

const ROW = 22;
const THIN = 9;
/** Where names stand, if there are any. */
const MARGIN = 46;
/** On screen, at most. */
const HEIGHT = 400;

/** Coloured rows on a canvas that scrolls: what is compared, and is not edited. */
export class Sheet {
  readonly element: HTMLElement;
  readonly #kit: Kit;
  readonly #canvas: HTMLCanvasElement;
  readonly #paper: HTMLElement;
  readonly #margin: number;
  #strips: Strip[] = [];
  #tops: number[] = [];
  #ramp: RGB[] = [];

  constructor(kit: Kit, lifetime: AbortSignal, margin = MARGIN) {
    this.#margin = margin;
    const { h } = kit;
    this.#kit = kit;
    this.#canvas = h("canvas", { role: "img" });
    this.#paper = h("div", { class: "rnnviz-paper" }, this.#canvas);
    this.element = h("div", { class: "rnnviz-sheet", tabindex: "0" }, this.#paper);
    this.element.addEventListener("scroll", () => this.#draw(), { signal: lifetime });
    kit.onResize(this.element, () => this.#draw(), lifetime);
  }

  /** How many characters a row has room for. */
  get columns(): number {
    return Math.max(8, Math.floor((this.element.clientWidth - this.#margin - 8) / this.#cell));
  }

  get #cell(): number {
    return 8;
  }

  /** Shows other rows; `words` say what they show. */
  show(strips: Strip[], ramp: RGB[], words: string): void {
    this.#strips = strips;
    this.#ramp = ramp;
    this.#tops = [0];
    for (const { thin } of strips)
      this.#tops.push(this.#tops[this.#tops.length - 1] + (thin ? THIN + 8 : ROW));
    const height = this.#tops[strips.length];
    this.#paper.style.height = `${height}px`;
    this.element.style.height = `${Math.min(height, HEIGHT)}px`;
    this.#canvas.setAttribute("aria-label", words);
    this.#draw();
  }

  /** Scrolls to the end. */
  toEnd(): void {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** The row and the column at a point of the window. */
  at(x: number, y: number): { strip: number; column: number } {
    const box = this.#paper.getBoundingClientRect();
    const strip = this.#tops.findLastIndex((top) => top <= y - box.top);
    return { strip, column: Math.floor((x - box.left - this.#margin) / this.#cell) };
  }

  #draw(): void {
    const { element } = this;
    if (!element.clientWidth) return;
    this.#canvas.style.height = `${element.clientHeight}px`;
    this.#canvas.style.width = `${element.clientWidth}px`;
    const { context } = this.#kit.fitCanvas(this.#canvas);
    const mono = this.#kit.variable(element, "mono");
    const fg = this.#kit.variable(element, "fg");
    const muted = this.#kit.variable(element, "muted");
    const from = element.scrollTop;
    context.textBaseline = "middle";
    this.#strips.forEach((strip, i) => {
      const y = this.#tops[i] - from;
      const height = strip.thin ? THIN : ROW - 2;
      if (y + height < 0 || y > element.clientHeight) return;
      context.textAlign = "right";
      context.font = `11px ${mono}`;
      context.fillStyle = muted;
      context.fillText(strip.name, this.#margin - 8, y + height / 2);
      context.textAlign = "left";
      strip.characters.forEach((character, column) => {
        const x = this.#margin + column * this.#cell;
        const position = strip.positions[column] ?? Number.NaN;
        const known = !Number.isNaN(position);
        const colour = colourAt(this.#ramp, known ? position : 0);
        if (known) {
          context.fillStyle = `rgb(${colour.join(" ")})`;
          context.fillRect(x, y, this.#cell, height);
        }
        if (strip.thin) return;
        context.font = `${character === "\n" ? 11 : 13.3}px ${mono}`;
        context.fillStyle = known ? `rgb(${ink(colour).join(" ")})` : fg;
        context.fillText(sign(character), x, y + height / 2);
      });
    });
  }
}
