import { batch, type ReadonlySignal, type Signal, signal } from "../signals";
import type { Theme } from "./colour";
import type { Layout } from "./layout";

/** A range of tokens `[start, stop)`. */
export type Span = { start: number; stop: number };

/** First and one past the last row on screen, as fractions of all rows. */
export type Viewport = { from: number; to: number };

/** Sets a signal that only its owner may set. */
export function put<T>(owned: ReadonlySignal<T>, value: T): void {
  (owned as Signal<T>).value = value;
}

/** What one view has for itself: neither the kernel nor another view of the same widget knows it. */
export class ViewState {
  /** The token under the pointer, -1 for none. */
  readonly hover: ReadonlySignal<number> = signal(-1);
  /** The tokens on screen. */
  readonly visible: ReadonlySignal<Span> = signal<Span>({ start: 0, stop: 0 });
  /** How the text is wrapped for the room there is; null before there is any. */
  readonly layout: ReadonlySignal<Layout | null> = signal<Layout | null>(null);
  /** What is on screen of all rows. */
  readonly viewport: ReadonlySignal<Viewport> = signal<Viewport>({ from: 0, to: 1 });
  /** The row at the top: of every copy, so that they scroll as one. */
  readonly top: ReadonlySignal<number> = signal(0);
  readonly theme: ReadonlySignal<Theme> = signal<Theme>("light");
  /** Whether the list of all keys is open. */
  readonly help: ReadonlySignal<boolean> = signal(false);
  /** Whether what looks for units is open. */
  readonly finding: ReadonlySignal<boolean> = signal(false);
  /** What went wrong with the trace that was last set, for people to read. */
  readonly problem: ReadonlySignal<string> = signal("");

  setTheme(theme: Theme): void {
    put(this.theme, theme);
  }

  setHelp(open: boolean): void {
    put(this.help, open);
  }

  setFinding(open: boolean): void {
    put(this.finding, open);
  }

  setHover(token: number): void {
    put(this.hover, token);
  }

  /** Says what of the text is on screen, and how it is wrapped there. */
  setView(layout: Layout | null, viewport: Viewport, { start, stop }: Span): void {
    const shown = this.visible.peek();
    batch(() => {
      if (shown.start !== start || shown.stop !== stop) put(this.visible, { start, stop });
      put(this.layout, layout);
      put(this.viewport, viewport);
    });
  }

  /** Scrolls all copies of the text to a row, which may be a fraction of one. */
  scrollTo(row: number): void {
    put(this.top, row);
  }

  /** Says what a reader must know. */
  setProblem(problem: string): void {
    put(this.problem, problem);
  }
}
