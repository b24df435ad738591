import type { Kit } from "../live";
import type { Store } from "../store/store";
import type { Desk } from "./desk";
import { Lines, type WrappedRow } from "./lines";
import { common } from "./rows";
import { NEWLINE } from "./words";

/** Rows on screen, at most; fewer where predictions stand under each. */
const ROWS = { letters: 18, narrow: 12, predictions: 6 };
/** Where fewer columns have room, what is done with the text must be in sight, too. */
const NARROW = 50;
const GUTTER = 36;
const ROW = 24;
/** A row of predictions. */
export const GUESS = 15;
const GAP = 2;
/** What is added to a text's width, so that no rounding wraps a full row. */
const SLACK = 1;

/** Paints what stands under a character: the token's number, its edges, and where the room under it begins. */
export type Under = (
  context: CanvasRenderingContext2D,
  token: number,
  left: number,
  right: number,
  y: number,
) => void;

/**
 * A text that is edited in place: letters and colours are painted behind a real, transparent text area.
 *
 * Typing, selection, undo, clipboard, input methods and keyboards on the screen are therefore the browser's own.
 */
export class Field {
  readonly element: HTMLElement;
  readonly area: HTMLTextAreaElement;
  readonly #kit: Kit;
  readonly #store: Store;
  readonly #desk: Desk;
  readonly #canvas: HTMLCanvasElement;
  readonly #mirror: HTMLElement;
  readonly #ruler: HTMLElement;
  readonly #paper: HTMLElement;
  readonly #lines: Lines;
  #rows: WrappedRow[] = [];
  #text: string | undefined;
  #cell = 8;
  #columns = 0;
  #font = "";

  /** Whether what the network expects next stands under each character. */
  readonly predictions;
  /** What paints it, once that is loaded. */
  readonly under;
  /** Whether it can be typed into. */
  readonly editable;

  constructor(kit: Kit, store: Store, desk: Desk, lifetime: AbortSignal) {
    const { h } = kit;
    this.#kit = kit;
    this.#store = store;
    this.#desk = desk;
    this.predictions = kit.signal(false);
    this.under = kit.signal<Under | null>(null);
    this.editable = kit.signal(true);
    this.#canvas = h("canvas", { "aria-hidden": "true" });
    this.#mirror = h("div", { class: "rnnviz-mirror", "aria-hidden": "true" });
    this.#ruler = h("span", { class: "rnnviz-mirror rnnviz-cells", "aria-hidden": "true" }, "x".repeat(100));
    this.area = h("textarea", {
      class: "rnnviz-area",
      "aria-label": "the text that the network reads",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
    });
    this.#paper = h("div", { class: "rnnviz-paper" }, this.#canvas, this.#mirror, this.#ruler, this.area);
    this.element = h("div", { class: "rnnviz-edited", tabindex: "-1" }, this.#paper);
    this.#lines = new Lines(this.#mirror);
    this.area.value = desk.text.peek();
    this.#listen(lifetime);
    kit.watchFrames(
      () => [
        store.content.value,
        store.row.value,
        store.paint.value,
        store.hover.value,
        store.marked.value,
        this.predictions.value,
        this.under.value,
        store.revealed.value,
      ],
      () => this.#draw(),
      lifetime,
    );
    kit.onResize(this.element, () => this.#draw(), lifetime);
    kit.watch(() => this.#put(), lifetime);
    kit.watch(() => {
      // With nothing to go by nobody can guess.
      if (store.guess.value !== "text" || store.cursor.peek() >= 0) return;
      const { tokens } = store.content.peek();
      store.setCursor(tokens.at(Math.max(0, tokens.text.indexOf("\n"))));
    }, lifetime);
    kit.watch(() => {
      this.area.readOnly = !this.editable.value;
    }, lifetime);
  }

  /** Types a text at the caret, or in place of what is selected, as a person would: it can be undone. */
  type(text: string): void {
    this.area.focus({ preventScroll: true });
    if (!document.execCommand("insertText", false, text)) {
      const { selectionStart, selectionEnd } = this.area;
      this.area.setRangeText(text, selectionStart, selectionEnd, "end");
      this.take(this.area.value);
    }
  }

  /** Takes a text as it was typed. */
  take(typed: string): void {
    if (this.#riddle) this.#guess(typed);
    else this.#desk.edit(typed);
  }

  /** What is added to a text that is to be guessed is a guess, wherever it was typed. */
  #guess(typed: string): void {
    const { start } = common(this.#shown, typed);
    const [guess] = typed.length > this.#shown.length ? typed.slice(start) : "";
    if (guess) this.#store.guessNext(guess);
    this.#put();
  }

  /** Puts into the text area what may be seen: mostly it is there, since it was typed there. */
  #put(): void {
    if (this.area.value !== this.#shown) this.area.value = this.#shown;
  }

  /** The text, as far as it is not to be guessed. */
  get #shown(): string {
    const { tokens } = this.#store.content.value;
    return tokens.text.slice(0, tokens.start(this.#store.seen.value));
  }

  get font(): string {
    return this.#font;
  }

  get #riddle(): boolean {
    return this.#store.guess.peek() === "text";
  }

  /** Whether what comes next may be told. */
  get #predicts(): boolean {
    return this.predictions.peek() && !this.#store.guess.peek();
  }

  #listen(lifetime: AbortSignal): void {
    const { area } = this;
    const listen = { signal: lifetime };
    area.addEventListener("input", () => this.take(area.value), listen);
    // JupyterLab and Notebook 7 listen here while a key is down, to undo and to break lines in the notebook's cells
    // instead: this listener is the first.
    area.addEventListener("beforeinput", (event) => event.stopImmediatePropagation(), listen);
    const caret = () => {
      if (area.getRootNode() instanceof ShadowRoot || document.activeElement === area) this.#follow();
    };
    document.addEventListener("selectionchange", caret, listen);
    for (const event of ["selectionchange", "keyup", "pointerup"])
      area.addEventListener(event, caret, listen);
    area.addEventListener(
      "pointermove",
      (event) => this.#store.setHover(this.#tokenAt(event.clientX, event.clientY)),
      listen,
    );
    area.addEventListener(
      "keydown",
      (event) => {
        // Letters are the widget's keys again.
        if (event.key === "Escape") this.element.focus();
      },
      listen,
    );
    area.addEventListener("pointerleave", () => this.#store.setHover(-1), listen);
    this.element.addEventListener("scroll", () => this.#draw(), listen);
  }

  /** The cursor is the last character before the caret: the one that was read last. */
  #follow(): void {
    // There the cursor is as far as the text is known.
    if (this.#riddle) return;
    const { tokens } = this.#store.content.peek();
    const at = this.area.selectionEnd;
    const token = at > 0 && tokens.length ? tokens.at(Math.min(at, tokens.text.length) - 1) : -1;
    if (token !== this.#store.cursor.peek()) this.#store.setCursor(token);
  }

  get #height(): number {
    return ROW + (this.#predicts ? 5 * GUESS + GAP : 0);
  }

  /** Lays out what has changed, and paints what is on screen. */
  #draw(): boolean {
    const room = this.element.clientWidth;
    if (room === 0) return false;
    const natural = this.#ruler.getBoundingClientRect().width / 100 || 8;
    const cell = Math.round(natural);
    const columns = Math.max(8, Math.floor((room - GUTTER) / cell) - 2);
    if (columns !== this.#columns || cell !== this.#cell || !this.#font) {
      this.#cell = cell;
      this.#columns = columns;
      this.#font = getComputedStyle(this.area).fontFamily;
      for (const { style } of [this.area, this.#mirror]) {
        style.width = `${columns * cell + SLACK}px`;
        // Whole pixels look calmer.
        style.letterSpacing = `${cell - natural}px`;
      }
      this.#text = undefined;
    }
    this.#lines.fit(columns, cell);
    const text = this.#shown;
    if (text !== this.#text) {
      this.#text = text;
      this.#rows = this.#lines.rows(text);
    }
    const height = this.#height;
    const letters = columns < NARROW ? ROWS.narrow : ROWS.letters;
    const most = this.#predicts ? ROWS.predictions : letters;
    const { style } = this.area;
    style.lineHeight = `${height}px`;
    style.height = this.#paper.style.height = `${this.#rows.length * height}px`;
    // The browser puts letters into the middle of a row; ours, and so the caret, stand at its top.
    style.top = `${(ROW - height) / 2}px`;
    this.element.style.height = `${Math.min(this.#rows.length, most) * height}px`;
    this.#paint();
    return true;
  }

  #paint(): void {
    const { element } = this;
    this.#canvas.style.height = `${element.clientHeight}px`;
    this.#canvas.style.width = `${element.clientWidth}px`;
    const { context, width } = this.#kit.fitCanvas(this.#canvas);
    const height = this.#height;
    const top = element.scrollTop;
    const first = Math.max(0, Math.floor(top / height));
    const last = Math.min(this.#rows.length, Math.ceil((top + element.clientHeight) / height));
    const muted = this.#kit.variable(element, "muted");
    context.textBaseline = "middle";
    for (let index = first; index < last; index++) {
      const row = this.#rows[index];
      const y = index * height - top;
      if (row.first) {
        context.font = `11px ${this.#font}`;
        context.textAlign = "right";
        context.fillStyle = muted;
        context.fillText(String(row.line + 1), GUTTER - 12, y + ROW / 2);
      }
      this.#paintRow(context, row, y, width);
    }
    const { tokens } = this.#store.content.peek();
    const tokenOf = (row: WrappedRow | undefined) =>
      row ? tokens.at(Math.min(row.from, tokens.text.length)) : 0;
    const seen = {
      start: tokenOf(this.#rows[first]),
      stop: Math.max(1, tokenOf(this.#rows[last]) || tokens.length),
    };
    const all = Math.max(1, this.#rows.length);
    this.#store.setView(null, { from: first / all, to: Math.min(1, last / all) }, seen);
  }

  #paintRow(context: CanvasRenderingContext2D, row: WrappedRow, y: number, width: number): void {
    const { tokens } = this.#store.content.peek();
    const bytes = this.#store.row.peek().bytes?.subarray(0, this.#store.revealed.peek());
    const paint = this.#store.paint.peek();
    const plain = this.#kit.variable(this.element, "fg");
    const marked = this.#store.marked.peek();
    const accent = marked.length ? this.#kit.variable(this.element, "accent") : "";
    const { text } = tokens;
    context.textAlign = "left";
    for (let from = row.from; from < row.to; ) {
      const token = tokens.at(from);
      const to = tokens.start(token + 1);
      const i = from - row.from;
      const newline = text[from] === "\n";
      const left = GUTTER + row.edges[Math.min(i, row.edges.length - 1)];
      const right = newline ? left + this.#cell : GUTTER + row.edges[to - row.from];
      const level = (bytes && token < bytes.length ? bytes[token] : -128) + 128;
      const pixel = paint.pixels[level];
      if (pixel >>> 24) {
        context.fillStyle = `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
        context.fillRect(left, y, Math.min(right, width) - left, ROW - GAP);
      }
      const stranger = !newline && !this.#desk.alphabet.knows(text.slice(from, to));
      context.font = `${newline ? 11 : 14}px ${this.#font}`;
      context.fillStyle = level === 0 ? plain : newline ? paint.quiet[level] : paint.ink[level];
      context.fillText(newline ? NEWLINE : text.slice(from, to), left, y + ROW / 2);
      if (marked.some(([start, stop]) => start <= token && token < stop)) {
        context.fillStyle = accent;
        context.fillRect(left, y, right - left, 2);
        context.fillRect(left, y + ROW - GAP - 3, right - left, 3);
      }
      // What the network does not know, and reads as something else.
      if (stranger) context.fillRect(left, y + ROW - GAP - 2, right - left, 1);
      if (this.#predicts) this.under.peek()?.(context, token, left, right, y + ROW);
      from = to;
    }
  }

  #tokenAt(x: number, y: number): number {
    const box = this.#paper.getBoundingClientRect();
    const row = this.#rows[Math.floor((y - box.top) / this.#height)];
    const { tokens } = this.#store.content.peek();
    if (!row) return -1;
    const at = row.edges.findLastIndex((edge) => edge <= x - box.left - GUTTER);
    if (at < 0 || row.from + at >= row.to) return -1;
    return tokens.at(row.from + at);
  }
}
