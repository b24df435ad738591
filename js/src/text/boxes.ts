import type { Metrics } from "./metrics";
import { isRightToLeft, type Row } from "./rows";

/** Where the rows stand in the window. */
export interface Frame {
  left: number;
  /** Pixels of the window per pixel of the rows. */
  scale: number;
}

/** A row is as wide as its columns say if it is so within this share of one. */
const SLACK = 0.05;
/** Nothing that is to be seen is thinner, in CSS pixels. */
const THIN = 0.5;
/** What combines with a letter has so much of its box, at the end, where there is little ink; or half of it. */
const COMBINING = 3;

/** Reads from the browser's layout where each cell of a row stands. */
export function readBoxes(row: Row, { left: origin, scale }: Frame, { cell, even }: Metrics): void {
  const { cells, places, edges, plain } = row;
  const range = document.createRange();
  const read = (first: number, last: number) => {
    const { node, from, sign } = places[first];
    let box: DOMRect;
    if (sign) box = sign.getBoundingClientRect();
    else {
      range.setStart(node, from);
      range.setEnd(places[last].node, places[last].to);
      box = range.getBoundingClientRect();
    }
    return { left: (box.left - origin) / scale, right: (box.right - origin) / scale };
  };
  let next = 0;
  if (even && plain > 1 && row.element.dir !== "rtl") {
    // Equally wide letters that fill exactly their columns stand where the columns are.
    const { column, width } = cells[plain - 1];
    const { left } = read(0, 0);
    const { right } = read(plain - 1, plain - 1);
    if (Math.abs(right - left - (column + width) * cell) < SLACK * cell) {
      for (; next < plain; next++) {
        edges[2 * next] = left + cells[next].column * cell;
        edges[2 * next + 1] = edges[2 * next] + cells[next].width * cell;
      }
    }
  }
  for (let start = next; next < cells.length; ) {
    let last = next;
    while (cells[last + 1]?.joined) last++;
    const { left, right } = read(next, last);
    // What has no width of its own shares that of what it follows.
    if (right - left >= THIN || next === 0) {
      start = next;
      share(row, start, last, left, right);
    } else {
      const ends = [edges[2 * start], edges[2 * next - 1], edges[2 * start + 1], edges[2 * next - 2]];
      share(row, start, last, Math.min(...ends), Math.max(...ends));
    }
    next = last + 1;
  }
}

/** Shares one box among the cells `[first, last]`: most for the letter, the end of it for what combines with it. */
function share({ cells, edges }: Row, first: number, last: number, left: number, right: number): void {
  const others = last - first;
  const part = others ? Math.min(COMBINING, (right - left) / (2 * others)) : 0;
  const backwards = others > 0 && isRightToLeft(cells[first].shown);
  for (let i = first; i <= last; i++) {
    const start = i === first ? left : right - part * (last - i + 1);
    const stop = right - part * (last - i);
    edges[2 * i] = backwards ? left + right - stop : start;
    edges[2 * i + 1] = backwards ? left + right - start : stop;
  }
}

/** Parts of a row, from left to right, that hold the cells for which `wanted` holds; neighbours are one. */
export function spans(row: Row, wanted: (index: number) => boolean): { left: number; right: number }[] {
  const found: { left: number; right: number }[] = [];
  row.cells.forEach((_, i) => {
    if (wanted(i)) found.push({ left: row.edges[2 * i], right: row.edges[2 * i + 1] });
  });
  found.sort((a, b) => a.left - b.left);
  return found.reduce<typeof found>((joined, box) => {
    const before = joined.at(-1);
    if (before && box.left - before.right < THIN) before.right = Math.max(before.right, box.right);
    else joined.push(box);
    return joined;
  }, []);
}

/** The index of the cell at `x`, -1 where there is none; with `nearest`, the one that is least far. */
export function cellAt({ edges, cells }: Row, x: number, nearest: boolean): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < cells.length; i++) {
    const away = Math.max(edges[2 * i] - x, x - edges[2 * i + 1], 0);
    if (away < least) [best, least] = [i, away];
  }
  return nearest || least === 0 ? best : -1;
}
