import type { Bytes, Request } from "../host";
import type { Kit } from "../live";
import type { OpenAnswer } from "../network/connection";
import type { TokenValues } from "../network/protocol";
import type { Hold } from "../network/stack";
import type { Store } from "../store/store";
import type { Tokens } from "../store/tokens";
import type { ComputedUnit, Unit } from "../store/values";
import { type Checkpoint, type Content, halfToNumber, type Label, MISSING, unitKey } from "../store/wire";
import { Alphabet, characters } from "./alphabet";
import type { Line } from "./kernel";
import { carry, common, quantise, toHalf } from "./rows";
import type { Relabel } from "./rules";

/** The texts that are read here. */
type Reading = "shown" | "free" | "original";

/** What is to be written: `count` tokens, by the random numbers of a seed from `index` on. */
export interface Draft {
  temperature: number;
  seed: number;
  index: number;
  count: number;
}

/** What the network expects after each token. */
export interface NextTokens {
  top: number;
  ids: Float32Array;
  probabilities: Float32Array;
}

/**
 * A text that is edited, and the network that reads it.
 *
 * What is known of the text goes to the store, as if it were a trace; what only this side shows is in signals.
 */
export class Desk {
  readonly alphabet: Alphabet;
  readonly original;
  readonly text;
  readonly holds;
  readonly expected;
  /** Nats per character: as the units are held, and as they would be free. */
  readonly loss;
  readonly freeLoss;
  /** Whether the text is compared with the original, and the values that the shown unit had on that. */
  readonly comparing;
  readonly before;
  #relabel: Relabel = () => null;
  readonly #store: Store;
  readonly #line: Line;
  /** What the text came with, and what of it the store was last given. */
  #content: Content;
  #given: Content;
  #tokens: Tokens;
  #ids: Uint32Array;
  #shown: Unit[] = [];
  /** Of how many tokens the values here are right, as it is held, free, and of the original. */
  readonly #known: Record<Reading, number> = { shown: 0, free: 0, original: 0 };
  #values = new Map<string, Float32Array>();
  #losses: Float32Array;
  #freeLosses: Float32Array;

  constructor(kit: Kit, store: Store, line: Line, opened: OpenAnswer, lifetime: AbortSignal) {
    this.#store = store;
    this.#line = line;
    this.#content = this.#given = store.content.peek();
    this.#tokens = this.#content.tokens;
    this.alphabet = new Alphabet(opened.vocabulary);
    this.original = kit.signal(this.#tokens.text);
    this.#ids = this.alphabet.ids(this.#tokens.text);
    const [{ loss, predictions }] = this.#content.checkpoints;
    const unknown = new Float32Array(this.#ids.length).fill(Number.NaN);
    // What came with the page is right until more is known.
    this.#losses = loss?.slice() ?? unknown;
    this.#freeLosses = unknown;
    this.text = kit.signal(this.original.peek());
    this.holds = kit.signal<Hold[]>([]);
    const known = predictions?.vocabulary.join() === opened.vocabulary.join() ? predictions : null;
    this.expected = kit.signal<NextTokens>({
      top: known?.count ?? 0,
      ids: Float32Array.from(known?.ids ?? []),
      probabilities: Float32Array.from(known?.probabilities ?? [], halfToNumber),
    });
    this.loss = kit.signal(Number.NaN);
    this.freeLoss = kit.signal(Number.NaN);
    this.comparing = kit.signal(false);
    this.before = kit.signal(new Float32Array());
    line.onValues = (values) => this.#take(values);
    line.onProblem = (reason) => store.setProblem(reason);
    store.serve({ hasKernel: true, request: (request) => this.#answer(request) });
    kit.watch(() => {
      const content = store.content.value;
      if (content !== this.#given) this.#open(content);
    }, lifetime);
    let wanted = "";
    kit.watch(() => {
      const units = store.copies.value.map((copy) => copy.wanted.value);
      const key = units.map(({ state, unit }) => unitKey(state.name, unit)).join();
      if (key === wanted) return;
      wanted = key;
      this.#shown = units.filter(({ state }) => opened.states.includes(state.name));
      this.#known.shown = this.#known.original = 0;
      this.#ask();
    }, lifetime);
    kit.watch(() => {
      if (this.comparing.value) this.#ask();
    }, lifetime);
  }

  get ids(): Uint32Array {
    return this.#ids;
  }

  /** The values of the unit that is shown. */
  get now(): Float32Array {
    const { state, unit } = this.#store;
    return this.#values.get(unitKey(state.peek().name, unit.peek())) ?? new Float32Array();
  }

  /** Begins anew with another text, which came from Python. */
  #open(content: Content): void {
    this.#content = this.#given = content;
    const { text } = content.tokens;
    this.original.value = text;
    this.holds.value = [];
    this.#known.shown = this.#known.free = this.#known.original = 0;
    this.edit(text);
    this.#ask();
  }

  /** Takes the text as it now is. */
  edit(text: string): void {
    if (text === this.text.peek()) return;
    const ids = this.alphabet.ids(text);
    const tokens = characters(text);
    const before = [...this.text.peek()];
    const after = [...text];
    const same = common(before, after);
    const shift = after.length - before.length;
    const move = (from: number) => (from > same.start ? Math.max(same.start, from + shift) : from);
    for (const name of ["shown", "free"] as const)
      this.#known[name] = Math.min(this.#known[name], same.start);
    const carried = (old: Float32Array, width = 1) => carry(old, ids.length, same, width);
    for (const [key, values] of this.#values) this.#values.set(key, carried(values));
    this.#losses = carried(this.#losses);
    this.#freeLosses = carried(this.#freeLosses);
    const { top, ids: likeliest, probabilities } = this.expected.peek();
    this.expected.value = {
      top,
      ids: carried(likeliest, top),
      probabilities: carried(probabilities, top),
    };
    this.holds.value = this.holds.peek().map((hold) => ({ ...hold, from: move(hold.from) }));
    this.#ids = ids;
    this.#tokens = tokens;
    this.text.value = text;
    this.#show();
    this.#ask();
  }

  /** Holds a unit, moves what it is held at, or with null lets it go. */
  hold(state: string, unit: number, value: number | null, from = 0): void {
    const holds = this.holds.peek();
    const others = holds.filter((hold) => hold.state !== state || hold.unit !== unit);
    this.#known.shown = Math.min(this.#known.shown, from, ...holds.map((hold) => hold.from));
    this.holds.value = value === null ? others : [...others, { state, unit, value, from }];
    this.#ask();
  }

  /** What the network writes after the first `length` characters: the random numbers of a seed from `index` on. */
  async write(
    text: string,
    draft: Draft,
    holds: readonly Hold[] = this.holds.peek(),
    name = "shown",
  ): Promise<string> {
    const reading = { ids: this.alphabet.ids(text), holds: [...holds] };
    const written = await this.#line.write({ text: name, reading, ...draft });
    return Array.from(written, (id) => this.alphabet.vocabulary[id]).join("");
  }

  /** The same of a text that is not the one shown, with the values of the shown unit over all of it. */
  async draft(
    text: string,
    draft: Draft,
    holds: readonly Hold[],
  ): Promise<{ text: string; values: Float32Array }> {
    const name = holds.length ? "held draft" : "free draft";
    const written = await this.write(text, draft, holds, name);
    const { state, unit } = this.#store;
    return { text: written, values: await this.#line.state(name, state.peek().name, unit.peek(), 1) };
  }

  /** Asks again for what is known of the text: what is written ends what was asked before. */
  resume(): void {
    this.#ask();
  }

  #ask(): void {
    const holds = this.holds.peek();
    const known = this.#known;
    const shown = { ids: this.#ids, holds, known: known.shown };
    // Free, it is read as well while a unit is held: what that costs is the difference.
    const free = { ids: this.#ids, holds: [], known: known.free };
    const original = { ids: this.alphabet.ids(this.original.peek()), holds: [], known: known.original };
    const texts = {
      shown,
      ...(holds.length && { free }),
      ...(this.comparing.peek() && { original }),
    };
    const units = this.#shown.map(({ state, unit }) => ({ state: state.name, unit }));
    this.#line.want({ texts, visible: this.#store.visible.peek().stop, units });
  }

  #take({ text, start, stop, units, loss, top, ids, probabilities, complete }: TokenValues): void {
    const { length } = this.#ids;
    this.#known[text as Reading] = stop;
    if (text === "original") {
      const { state, unit } = this.#store;
      const at = this.#shown.findIndex((one) => one.state === state.peek() && one.unit === unit.peek());
      const all = start
        ? this.before.peek().slice()
        : new Float32Array([...this.original.peek()].length).fill(Number.NaN);
      if (at >= 0) all.set(units[at], start);
      this.before.value = all;
      return;
    }
    if (text === "free") {
      this.#freeLosses.set(loss, start);
      if (complete) this.freeLoss.value = mean(this.#freeLosses);
      return;
    }
    this.#losses.set(loss, start);
    units.forEach((values, i) => {
      const { state, unit } = this.#shown[i];
      const key = unitKey(state.name, unit);
      let known = this.#values.get(key) ?? this.#came(key);
      if (known?.length !== length) known = new Float32Array(length).fill(Number.NaN);
      known.set(values, start);
      this.#values.set(key, known);
    });
    const old = this.expected.peek();
    const fresh = old.ids.length === length * top;
    const expected = {
      top,
      ids: fresh ? old.ids.slice() : new Float32Array(length * top).fill(Number.NaN),
      probabilities: fresh ? old.probabilities.slice() : new Float32Array(length * top).fill(Number.NaN),
    };
    expected.ids.set(ids, start * top);
    expected.probabilities.set(probabilities, start * top);
    this.expected.value = expected;
    if (complete) {
      this.loss.value = mean(this.#losses);
      if (!this.holds.peek().length) this.freeLoss.value = this.loss.peek();
    }
    this.#show();
  }

  /** The values that came with the page, of a unit that is shown. */
  #came(key: string): Float32Array | undefined {
    const row = this.#store.copies
      .peek()
      .find((copy) => copy.row.peek().key === key)
      ?.row.peek();
    return row?.bytes
      ? Float32Array.from(row.bytes, (q) => (q === MISSING ? Number.NaN : (q * row.scale) / 127))
      : undefined;
  }

  /** Gives the store all that is known of the text now. */
  #show(): void {
    const { top, ids, probabilities } = this.expected.peek();
    const moment: Checkpoint = {
      name: this.#content.checkpoints[0].name,
      whole: null,
      rows: new Map(),
      pinned: new Map(),
      loss: this.#losses,
      predictions: ids.length
        ? {
            vocabulary: this.alphabet.vocabulary,
            characters: true,
            count: top,
            ids: Uint32Array.from(ids),
            probabilities: Uint16Array.from(probabilities, toHalf),
          }
        : null,
    };
    const rows = this.#shown.flatMap((unit): ComputedUnit[] => {
      const values = this.#values.get(unitKey(unit.state.name, unit.unit));
      return values ? [{ unit, values, row: quantise(values, unit.state.bound) }] : [];
    });
    const labels = this.#content.labels.map((label) => this.#label(label));
    this.#given = { ...this.#content, tokens: this.#tokens, checkpoints: [moment], labels };
    this.#store.show(this.#given, rows);
  }

  /** A label for the text as it is: made anew where it can be, else it ends where the text was changed. */
  #label(label: Label): Label {
    const { text } = this.#tokens;
    const original = this.original.peek();
    if (text === original) return label;
    const fresh = this.#relabel(label, original, text);
    if (fresh) return { ...label, ...fresh };
    const { start } = common([...original], [...text]);
    return { ...label, values: carry(label.values, this.#ids.length, { start, end: 0 }) };
  }

  /** Takes what makes labels anew. */
  setRelabel(relabel: Relabel): void {
    this.#relabel = relabel;
    this.#show();
  }

  async #answer({ state, unit, kind, ...rest }: Request): Promise<Bytes[]> {
    const values = await this.#line.state("shown", state, unit, 1);
    if (kind === "exact") {
      const { start, stop } = rest as { start: number; stop: number };
      return [values.slice(start, stop).buffer as ArrayBuffer];
    }
    const bound = this.#content.states.find(({ name }) => name === state)?.bound ?? null;
    const { bytes, scale, limit, peak } = quantise(values, bound);
    return [bytes?.buffer as ArrayBuffer, Float32Array.of(scale, limit, peak).buffer];
  }
}

/** The mean of what is a number. */
function mean(values: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count ? sum / count : Number.NaN;
}
