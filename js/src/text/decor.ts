import type { Paint } from "../store/colour";
import type { UnitRow } from "../store/values";
import { type Label, labelShare } from "../store/wire";
import type { Row } from "./rows";

/** How the rows on screen are divided, in CSS pixels. */
export interface Geometry {
  /** Of one row, of the coloured part of it, and of the part of that under the letters. */
  height: number;
  cell: number;
  foot: number;
  /** Of the strip under the coloured part. */
  strip: number;
}

/** A value this near to zero, as a share of the scale, has no sign worth a mark. */
const NO_SIGN = 0.1;

/** Apart in CSS pixels, the strokes that say "not known". */
const HATCH = 3;

/** Strokes where a label is not known, so that it is not taken for one that does not hold. */
export function hatch(
  context: CanvasRenderingContext2D,
  left: number,
  right: number,
  top: number,
  height: number,
): void {
  context.globalAlpha = 0.5;
  for (let x = Math.ceil(left / HATCH) * HATCH; x < right; x += HATCH) context.fillRect(x, top, 1, height);
  context.globalAlpha = 1;
}

/** The label as a bar under the characters: full where it holds; fainter for smaller numbers; hatched where unknown. */
export function drawLabel(
  context: CanvasRenderingContext2D,
  rows: Row[],
  { height, cell, strip }: Geometry,
  label: Label,
  revealed: number,
  colour: string,
): void {
  context.fillStyle = colour;
  rows.forEach(({ cells, edges }, y) => {
    cells.forEach(({ token }, i) => {
      const share = token < revealed ? labelShare(label, label.values[token]) : 0;
      const [left, right, top] = [edges[2 * i], edges[2 * i + 1], y * height + cell + 1];
      if (Number.isNaN(share)) hatch(context, left, right, top, strip - 1);
      if (!(share > 0)) return;
      context.globalAlpha = label.kind === "bool" ? 1 : 0.2 + 0.8 * share;
      context.fillRect(left, top, right - left, strip - 1);
      context.globalAlpha = 1;
    });
  });
}

/** A plus or a minus under each character, so that the sign can be read where colours cannot. */
export function drawSigns(
  context: CanvasRenderingContext2D,
  rows: Row[],
  { height, cell, foot }: Geometry,
  { bytes, scale, limit, kind }: UnitRow,
  paint: Paint,
): void {
  if (!bytes || kind === "gate") return;
  const arm = foot - 1;
  const pen = Math.max(2, Math.round(arm / 4));
  const mark = (token: number, middle: number, y: number) => {
    const q = token < bytes.length ? bytes[token] : 0;
    const share = (q * scale) / 127 / limit;
    if (Math.abs(share) < NO_SIGN) return;
    const left = Math.round(middle - arm / 2);
    const top = y * height + cell - foot;
    const half = Math.round((arm - pen) / 2);
    context.fillStyle = paint.ink[q + 128];
    context.fillRect(left, top + half, arm, pen);
    if (share > 0) context.fillRect(left + half, top, pen, arm);
  };
  rows.forEach(({ cells, edges }, y) => {
    cells.forEach(({ token }, i) => {
      mark(token, (edges[2 * i] + edges[2 * i + 1]) / 2, y);
    });
  });
}
