import { lastNotAbove, type Tokens } from "./tokens";

/**
 * Where the rows of a wrapped text begin.
 *
 * Only rows are kept: what is in a row is worked out when it comes on screen, so a million characters cost a
 * few arrays of a few ten thousand numbers.
 */
export interface Layout {
  columns: number;
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
}

const NEWLINE = 10;
const TAB = 9;
const EXTENDS = /^(?:\p{M}|\u200d|[\u{1f3fb}-\u{1f3ff}])$/u;
const MARK = /^\p{M}$/u;
const SHAPELESS = /^[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** Columns between tab stops: 8 as C programmers have it, 4 where there is little room. */
const tabStops = (columns: number) => (columns < 60 ? 4 : 8);

/** Wraps a text to rows of at most `columns` columns, after a blank where there is one in the row's last third. */
export function layout(tokens: Tokens, columns: number): Layout {
  const { text } = tokens;
  const stops = tabStops(columns);
  const starts: number[] = [];
  const lines: number[] = [];
  let line = 0;
  let start = 0;
  let column = 0;
  let afterBlank = 0;
  const endRow = (next: number) => {
    starts.push(start);
    lines.push(line);
    start = next;
    column = 0;
    afterBlank = 0;
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
    const width = plain ? 1 : clusterWidth(text, i, column, stops);
    if (column + width > columns && column > 0) {
      endRow(afterBlank > 0 ? afterBlank : i);
      i = start;
      continue;
    }
    column += width;
    i = end;
    if ((code === 32 || code === TAB) && column * 3 > columns * 2) afterBlank = end;
  }
  if (start < text.length) endRow(text.length);
  starts.push(text.length);
  return { columns, rows: lines.length, starts: Uint32Array.from(starts), lines: Uint32Array.from(lines) };
}

const newest = new WeakMap<Tokens, Layout>();

/** `layout`, worked out once for all copies of a text that are equally wide. */
export function layoutOf(tokens: Tokens, columns: number): Layout {
  const known = newest.get(tokens);
  if (known?.columns === columns) return known;
  const fresh = layout(tokens, columns);
  newest.set(tokens, fresh);
  return fresh;
}

/** The cells of one row, from left to right. */
export function rowCells(tokens: Tokens, { columns, starts }: Layout, row: number): Cell[] {
  const { text } = tokens;
  const stops = tabStops(columns);
  const cells: Cell[] = [];
  let column = 0;
  let token = tokens.at(starts[row]);
  for (let from = starts[row]; from < starts[row + 1]; ) {
    const to = clusterEnd(tokens, from);
    const width = clusterWidth(text, from, column, stops);
    while (tokens.start(token + 1) <= from) token++;
    const sign = signFor(text, from, to);
    cells.push({ token, from, to, column, width, shown: sign ?? text.slice(from, to), sign: sign !== null });
    column += width;
    from = to;
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
  return target[Math.min(cellAtColumn(target, column), target.length - 1)].token;
}

/** The cell of a row at a column: its index, or -1 left of the first and the row's length right of the last. */
export function cellAtColumn(cells: Cell[], column: number): number {
  if (column < 0) return -1;
  const index = cells.findIndex((cell) => column < cell.column + cell.width);
  return index < 0 ? cells.length : index;
}

/** Where the cell that begins at `i` ends: a character and what combines with it, but never beyond its token. */
function clusterEnd(tokens: Tokens, i: number): number {
  const { text } = tokens;
  const first = characterLength(tokens, i);
  let end = i + first;
  while (end < text.length && mayExtend(text.charCodeAt(end))) {
    const length = characterLength(tokens, end);
    const joined = text.charCodeAt(end - 1) === 0x200d;
    if (!joined && !EXTENDS.test(text.slice(end, end + length))) break;
    if (tokens.beginsAt(end) || SHAPELESS.test(text.slice(i, i + first))) break;
    end += length;
  }
  return end;
}

/** Rules out, without a look at Unicode's tables, most of what is written: Latin, Greek, Cyrillic, Han, Hangul. */
const mayExtend = (code: number) =>
  code >= 0x300 && (code < 0x370 || code > 0x482) && (code < 0x3400 || code > 0xd7a3);

/** The greater part of Han: spares them the look at the table. */
const isHan = (code: number) => code >= 0x3400 && code < 0xa000;

/** Code units of the character at `i`: 2 for a surrogate pair, unless a token begins between the two. */
function characterLength(tokens: Tokens, i: number): number {
  return (tokens.text.codePointAt(i) ?? 0) > 0xffff && !tokens.beginsAt(i + 1) ? 2 : 1;
}

function clusterWidth(text: string, from: number, column: number, stops: number): number {
  const code = text.charCodeAt(from);
  if (code === TAB) return stops - (column % stops);
  if (isHan(code)) return 2;
  return code >= 0x1100 && WIDE.test(String.fromCodePoint(text.codePointAt(from) ?? 0)) ? 2 : 1;
}

/** A visible sign for a character that has no shape of its own, or null. */
function signFor(text: string, from: number, to: number): string | null {
  const code = to - from === 1 ? text.charCodeAt(from) : (text.codePointAt(from) ?? 0);
  if (code >= 32 && code < 127) return null;
  if (code === NEWLINE) return "↵";
  if (code === TAB) return "→";
  if (code < 32) return String.fromCharCode(0x2400 + code);
  if (code === 127) return "␡";
  const first = String.fromCodePoint(code);
  if (MARK.test(first)) return `◌${text.slice(from, to)}`;
  if (code >= 0xd800 && code <= 0xdfff) return "�";
  return SHAPELESS.test(first) ? "◌" : null;
}
