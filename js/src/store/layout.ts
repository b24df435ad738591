import { columnsOf, signOf, tabStops } from "./signs";
import { lastNotAbove, type Tokens } from "./tokens";

/**
 * Where the rows of a wrapped text begin.
 *
 * Columns only say how much goes into a row: where its letters stand, the browser says. Only the beginnings are
 * kept: what is in a row is worked out when it comes on screen, so a million characters cost a few arrays of a few
 * ten thousand numbers.
 */
export interface Layout {
  columns: number;
  /** Whether there is a space between tokens. */
  apart: boolean;
  rows: number;
  /** Code unit at which each row begins; one more for the end of the text. */
  starts: Uint32Array;
  /** Line of each row, from 0: several rows of a long line have the same. */
  lines: Uint32Array;
}

/** What fills one or more columns of a row: a character with its combining marks. */
export interface Cell {
  token: number;
  /** Code units `[from, to)` of the text. */
  from: number;
  to: number;
  column: number;
  width: number;
  /** What is drawn: the characters themselves, or a visible sign for those that have no shape. */
  shown: string;
  /** Whether `shown` is a sign, not the text's own character. */
  sign: boolean;
  /** Whether it belongs to the character before it, which another token began: they share its place. */
  joined: boolean;
}

const NEWLINE = 10;
const TAB = 9;
const JOINER = 0x200d;
const EXTENDS = /^(?:\p{M}|\u200d|[\u{1f3fb}-\u{1f3ff}])$/u;
const PICTURE = /^\p{Extended_Pictographic}$/u;
const FLAG_LETTER = /^[\u{1f1e6}-\u{1f1ff}]$/u;

/** A space between two tokens that are set apart, in columns. */
export const GAP = 1;

/**
 * Wraps a text to rows of at most `columns` columns, after a blank where there is one in the row's last third.
 *
 * A token of several characters is broken only where it is wider than a row.
 */
export function layout(tokens: Tokens, columns: number, apart = tokens.apart): Layout {
  const { text, several } = tokens;
  const stops = tabStops(columns);
  const starts: number[] = [];
  const lines: number[] = [];
  let line = 0;
  let start = 0;
  let column = 0;
  /** The best place for a break in the row, and the last of any kind, as offsets; 0 for none. */
  let afterBlank = 0;
  let border = 0;
  const endRow = (next: number) => {
    starts.push(start);
    lines.push(line);
    start = next;
    column = 0;
    afterBlank = 0;
    border = 0;
  };
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    if (code === NEWLINE) {
      // A newline never begins a row of its own line: it may stand one column past the edge.
      endRow(++i);
      line++;
      continue;
    }
    const plain = code >= 32 && code < 127 && !mayExtend(text.charCodeAt(i + 1));
    const end = plain ? i + 1 : clusterEnd(tokens, i);
    const width = plain ? 1 : clusterWidth(text, i, end, column, stops);
    if (several && column > 0 && tokens.beginsAt(i)) {
      border = i;
      // Tokens that begin with their blank are broken before it.
      if (code === 32 && column * 3 > columns * 2) afterBlank = i;
    }
    if (column + width > columns && column > 0) {
      endRow(afterBlank || border || i);
      i = start;
      continue;
    }
    column += width;
    if (apart && tokens.beginsAt(end)) column += GAP;
    i = end;
    const blank = code === 32 || code === TAB;
    if (blank && column * 3 > columns * 2 && (!several || tokens.beginsAt(end))) afterBlank = end;
  }
  if (start < text.length) endRow(text.length);
  starts.push(text.length);
  const rows = lines.length;
  return { columns, apart, rows, starts: Uint32Array.from(starts), lines: Uint32Array.from(lines) };
}

const newest = new WeakMap<Tokens, Layout>();

/** `layout`, worked out once for all copies of a text that are equally wide. */
export function layoutOf(tokens: Tokens, columns: number, apart: boolean): Layout {
  const known = newest.get(tokens);
  if (known?.columns === columns && known.apart === apart) return known;
  const fresh = layout(tokens, columns, apart);
  newest.set(tokens, fresh);
  return fresh;
}

/** The cells of one row, in reading order. */
export function rowCells(tokens: Tokens, { columns, apart, starts }: Layout, row: number): Cell[] {
  const { text } = tokens;
  const stops = tabStops(columns);
  const cells: Cell[] = [];
  let column = 0;
  let token = tokens.at(starts[row]);
  for (let from = starts[row]; from < starts[row + 1]; ) {
    const end = clusterEnd(tokens, from);
    let width = clusterWidth(text, from, end, column, stops);
    // A character that several tokens make up is a cell for each of them.
    for (let joined = false; from < end; joined = true) {
      while (tokens.start(token + 1) <= from) token++;
      const to = Math.min(end, tokens.start(token + 1));
      const own = text.slice(from, to);
      const sign = joined ? null : signOf(own);
      cells.push({ token, from, to, column, width, shown: sign ?? own, sign: sign !== null, joined });
      column += width;
      width = 0;
      from = to;
    }
    if (apart && tokens.beginsAt(end)) column += GAP;
  }
  return cells;
}

/** Row of a token's first character. */
export function rowOf(tokens: Tokens, { starts, rows }: Layout, token: number): number {
  return lastNotAbove(starts, tokens.start(token), rows - 1);
}

/** First and last token of a token's row. */
export function rowSpan(tokens: Tokens, layout: Layout, token: number): { first: number; last: number } {
  const row = rowOf(tokens, layout, token);
  const { starts } = layout;
  return { first: tokens.at(starts[row]), last: tokens.at(starts[row + 1] - 1) };
}

/** The token `rows` rows below `token`, as near to the same column as there is one. */
export function tokenBelow(tokens: Tokens, layout: Layout, token: number, rows: number): number {
  const from = rowOf(tokens, layout, token);
  const to = Math.max(0, Math.min(from + rows, layout.rows - 1));
  const column = rowCells(tokens, layout, from).find((cell) => cell.token === token)?.column ?? 0;
  const target = rowCells(tokens, layout, to);
  return (target.find((cell) => column < cell.column + cell.width) ?? target[target.length - 1]).token;
}

/** Where the cluster that begins at `i` ends: a character and what combines with it, of whichever token. */
function clusterEnd(tokens: Tokens, i: number): number {
  const { text } = tokens;
  const first = text.slice(i, i + characterLength(tokens, i));
  let end = i + first.length;
  const standsAlone = first === " " || signOf(first) !== null;
  for (let before = first; end < text.length && !standsAlone && mayExtend(text.charCodeAt(end)); ) {
    const next = text.slice(end, end + characterLength(tokens, end));
    const joins =
      EXTENDS.test(next) ||
      (before.charCodeAt(0) === JOINER && PICTURE.test(next)) ||
      (before === first && FLAG_LETTER.test(before) && FLAG_LETTER.test(next));
    if (!joins) break;
    end += next.length;
    before = next;
  }
  return end;
}

/** Rules out, without a look at Unicode's tables, most of what is written: Latin, Greek, Cyrillic, Han, Hangul. */
const mayExtend = (code: number) =>
  code >= 0x300 && (code < 0x370 || code > 0x482) && (code < 0x3400 || code > 0xd7a3);

/** Code units of the character at `i`: 2 for a surrogate pair, unless a token begins between the two. */
function characterLength(tokens: Tokens, i: number): number {
  return (tokens.text.codePointAt(i) ?? 0) > 0xffff && !tokens.beginsAt(i + 1) ? 2 : 1;
}

function clusterWidth(text: string, from: number, to: number, column: number, stops: number): number {
  const code = text.charCodeAt(from);
  if (code === TAB) return stops - (column % stops);
  return code < 0x1100 && to - from === 1 ? 1 : columnsOf(text.slice(from, to));
}
