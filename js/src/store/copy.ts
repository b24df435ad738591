import { watch } from "../dom";
import { computed, type ReadonlySignal, type Signal, signal } from "../signals";
import { flipped, type Paint, paint, type RGB, straight, type Turn } from "./colour";
import type { Unit, UnitRow, Value, Values } from "./values";
import type { Content, StateInfo } from "./wire";

/** What all copies share. */
export interface CopyContext {
  values: Values;
  content: ReadonlySignal<Content>;
  /** How many tokens may be shown: all of them, or those up to the cursor while a class guesses the rest. */
  revealed: ReadonlySignal<number>;
  ramp: ReadonlySignal<RGB[]>;
  /** What shows where no value is painted. */
  ground: ReadonlySignal<RGB>;
  /** The units whose colours are turned. */
  flipped: ReadonlySignal<[string, number][]>;
}

/** One coloured copy of the text: its unit, and what is known of that unit. */
export class Copy {
  readonly #values: Values;
  /** What it shows, or will as soon as its bytes are here. */
  readonly wanted: ReadonlySignal<Unit>;
  readonly #row: Signal<UnitRow>;
  readonly state: ReadonlySignal<StateInfo>;
  /** Always one of the state's. */
  readonly unit: ReadonlySignal<number>;
  /** The unit on screen: the wanted one, or until its bytes arrive the one before; only what is revealed of it. */
  readonly row: ReadonlySignal<UnitRow>;
  readonly loading: ReadonlySignal<boolean>;
  readonly paint: ReadonlySignal<Paint>;
  /** How its colours lie on the scale. */
  readonly turn: ReadonlySignal<Turn>;

  constructor(
    { values, content, revealed, ramp, ground, flipped: units }: CopyContext,
    wanted: ReadonlySignal<Unit>,
    lifetime: AbortSignal,
  ) {
    this.#values = values;
    this.wanted = wanted;
    this.state = computed(() => wanted.value.state);
    this.unit = computed(() => wanted.value.unit);
    const newest = computed(() => values.row(wanted.value));
    this.#row = signal(newest.peek());
    this.row = computed(() => {
      const row = this.#row.value;
      const shown = revealed.value;
      return row.bytes && shown < row.bytes.length ? { ...row, bytes: row.bytes.subarray(0, shown) } : row;
    });
    this.loading = computed(() => values.pending(newest.value));
    this.turn = computed(() => {
      const { name } = this.state.value;
      const isFlipped = units.value.some(([state, unit]) => state === name && unit === this.unit.value);
      return isFlipped ? flipped(this.#row.value.low === 0) : straight;
    });
    this.paint = computed(() => {
      return paint(ramp.value, this.#row.value, ground.value, this.turn.value);
    });
    let settledIn: Content | undefined;
    watch(() => {
      const row = newest.value;
      // Bytes of another trace are of no use: then rather no colours.
      if (row.bytes || content.value !== settledIn || !values.pending(row)) this.#row.value = row;
      settledIn = content.value;
    }, lifetime);
  }

  /** The value after `token`, as exactly as it is known here. */
  valueAt(token: number): Value {
    return this.#values.at(this.wanted.value, token);
  }
}
