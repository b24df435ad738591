import { watch } from "../dom";
import { type Arrange, DEFAULTS, type Guess, type Host, type SyncedTraits, type UnitSource } from "../host";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "../signals";
import { anchors, GROUND, type Paint, type RGB, straight } from "./colour";
import { Copy, type CopyContext } from "./copy";
import { rowSpan } from "./layout";
import { segmentEnd, segments } from "./segments";
import { type ComputedUnit, type Unit, type UnitRow, type Value, Values } from "./values";
import { put, type Span, ViewState } from "./viewstate";
import {
  type Checkpoint,
  type Content,
  decode,
  type Label,
  nearestIndex,
  type Ranking,
  type StateInfo,
  unitAt,
} from "./wire";

/** A unit of a ranking, with what the ranking says of it. */
export type Offer = Ranking["entries"][number] & { ranking: Ranking };

/** What the panels read, and the named actions by which they change it. One per view. */
export class Store extends ViewState {
  readonly #host: Host;
  readonly #traits = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [name, signal(value)]),
  ) as unknown as { readonly [K in keyof SyncedTraits]: Signal<SyncedTraits[K]> };
  readonly #made: Copy[] = [];
  readonly #label = signal(0);
  readonly #offer = signal<Offer | null>(null);
  readonly #values: Values;
  readonly #shared: CopyContext;
  readonly #lifetime: AbortSignal;
  #raw: unknown;
  /** What was last hidden to be guessed. */
  #hidden: Guess;

  readonly content: ReadonlySignal<Content>;
  readonly palette: ReadonlySignal<string> = this.#traits.palette;
  readonly selection: ReadonlySignal<Span | null>;
  readonly marked: ReadonlySignal<SyncedTraits["marked"]> = this.#traits.marked;
  readonly arrange: ReadonlySignal<Arrange> = this.#traits.arrange;
  readonly present: ReadonlySignal<boolean> = this.#traits.present;
  readonly height: ReadonlySignal<number | null> = this.#traits.height;
  readonly wrap: ReadonlySignal<number | null> = this.#traits.wrap;
  readonly controls: ReadonlySignal<boolean> = this.#traits.controls;
  /** Source of the panels that only some widgets need. */
  readonly extras: ReadonlySignal<string> = this.#traits._extras;
  /** Whether there is a space between tokens. */
  readonly apart: ReadonlySignal<boolean>;
  /** What is hidden to be guessed. */
  readonly guess: ReadonlySignal<Guess | false>;
  /** Which checkpoint is shown, always one there is, and what is its own. */
  readonly checkpoint: ReadonlySignal<number>;
  readonly moment: ReadonlySignal<Checkpoint>;
  /** The coloured copies of the text, at least one; `active` is the one that the controls act on. */
  readonly copies: ReadonlySignal<Copy[]> = signal<Copy[]>([]);
  readonly active: ReadonlySignal<number>;
  readonly copy: ReadonlySignal<Copy>;
  /** The active copy's state: the trait's, or the first where the trace has no such state. */
  readonly state: ReadonlySignal<StateInfo>;
  /** The number of the active copy's unit, always one of the state's that are here. */
  readonly unit: ReadonlySignal<number>;
  /** Its index among those. */
  readonly unitIndex: ReadonlySignal<number>;
  readonly row: ReadonlySignal<UnitRow>;
  readonly loading: ReadonlySignal<boolean>;
  readonly paint: ReadonlySignal<Paint>;
  /** Whether the active copy's colours are turned. */
  readonly flip: ReadonlySignal<boolean>;
  readonly cursor: ReadonlySignal<number>;
  /** The token that readout and chart speak of: under the pointer, else under the cursor, else -1. */
  readonly focus: ReadonlySignal<number>;
  /** How many tokens may be shown with their values; the others are to be guessed. */
  readonly revealed: ReadonlySignal<number>;
  /** How many tokens may be shown at all. */
  readonly seen: ReadonlySignal<number>;
  /** What a class last guessed that comes next. */
  readonly typed: ReadonlySignal<{ character: string }> = signal({ character: "" });
  /** All ranked units. */
  readonly offers: ReadonlySignal<Offer[]>;
  /** The label that runs along under the characters. */
  readonly label: ReadonlySignal<Label | undefined>;
  /** Where the segments begin that are stepped through: of a bool label, else the sentences. */
  readonly segments: ReadonlySignal<{ starts: Uint32Array; label: Label | undefined }>;
  /** The palette's colours from -1 to +1 for this theme. */
  readonly ramp: ReadonlySignal<RGB[]>;

  constructor(host: Host, lifetime: AbortSignal) {
    super();
    this.#host = host;
    this.#lifetime = lifetime;
    // Where a text can be typed into, what comes next can be typed.
    this.#hidden = host.engine ? "text" : "values";
    this.#raw = host.get("_content");
    this.content = signal(decode(this.#raw));
    const { content } = this;
    const traits = this.#traits;
    const length = () => content.value.tokens.length;
    this.selection = computed(() => {
      const [start, stop] = traits.selection.value;
      return stop === undefined ? null : { start, stop };
    });
    this.apart = computed(() => traits.apart.value ?? content.value.tokens.apart);
    this.guess = computed(() => (traits.guess.value === true ? "values" : traits.guess.value));
    this.checkpoint = computed(() => clamp(traits.checkpoint.value, content.value.checkpoints.length));
    this.moment = computed(() => content.value.checkpoints[this.checkpoint.value]);
    this.cursor = computed(() => Math.min(traits.cursor.value, length() - 1));
    this.focus = computed(() => {
      const hover = this.hover.value;
      return hover >= 0 && hover < length() ? hover : this.cursor.value;
    });
    this.revealed = computed(() => (this.guess.value ? this.cursor.value + 1 : length()));
    this.seen = computed(() => (this.guess.value === "text" ? this.revealed.value : length()));
    const rankings = computed(() => content.value.rankings);
    this.offers = computed(() =>
      rankings.value.flatMap((ranking) => ranking.entries.map((entry) => ({ ...entry, ranking }))),
    );
    this.label = computed(() => {
      const { labels } = content.value;
      return labels[this.#label.value] ?? labels[0];
    });
    this.segments = computed(() => {
      const { labels, tokens } = content.value;
      const label = [this.label.value, ...labels].find((known) => known?.kind === "bool");
      return { starts: segments(tokens, label), label };
    });
    this.ramp = computed(() => anchors(this.palette.value, this.theme.value));
    this.#values = new Values(host, content, traits._limits);
    this.#shared = {
      values: this.#values,
      content,
      revealed: this.revealed,
      ramp: this.ramp,
      ground: computed(() => GROUND[this.theme.value]),
      flipped: traits.flipped,
    };
    this.#pull();
    this.active = computed(() => clamp(traits.active.value, this.copies.value.length));
    this.copy = computed(() => this.copies.value[this.active.value]);
    this.state = computed(() => this.copy.value.state.value);
    this.unit = computed(() => this.copy.value.unit.value);
    this.unitIndex = computed(() => nearestIndex(this.state.value, this.unit.value));
    this.row = computed(() => this.copy.value.row.value);
    this.loading = computed(() => this.copy.value.loading.value);
    this.paint = computed(() => this.copy.value.paint.value);
    this.flip = computed(() => this.copy.value.turn.value !== straight);
    host.onChange(() => this.#pull(), lifetime);
    watch(() => this.#values.fetchRows(this.#wishes()), lifetime);
    watch(() => {
      const token = this.focus.value;
      const shown = this.copies.value.map(({ wanted }) => wanted.value);
      this.#values.fetchExact(shown, token >= 0 ? token : this.visible.value.start);
    }, lifetime);
  }

  /** The units that are shown, the active one first, and those that a slider would reach next. */
  #wishes(): Unit[] {
    const { wanted } = this.copy.value;
    const { state, checkpoint } = wanted.value;
    const index = this.unitIndex.value;
    const last = this.content.value.checkpoints.length - 1;
    const shown = this.copies.value.map((copy) => copy.wanted.value);
    const units = [index + 1, index - 1].filter((i) => i >= 0 && i < state.units);
    const moments = [checkpoint + 1, checkpoint - 1].filter((i) => i >= 0 && i <= last);
    return [
      wanted.value,
      ...shown,
      ...moments.flatMap((moment) => shown.map((unit) => ({ ...unit, checkpoint: moment }))),
      ...units.map((i) => ({ ...wanted.value, unit: unitAt(state, i) })),
    ];
  }

  /** The value of the active copy's unit after `token`, as exactly as it is known here. */
  valueAt(token: number): Value {
    return this.copy.value.valueAt(token);
  }

  /** What a ranking says of a copy's unit: the one it was last chosen in, else the first; nothing while a class guesses. */
  offerOf({ state, unit }: Copy): Offer | undefined {
    if (this.guess.value) return undefined;
    const here = this.offers.value.filter(
      (offer) => offer.state === state.value.name && offer.unit === unit.value,
    );
    return here.find((offer) => offer === this.#offer.value) ?? here[0];
  }

  /** Shows a ranked unit. The same unit may be in several rankings: the one it was chosen in stays. */
  setOffer(offer: Offer): void {
    this.#offer.value = offer;
    this.setStateAndUnit(offer.state, offer.unit);
    this.setFlipped(offer.sign < 0);
  }

  setState(name: string): void {
    const state = this.content.value.states.find((known) => known.name === name);
    if (state) this.setStateAndUnit(name, unitAt(state, nearestIndex(state, this.unit.value)));
  }

  setUnit(unit: number): void {
    this.setUnitIndex(nearestIndex(this.state.value, Math.round(unit)));
  }

  /** Shows the `index`th of the units that are here. */
  setUnitIndex(index: number): void {
    const state = this.state.value;
    this.setStateAndUnit(state.name, unitAt(state, clamp(index, state.units)));
  }

  setStateAndUnit(state: string, unit: number): void {
    const units = this.#traits.units.value.map((one, i): [string, number] =>
      i === this.active.value ? [state, unit] : one,
    );
    this.#push({ state, unit, units });
  }

  /** Makes the controls act on another copy. */
  activate(index: number): void {
    const { state, unit } = this.copies.value[index];
    this.#push({ active: index, state: state.value.name, unit: unit.value });
  }

  /** One more copy of the text, at first of the same unit. */
  addCopy(): void {
    const units = this.copies.value.map(({ state, unit }): [string, number] => [
      state.value.name,
      unit.value,
    ]);
    units.push([this.state.value.name, this.unit.value]);
    this.#push({ units, active: units.length - 1 });
  }

  removeCopy(index: number): void {
    const left = this.#traits.units.value.filter((_, i) => i !== index);
    if (!left.length) return;
    const active = clamp(this.active.value - (index < this.active.value ? 1 : 0), left.length);
    const [state, unit] = left[active];
    this.#push({ state, unit, units: left.length > 1 ? left : [], active });
  }

  /** Turns the colours of the active copy's unit, so that red is low, or turns them back. */
  setFlipped(flip: boolean): void {
    const [state, unit] = [this.state.value.name, this.unit.value];
    const others = this.#traits.flipped.value.filter(([s, u]) => s !== state || u !== unit);
    this.#push({ flipped: flip ? [...others, [state, unit]] : others });
  }

  setPalette(palette: string): void {
    this.#push({ palette });
  }

  setCheckpoint(checkpoint: number): void {
    this.#push({ checkpoint: clamp(checkpoint, this.content.value.checkpoints.length) });
  }

  /** Hides what was hidden last, or nothing. */
  setGuess(guess: boolean): void {
    this.#push({ guess: guess && this.#hidden });
  }

  /** Guesses the next character. */
  guessNext(character: string): void {
    put(this.typed, { character });
  }

  setApart(apart: boolean): void {
    this.#push({ apart });
  }

  setPresent(present: boolean): void {
    this.#push({ present });
  }

  /** Chooses which label runs along under the characters. */
  setLabel(index: number): void {
    this.#label.value = index;
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

  /** Marks these stretches, and no others. */
  setMarked(marked: SyncedTraits["marked"]): void {
    this.#push({ marked });
  }

  /** Moves the cursor and extends the selection with it, from where it was begun. */
  selectTo(token: number): void {
    const selection = this.selection.value;
    const cursor = this.cursor.value;
    const anchor = !selection ? cursor : cursor === selection.start ? selection.stop - 1 : selection.start;
    this.select(Math.min(anchor, token), Math.max(anchor, token) + 1, token);
  }

  /** Reveals the rest of the segment that comes next, or hides the last one again. */
  revealSegment(step: 1 | -1): void {
    const { length } = this.content.value.tokens;
    this.setCursor(segmentEnd(this.segments.value.starts, this.cursor.value, length, step));
  }

  /** Reveals the rest of the row that comes next, or hides the last one again. */
  revealRow(step: 1 | -1): void {
    const layout = this.layout.value;
    const { tokens } = this.content.value;
    const cursor = this.cursor.value;
    if (!layout || (step < 0 && cursor < 0)) return;
    const { first, last } = rowSpan(tokens, layout, Math.min(tokens.length - 1, cursor + (step > 0 ? 1 : 0)));
    this.setCursor(step > 0 ? last : first - 1);
  }

  /** Goes to the beginning of the next or the last segment in which the label holds, or of the sentence. */
  goToSegment(step: 1 | -1): void {
    const { starts, label } = this.segments.value;
    const holds = Array.from(starts).filter((start) => !label || label.values[start] === 1);
    const cursor = this.cursor.value;
    const target =
      step > 0 ? holds.find((start) => start > cursor) : holds.findLast((start) => start < cursor);
    if (target !== undefined) this.setCursor(target);
  }

  /** Shows another text, or more of what is known of it: from a network that runs here. */
  show(content: Content, rows: ComputedUnit[]): void {
    batch(() => {
      if (content.tokens !== this.content.peek().tokens) {
        this.setHover(-1);
        this.setMarked([]);
      }
      put(this.content, content);
      this.#values.put(rows);
    });
  }

  /** What answers for units that are not here. */
  get source(): UnitSource {
    return this.#values.source;
  }

  /** Lets a network that runs here answer for its units. */
  serve(source: UnitSource): void {
    this.#values.source = source;
  }

  #inText(token: number): number {
    return Math.max(-1, Math.min(token, this.content.value.tokens.length - 1));
  }

  /** Tells the host what differs from what it has, and shows it at once. */
  #push(values: Partial<SyncedTraits>): void {
    const changed = Object.entries(values).filter(
      ([name, value]) => JSON.stringify(this.#host.get(name as keyof SyncedTraits)) !== JSON.stringify(value),
    );
    if (changed.length) this.#host.set(Object.fromEntries(changed));
    this.#pull();
  }

  /** Takes over what the host has now: our own changes, Python's, and what Python set back. */
  #pull(): void {
    const host = this.#host;
    batch(() => {
      const raw = host.get("_content");
      if (raw !== this.#raw) this.#swap(raw);
      for (const name of Object.keys(DEFAULTS) as (keyof SyncedTraits)[])
        put<unknown>(this.#traits[name], host.get(name) ?? DEFAULTS[name]);
      this.#hidden = this.guess.peek() || this.#hidden;
      this.#makeCopies();
    });
  }

  /** As many copies as there are units to show; those that are left over wait for another time. */
  #makeCopies(): void {
    const count = Math.max(1, this.#traits.units.peek().length);
    if (this.copies.peek().length === count) return;
    while (this.#made.length < count) this.#made.push(this.#makeCopy(this.#made.length));
    put(this.copies, this.#made.slice(0, count));
  }

  #makeCopy(index: number): Copy {
    const wanted = computed(() => {
      const units = this.#traits.units.value;
      const isActive = index === clamp(this.#traits.active.value, Math.max(1, units.length));
      // The active copy follows the traits of its own: Python may set them one by one.
      const [name, unit] = (isActive ? undefined : units[index]) ?? [
        this.#traits.state.value,
        this.#traits.unit.value,
      ];
      const { states } = this.content.value;
      const state = states.find((known) => known.name === name) ?? states[0];
      return { state, unit: unitAt(state, nearestIndex(state, unit)), checkpoint: this.checkpoint.value };
    });
    return new Copy(this.#shared, wanted, this.#lifetime);
  }

  #swap(raw: unknown): void {
    this.#raw = raw;
    try {
      const content = decode(raw);
      if (content.tokens !== this.content.peek().tokens) {
        this.#values.clear();
        this.setHover(-1);
      }
      put(this.content, content);
      this.setProblem("");
    } catch (error) {
      this.setProblem(`The new trace cannot be shown: ${error instanceof Error ? error.message : error}`);
    }
  }
}

const clamp = (index: number, length: number) => Math.max(0, Math.min(index, length - 1));
