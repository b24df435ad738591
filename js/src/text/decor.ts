import { type Paint, position } from "../store/colour";
import type { Cell } from "../store/layout";
import type { UnitRow } from "../store/values";
import { type Label, labelShare } from "../store/wire";
import type { Row } from "./rows";

/** Where the cells of the rows on screen lie, in CSS pixels. */
export interface Geometry {
  gutter: number;
  /** Of one column. */
  width: number;
  /** Of one row, of the coloured part of it, and of the part of that under the letters. */
  height: number;
  cell: number;
  foot: number;
  /** Of the strip under the coloured part. */
  strip: number;
}

/** A value this near to zero, as a share of the scale, has no sign worth a mark. */
const NO_SIGN = 0.1;

/** The label as a bar under the characters: full where it holds; fainter for smaller numbers. */
export function drawLabel(
  context: CanvasRenderingContext2D,
  rows: Row[],
  { gutter, width, height, cell, strip }: Geometry,
  label: Label,
  revealed: number,
  colour: string,
): void {
  context.fillStyle = colour;
  rows.forEach(({ cells }, y) => {
    for (const { token, column, width: columns } of cells) {
      const share = token < revealed ? labelShare(label, label.values[token]) : 0;
      if (!(share > 0)) continue;
      context.globalAlpha = label.kind === "bool" ? 1 : 0.2 + 0.8 * share;
      context.fillRect(gutter + column * width, y * height + cell + 1, columns * width, strip - 1);
    }
  });
  context.globalAlpha = 1;
}

/** A plus or a minus under each character, so that the sign can be read where colours cannot. */
export function drawSigns(
  context: CanvasRenderingContext2D,
  rows: Row[],
  { gutter, width, height, cell, foot }: Geometry,
  { bytes, scale, limit, kind }: UnitRow,
  paint: Paint,
): void {
  if (!bytes || kind === "gate") return;
  const arm = Math.min(width, foot) - 1;
  const pen = Math.max(2, Math.round(arm / 4));
  const mark = ({ token, column, width: columns }: Cell, y: number) => {
    const q = token < bytes.length ? bytes[token] : 0;
    const share = position(q, scale, limit);
    if (Math.abs(share) < NO_SIGN) return;
    const left = gutter + Math.round((column + columns / 2) * width - arm / 2);
    const top = y * height + cell - foot;
    const middle = Math.round((arm - pen) / 2);
    context.fillStyle = paint.ink[q + 128];
    context.fillRect(left, top + middle, arm, pen);
    if (share > 0) context.fillRect(left + middle, top, pen, arm);
  };
  rows.forEach((row, y) => {
    for (const one of row.cells) mark(one, y);
  });
}
