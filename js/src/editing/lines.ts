/** One row of a text as the browser wraps it: code units `[from, to)`, with the newline that ends its line. */
export interface WrappedRow {
  from: number;
  to: number;
  /** Of the text, from 0; only the first row of a line shows it. */
  line: number;
  first: boolean;
  /** Left edges of its characters and the right edge of the last, in CSS pixels. */
  edges: Float32Array;
}

interface LineBoxes {
  /** Where its rows begin. */
  starts: number[];
  edges: Float32Array[];
}

const PLAIN = /^[ -~]*$/;
/** Lines that are remembered: those of a few screens, and what was typed before. */
const KEPT = 4000;

/** Where the browser wraps lines, and where their characters stand: told by an element that is set as the text is. */
export class Lines {
  readonly #mirror: HTMLElement;
  readonly #known = new Map<string, LineBoxes>();
  #columns = 0;
  #cell = 0;

  constructor(mirror: HTMLElement) {
    this.#mirror = mirror;
  }

  /** Takes another width; what was measured is forgotten where it is another. */
  fit(columns: number, cell: number): void {
    if (columns === this.#columns && cell === this.#cell) return;
    this.#columns = columns;
    this.#cell = cell;
    this.#known.clear();
  }

  /** The rows of a text; an empty last line is one, too, since one may type there. */
  rows(text: string): WrappedRow[] {
    const rows: WrappedRow[] = [];
    let from = 0;
    for (const [line, content] of text.split("\n").entries()) {
      const { starts, edges } = this.#measure(content);
      starts.forEach((start, i) => {
        const last = i + 1 === starts.length;
        const to = from + (last ? content.length + 1 : starts[i + 1]);
        rows.push({
          from: from + start,
          to: Math.min(to, text.length),
          line,
          first: i === 0,
          edges: edges[i],
        });
      });
      from += content.length + 1;
    }
    return rows;
  }

  #measure(line: string): LineBoxes {
    if (line.length <= this.#columns && PLAIN.test(line))
      return {
        starts: [0],
        edges: [Float32Array.from({ length: line.length + 1 }, (_, i) => i * this.#cell)],
      };
    const known = this.#known.get(line);
    if (known) return known;
    if (this.#known.size > KEPT) this.#known.clear();
    const measured = this.#read(line);
    this.#known.set(line, measured);
    return measured;
  }

  /** Asks the browser where each character of a line stands. */
  #read(line: string): LineBoxes {
    const node = document.createTextNode(line);
    this.#mirror.replaceChildren(node);
    const { left } = this.#mirror.getBoundingClientRect();
    const range = document.createRange();
    const starts = [0];
    const rows: number[][] = [[]];
    let top = Number.NaN;
    let right = 0;
    for (let i = 0; i < line.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      // The second half of a pair of code units has no box of its own.
      const whole = box.width > 0 || box.left > 0;
      if (whole && box.top > top + 1) {
        rows[rows.length - 1].push(right);
        rows.push([]);
        starts.push(i);
      }
      if (whole) top = box.top;
      rows[rows.length - 1].push(whole ? box.left - left : right);
      if (whole) right = box.right - left;
    }
    rows[rows.length - 1].push(right);
    this.#mirror.replaceChildren();
    return { starts, edges: rows.map((edges) => Float32Array.from(edges)) };
  }
}
