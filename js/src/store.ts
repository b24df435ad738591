import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { anchors, type Paint, paint, type RGB, type Theme } from "./colour";
import { watch } from "./dom";
import type { Host, Synced } from "./host";
import type { Layout } from "./layout";
import { type UnitRow, Values } from "./values";
import { type Content, decode, nearestIndex, type StateInfo, unitAt } from "./wire";

/** A range of tokens `[start, stop)`. */
export type Span = { start: number; stop: number };

/** What shows where no value is painted: near enough to the background for the choice of a readable ink. */
export const GROUND: Record<Theme, RGB> = { light: [255, 255, 255], dark: [24, 24, 27] };

/** What the panels read, and the named actions by which they change it. One per view. */
export class Store {
  readonly #host: Host;
  readonly #state = signal("");
  readonly #unit = signal(0);
  readonly #cursor = signal(-1);
  readonly #selection = signal<Span | null>(null);
  readonly #palette = signal("red-blue");
  readonly #content: Signal<Content>;
  readonly #values: Values;
  #raw: unknown;

  /** The token under the pointer, -1 for none. Lives in this view only. */
  readonly hover = signal(-1);
  /** The tokens on screen. */
  readonly visible = signal<Span>({ start: 0, stop: 0 });
  /** How the text is wrapped for the room there is; null before there is any. */
  readonly layout = signal<Layout | null>(null);
  /** First and one past the last row on screen, as fractions of all rows. */
  readonly viewport = signal({ from: 0, to: 1 });
  /** The row that someone wants at the top. */
  readonly scrollTarget = signal<number | null>(null);
  readonly theme = signal<Theme>("light");
  /** What went wrong with the trace that was last set, for people to read. */
  readonly problem = signal("");

  readonly content: ReadonlySignal<Content>;
  readonly palette: ReadonlySignal<string>;
  readonly selection: ReadonlySignal<Span | null>;
  /** The shown state: the trait's, or the first where the trace has no such state. */
  readonly state: ReadonlySignal<StateInfo>;
  /** The number of the shown unit, always one of the state's that are here. */
  readonly unit: ReadonlySignal<number>;
  /** Its index among those. */
  readonly unitIndex: ReadonlySignal<number>;
  readonly cursor: ReadonlySignal<number>;
  /** The token that readout and chart speak of: under the pointer, else under the cursor, else -1. */
  readonly focus: ReadonlySignal<number>;
  /** The unit on screen: the shown one, or until its bytes arrive the one before. */
  readonly row: ReadonlySignal<UnitRow>;
  readonly loading: ReadonlySignal<boolean>;
  /** The palette's colours from -1 to +1 for this theme. */
  readonly ramp: ReadonlySignal<RGB[]>;
  readonly paint: ReadonlySignal<Paint>;

  constructor(host: Host, lifetime: AbortSignal) {
    this.#host = host;
    this.#raw = host.get("_content");
    this.#content = signal(decode(this.#raw));
    this.content = this.#content;
    this.palette = this.#palette;
    this.selection = this.#selection;
    this.state = computed(() => {
      const { states } = this.#content.value;
      return states.find(({ name }) => name === this.#state.value) ?? states[0];
    });
    this.unitIndex = computed(() => nearestIndex(this.state.value, this.#unit.value));
    this.unit = computed(() => unitAt(this.state.value, this.unitIndex.value));
    this.cursor = computed(() => Math.min(this.#cursor.value, this.#content.value.tokens.length - 1));
    this.focus = computed(() => {
      const hover = this.hover.value;
      return hover >= 0 && hover < this.#content.value.tokens.length ? hover : this.cursor.value;
    });
    this.#values = new Values(host, this.content, this.state, this.unit);
    this.row = this.#values.row;
    this.loading = this.#values.loading;
    this.ramp = computed(() => anchors(this.#palette.value, this.theme.value));
    this.paint = computed(() => {
      const { scale, limit } = this.row.value;
      return paint(this.ramp.value, scale, limit, GROUND[this.theme.value]);
    });
    this.#pull();
    host.onChange(() => this.#pull(), lifetime);
    watch(() => this.#values.settle(), lifetime);
    watch(() => this.#values.fetchRow(), lifetime);
    watch(() => {
      const token = this.focus.value;
      this.#values.fetchExact(token >= 0 ? token : this.visible.value.start);
    }, lifetime);
  }

  /** The value of the shown unit after `token`, as exactly as it is known here. */
  valueAt(token: number): { value: number; exact: boolean; decimals: number } {
    return this.#values.at(token);
  }

  setState(name: string): void {
    const state = this.#content.value.states.find((known) => known.name === name);
    if (state) this.setStateAndUnit(name, unitAt(state, nearestIndex(state, this.unit.value)));
  }

  setUnit(unit: number): void {
    this.setUnitIndex(nearestIndex(this.state.value, Math.round(unit)));
  }

  /** Shows the `index`th of the units that are here. */
  setUnitIndex(index: number): void {
    const { units } = this.state.value;
    const unit = unitAt(this.state.value, Math.max(0, Math.min(index, units - 1)));
    this.#push({ unit });
  }

  setStateAndUnit(state: string, unit: number): void {
    this.#push({ state, unit });
  }

  setPalette(palette: string): void {
    this.#push({ palette });
  }

  /** Sets the cursor, and drops the selection; -1 removes it. */
  setCursor(cursor: number): void {
    this.#push({ cursor: this.#inText(cursor), selection: [] });
  }

  /** Selects the tokens between two borders, in either order; the cursor stands at `cursor`, where given. */
  select(from: number, to: number, cursor = this.cursor.value): void {
    const start = Math.min(from, to);
    const stop = Math.max(from, to);
    this.#push({ selection: start < stop ? [start, stop] : [], cursor: this.#inText(cursor) });
  }

  #inText(token: number): number {
    return Math.max(-1, Math.min(token, this.#content.value.tokens.length - 1));
  }

  /** Tells the host what differs from what it has, and shows it at once. */
  #push(values: Partial<Synced>): void {
    const changed = Object.entries(values).filter(
      ([name, value]) => String(this.#host.get(name as keyof Synced)) !== String(value),
    );
    if (changed.length) this.#host.set(Object.fromEntries(changed));
    this.#pull();
  }

  /** Takes over what the host has now: our own changes, Python's, and what Python set back. */
  #pull(): void {
    batch(() => {
      const raw = this.#host.get("_content");
      if (raw !== this.#raw) this.#swap(raw);
      this.#state.value = this.#host.get("state");
      this.#unit.value = this.#host.get("unit");
      this.#cursor.value = this.#host.get("cursor");
      this.#palette.value = this.#host.get("palette");
      const [start, stop] = this.#host.get("selection");
      const old = this.#selection.peek();
      if (stop === undefined) this.#selection.value = null;
      else if (old?.start !== start || old.stop !== stop) this.#selection.value = { start, stop };
    });
  }

  #swap(raw: unknown): void {
    this.#raw = raw;
    try {
      this.#content.value = decode(raw);
      this.#values.clear();
      this.hover.value = -1;
      this.problem.value = "";
    } catch (error) {
      this.problem.value = `The new trace cannot be shown: ${error instanceof Error ? error.message : error}`;
    }
  }
}
