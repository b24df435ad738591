import type { Paint } from "../store/colour";
import type { Row } from "./rows";

/** Names of the highlights in the style sheet, by the index of their colour in `INKS`; the first is the usual one. */
const NAMES = [null, "rnnviz-white", "rnnviz-black"];

/** The document's highlight of a name: all widgets of a page share it. */
function highlight(name: string): Highlight | undefined {
  const registry = globalThis.CSS?.highlights;
  if (!registry) return undefined;
  if (!registry.has(name)) registry.set(name, new Highlight());
  return registry.get(name);
}

/**
 * Gives letters the ink that can be read on their colour.
 *
 * By the Custom Highlight API: letters are told their colour without being touched, so that nothing is laid out
 * anew, and words stay whole.
 */
export class Ink {
  readonly #shown = NAMES.map((): StaticRange[] => []);

  /** Inks the letters of some rows, in place of those before; `level` is the index of a token's value in `paint`. */
  show(rows: Row[], paint: Paint, level: (token: number) => number): void {
    const found = NAMES.map((): StaticRange[] => []);
    for (const { cells, places } of rows) {
      for (let i = 0; i < cells.length; ) {
        const { node, from, sign } = places[i];
        const here = level(cells[i].token);
        if (sign) {
          const colour = paint.quiet[here];
          if (places[i].colour !== colour) sign.style.color = places[i].colour = colour;
          i++;
          continue;
        }
        const tone = paint.tones[here];
        let to = from;
        for (; i < cells.length && places[i].node === node; i++) {
          // What combines with a letter is drawn in one with it.
          if (!cells[i].joined && paint.tones[level(cells[i].token)] !== tone) break;
          to = places[i].to;
        }
        if (tone) found[tone].push(range(node, from, to));
      }
    }
    this.#swap(found);
  }

  /** Takes all of it back. */
  clear(): void {
    this.#swap(NAMES.map(() => []));
  }

  #swap(found: StaticRange[][]): void {
    NAMES.forEach((name, tone) => {
      const shared = name && highlight(name);
      if (!shared) return;
      for (const old of this.#shown[tone]) shared.delete(old);
      for (const one of found[tone]) shared.add(one);
      this.#shown[tone] = found[tone];
    });
  }
}

const range = (node: Text, from: number, to: number) =>
  new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
