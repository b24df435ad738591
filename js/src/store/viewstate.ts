import { batch, type ReadonlySignal, signal } from "@preact/signals-core";
import type { Theme } from "./colour";
import type { Layout } from "./layout";

/** A range of tokens `[start, stop)`. */
export type Span = { start: number; stop: number };

/** First and one past the last row on screen, as fractions of all rows. */
export type Viewport = { from: number; to: number };

/** What one view has for itself: neither the kernel nor another view of the same widget knows it. */
export class ViewState {
  readonly #hover = signal(-1);
  readonly #visible = signal<Span>({ start: 0, stop: 0 });
  readonly #layout = signal<Layout | null>(null);
  readonly #viewport = signal<Viewport>({ from: 0, to: 1 });
  readonly #top = signal(0);
  readonly #theme = signal<Theme>("light");
  readonly #help = signal(false);
  readonly #problem = signal("");

  /** The token under the pointer, -1 for none. */
  readonly hover: ReadonlySignal<number> = this.#hover;
  /** The tokens on screen. */
  readonly visible: ReadonlySignal<Span> = this.#visible;
  /** How the text is wrapped for the room there is; null before there is any. */
  readonly layout: ReadonlySignal<Layout | null> = this.#layout;
  /** What is on screen of all rows. */
  readonly viewport: ReadonlySignal<Viewport> = this.#viewport;
  /** The row at the top: of every copy, so that they scroll as one. */
  readonly top: ReadonlySignal<number> = this.#top;
  readonly theme: ReadonlySignal<Theme> = this.#theme;
  /** Whether the list of all keys is open. */
  readonly help: ReadonlySignal<boolean> = this.#help;
  /** What went wrong with the trace that was last set, for people to read. */
  readonly problem: ReadonlySignal<string> = this.#problem;

  setTheme(theme: Theme): void {
    this.#theme.value = theme;
  }

  setHelp(open: boolean): void {
    this.#help.value = open;
  }

  setHover(token: number): void {
    this.#hover.value = token;
  }

  /** Says what of the text is on screen, and how it is wrapped there. */
  setView(layout: Layout | null, viewport: Viewport, { start, stop }: Span): void {
    const shown = this.#visible.peek();
    batch(() => {
      if (shown.start !== start || shown.stop !== stop) this.#visible.value = { start, stop };
      this.#layout.value = layout;
      this.#viewport.value = viewport;
    });
  }

  /** Scrolls all copies of the text to a row, which may be a fraction of one. */
  scrollTo(row: number): void {
    this.#top.value = row;
  }

  /** Says what a reader must know. */
  setProblem(problem: string): void {
    this.#problem.value = problem;
  }
}
