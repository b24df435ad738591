import { context2d, h } from "../dom";

/** Geometry of one character cell in whole CSS pixels, so that pixels of the canvas and letters stay in step. */
export interface Metrics {
  width: number;
  height: number;
  /** Added to each letter to fill the cell, in CSS pixels. */
  spacing: number;
  /** Whether a shown character fills exactly `columns` cells when it stands among others. */
  fits(shown: string, columns: number): boolean;
}

/** How far a letter may be off before it gets a box of its own: a row of 200 drifts by less than a pixel. */
const TOLERANCE = 0.004;
/** Where the style sheet is not there to say. */
const LINE_HEIGHT = 1.5;

/** Measures the font of `parent`, which must be in the document; before it is, a usual font is assumed. */
export function measure(parent: HTMLElement): Metrics {
  const style = getComputedStyle(parent);
  const size = Number.parseFloat(style.fontSize) || 14;
  const sample = 100;
  const probe = h("span", { class: "rnnviz-probe", "aria-hidden": "true" }, "x".repeat(sample));
  parent.append(probe);
  const advance = probe.getBoundingClientRect().width / sample || size * 0.6;
  probe.remove();
  const width = Math.round(advance);
  const spacing = width - advance;
  let context: CanvasRenderingContext2D | undefined;
  const known = new Map<string, number>();
  return {
    width,
    height: Math.round(Number.parseFloat(style.lineHeight) || size * LINE_HEIGHT),
    spacing,
    fits(shown, columns) {
      if (columns === 1 && shown.length === 1 && shown >= " " && shown <= "~") return true;
      let measured = known.get(shown);
      if (measured === undefined) {
        context ??= context2d(h("canvas"));
        context.font = `${style.fontSize} ${style.fontFamily}`;
        measured = context.measureText(shown).width;
        known.set(shown, measured);
      }
      return Math.abs(measured + spacing - columns * width) < TOLERANCE;
    },
  };
}
