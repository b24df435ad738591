import { describe, expect, it } from "vitest";
import { layout, rowCells } from "../src/store/layout";
import { Tokens } from "../src/store/tokens";

const characters = (text: string) => new Tokens(text, null);
/** One token per code point, as Python cuts a string. */
const codePoints = (text: string) => {
  const offsets = [0];
  for (const character of text) offsets.push((offsets.at(-1) ?? 0) + character.length);
  return new Tokens(text, Uint32Array.from(offsets));
};
const rows = (tokens: Tokens, columns: number) => {
  const arranged = layout(tokens, columns);
  return Array.from({ length: arranged.rows }, (_, row) => rowCells(tokens, arranged, row));
};
const shown = (tokens: Tokens, columns: number) =>
  rows(tokens, columns).map((cells) => cells.map((cell) => cell.shown).join(""));

/** A small generator of repeatable chance (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("layout", () => {
  it("shows newlines as cells and opens no row after the last one", () => {
    expect(shown(characters("ab\n\ncd\n"), 20)).toEqual(["ab↵", "↵", "cd↵"]);
  });

  it("numbers rows by line", () => {
    expect([...layout(characters("aaaaaaaaaaaa\nb"), 8).lines]).toEqual([0, 0, 1]);
  });

  it("lets a newline stand one column past a full row", () => {
    expect(shown(characters("12345678\nx"), 8)).toEqual(["12345678↵", "x"]);
  });

  it("wraps after a blank near the edge, else where the row is full", () => {
    expect(shown(characters("one two three"), 9)).toEqual(["one two ", "three"]);
    expect(shown(characters("a bcdefghijkl"), 9)).toEqual(["a bcdefgh", "ijkl"]);
  });

  it("advances tabs to tab stops, one cell each", () => {
    const [cells] = rows(characters("\ta\tbc\n"), 80);
    expect(cells.map(({ column, width }) => [column, width])).toEqual([
      [0, 8],
      [8, 1],
      [9, 7],
      [16, 1],
      [17, 1],
      [18, 1],
    ]);
  });

  it("gives wide characters two columns", () => {
    const [cells] = rows(codePoints("a漢🙂b"), 20);
    expect(cells.map(({ token, column, width }) => [token, column, width])).toEqual([
      [0, 0, 1],
      [1, 1, 2],
      [2, 3, 2],
      [3, 5, 1],
    ]);
  });

  it("keeps combining marks with their letter, in cells of their own where tokens begin", () => {
    const seen = (tokens: Tokens) =>
      rows(tokens, 10)[0].map(({ shown, token, width, joined }) => [shown, token, width, joined]);
    expect(seen(new Tokens("e\u0301x", Uint32Array.from([0, 2, 3])))).toEqual([
      ["e\u0301", 0, 1, false],
      ["x", 1, 1, false],
    ]);
    expect(seen(characters("e\u0301x"))).toEqual([
      ["e", 0, 1, false],
      ["\u0301", 1, 0, true],
      ["x", 2, 1, false],
    ]);
  });

  it("shows combining marks on a circle where there is no letter that they could join", () => {
    expect(shown(characters("\u0301a\n\u0301 \u0301"), 10)).toEqual(["◌\u0301a↵", "◌\u0301 ◌\u0301"]);
  });

  it.each([
    ["a heart drawn as a picture", "❤\ufe0f", [2, 0]],
    ["a heart drawn as a letter", "❤", [1]],
    ["a key", "1\ufe0f\u20e3", [2, 0, 0]],
    ["a flag", "🇩🇪", [2, 0]],
    ["a skin tone", "👍🏽", [2, 0]],
    ["a family", "👩\u200d👧", [2, 0, 0]],
  ])("gives %s its columns once, whatever its tokens", (_, text, widths) => {
    expect(rows(codePoints(`${text}x`), 10)[0].map(({ width }) => width)).toEqual([...widths, 1]);
  });

  it("breaks between tokens, after or before a blank where it can", () => {
    const words = (...tokens: string[]) => {
      const offsets = [0];
      for (const token of tokens) offsets.push((offsets.at(-1) ?? 0) + token.length);
      return new Tokens(tokens.join(""), Uint32Array.from(offsets));
    };
    expect(shown(words("un", "believ", "able", " thing"), 10)).toEqual(["unbeliev", "able thing"]);
    expect(shown(words("some", " more", " words"), 10)).toEqual(["some more", " words"]);
    expect(shown(words("a ", "bcdefghijklmnop ", "q"), 10)).toEqual(["a ", "bcdefghijk", "lmnop q"]);
  });

  it("sets tokens apart that would run together, and no others", () => {
    const cut = (text: string, ...offsets: number[]) => new Tokens(text, Uint32Array.from([0, ...offsets]));
    const columns = (tokens: Tokens) => rows(tokens, 30)[0].map(({ column }) => column);
    expect(columns(cut("thecat", 3, 6))).toEqual([0, 1, 2, 4, 5, 6]);
    expect(columns(cut("the cat", 3, 7))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(columns(characters("thecat"))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("keeps a family of emoji in one cell when it is one token", () => {
    const family = "👩‍👩‍👧";
    const [cells] = rows(new Tokens(family, Uint32Array.from([0, family.length])), 10);
    expect(cells.map((cell) => [cell.shown, cell.width])).toEqual([[family, 2]]);
  });

  it("gives every cell of a multi-character token that token", () => {
    const tokens = new Tokens("the cat\n", Uint32Array.from([0, 4, 8]));
    expect(rows(tokens, 20)[0].map(({ token }) => token)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it("makes carriage returns, controls, format characters and lone surrogates visible", () => {
    expect(shown(characters("a\r\nb\0\u007f\u200b\ud800\u202ec\u2028"), 20)).toEqual(["a␍↵", "b␀␡◌�◌c◌"]);
  });

  it("gives two lone surrogates that are tokens of their own a cell each", () => {
    expect(rows(characters("\ud83d\ude42"), 9)[0].map(({ token }) => token)).toEqual([0, 1]);
  });

  it("covers any text once, in order, within the columns", () => {
    const alphabet = [..."aab  \n\t\r漢é🙂", "\u0301", "\u200d", "\u0000", "שׁ", "\ud800"];
    for (let seed = 1; seed <= 200; seed++) {
      const random = chance(seed);
      let text = "";
      const offsets = [0];
      for (let i = 0; i < 120; i++) {
        text += alphabet[Math.floor(random() * alphabet.length)];
        if (random() < 0.6 && text.length > (offsets.at(-1) ?? 0)) offsets.push(text.length);
      }
      if (offsets.at(-1) !== text.length) offsets.push(text.length);
      const columns = 8 + Math.floor(random() * 70);
      for (const tokens of [new Tokens(text, Uint32Array.from(offsets)), characters(text)])
        expect({ seed, flaws: flaws(tokens, columns) }).toEqual({ seed, flaws: [] });
    }
  });
});

/** What is wrong with how a text is laid out. */
function flaws(tokens: Tokens, columns: number): string[] {
  const { text } = tokens;
  const found: string[] = [];
  let at = 0;
  for (const cells of rows(tokens, columns)) {
    let column = 0;
    for (const [i, cell] of cells.entries()) {
      if (cell.joined && i === 0) found.push(`a row begins with what belongs to the one before at ${at}`);
      if (cell.from !== at || cell.to <= at) found.push(`cell [${cell.from}, ${cell.to}) after ${at}`);
      if (cell.column !== column) found.push(`column ${cell.column}, not ${column}`);
      if (cell.token !== tokens.at(cell.from)) found.push(`token ${cell.token} at ${cell.from}`);
      if (tokens.start(cell.token + 1) < cell.to) found.push(`cell beyond its token ${cell.token}`);
      if (text[cell.from] === "\n" && cell !== cells.at(-1)) found.push(`newline within a row at ${at}`);
      at = cell.to;
      column += cell.width;
      if (column > columns && text[cell.from] !== "\n") found.push(`${column} columns at ${at}`);
    }
  }
  if (at !== text.length) found.push(`ends at ${at}`);
  return found;
}

describe("Tokens.position", () => {
  it("counts lines and characters from 1, a surrogate pair as one character", () => {
    const tokens = codePoints("🙂a\n\nxy\n");
    expect([0, 1, 2, 3, 4, 5].map((t) => tokens.position(t))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 1, column: 3 },
      { line: 2, column: 1 },
      { line: 3, column: 1 },
      { line: 3, column: 2 },
    ]);
  });

  it("of a part goes on counting where the part begins", () => {
    const part = new Tokens("c\nde", null, { token: 40, line: 7, column: 3 });
    expect([0, 1, 2, 3].map((token) => part.position(token))).toEqual([
      { line: 7, column: 3 },
      { line: 7, column: 4 },
      { line: 8, column: 1 },
      { line: 8, column: 2 },
    ]);
    expect([part.number(2), part.lastLine]).toEqual([42, 8]);
  });
});
