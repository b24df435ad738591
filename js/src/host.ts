/** What a widget's surroundings must offer. Everything but `widget.ts` and `page.ts` sees only this. */
export interface Host {
  get<K extends keyof Traits>(name: K): Traits[K];
  /** Sets values here at once; they reach the kernel, where there is one, a little later. */
  set(values: Partial<SyncedTraits>): void;
  /** Calls `listener` after any trait may have changed, by us or by someone else. */
  onChange(listener: () => void, signal: AbortSignal): void;
  /** Resolves with the reply's buffers; rejects on an error reply, or when none comes in time. */
  request(message: Request): Promise<Bytes[]>;
  /** False where nobody can ever answer a request. */
  readonly hasKernel: boolean;
  /** A network that may run here; null where there is none. */
  readonly engine: Engine | Promise<Engine> | null;
}

/** A portable network, and the program that runs it. */
export interface Engine {
  code: string;
  network: Bytes;
}

/** The traits that a person changes, in the view or in Python. */
export interface SyncedTraits {
  state: string;
  unit: number;
  /** Token index, -1 for none. */
  cursor: number;
  /** `[start, stop)` in tokens, or empty for none. */
  selection: number[];
  palette: string;
  /** `[state, unit]` of those whose colours are turned: red is low. */
  flipped: [string, number][];
  /** `[state, unit]` of each coloured copy of the text; empty for a single one of `state` and `unit`. */
  units: [string, number][];
  /** Which of `units` is `state` and `unit`. */
  active: number;
  arrange: Arrange;
  /** Which checkpoint of a training is shown. */
  checkpoint: number;
  /** Whether what stands ahead of the cursor is hidden, to be guessed. */
  guess: boolean;
  /** Whether it is drawn for a hall. */
  present: boolean;
  /** The text as it was edited. */
  text: string;
}

/** How several copies of the text stand. */
export type Arrange = "stacked" | "side by side";

export interface Traits extends SyncedTraits {
  /** Decoded, and so checked, by `wire.ts`. */
  _content: unknown;
  /** A portable network, empty where none lives here. */
  _network: Bytes;
  /** The source of the program that runs it. */
  _engine: string;
}

export type Request = { state: string; unit: number; checkpoint: number } & (
  | { kind: "exact"; start: number; stop: number }
  | { kind: "unit" }
);

/** Buffers arrive as any of these: Jupyter, Colab and shinywidgets differ. */
export type Bytes = DataView | Uint8Array | ArrayBuffer;

/** How long a reply may take before a request counts as unanswered, in milliseconds. */
export const REPLY_TIMEOUT = 2000;
