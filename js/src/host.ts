/** What a widget's surroundings must offer. Everything but `widget.ts` and `page.ts` sees only this. */
export interface Host {
  get<K extends keyof Traits>(name: K): Traits[K];
  /** Sets values here at once; they reach the kernel, where there is one, a little later. */
  set(values: Partial<SyncedTraits>): void;
  /** Calls `listener` after any trait may have changed, by us or by someone else. */
  onChange(listener: () => void, signal: AbortSignal): void;
  /** Resolves with the reply's buffers; rejects on an error reply, or when none comes in time. */
  request(message: Request | NetworkRequest): Promise<Bytes[]>;
  /** False where nobody can ever answer a request. */
  readonly hasKernel: boolean;
  /** A network that may run here; null where there is none. */
  readonly engine: Engine | Promise<Engine> | null;
  /** The panels that only some widgets need. */
  extras(): Promise<typeof import("./extras/main")>;
  /** The panels that look for units. */
  finder(): Promise<typeof import("./finding/main")>;
}

/** What answers for units: a host, or a network that runs here. */
export interface UnitSource {
  request(message: Request): Promise<Bytes[]>;
  readonly hasKernel: boolean;
}

/** A network, and the programs that run it. */
export interface Engine {
  code: string;
  /** The rest of the program: loaded when it is used. */
  more: string;
  network: Bytes;
  /** Its states before the text, float32; empty for zeros. */
  initial: Bytes;
}

/** The traits that a person changes, in the view or in Python. */
export interface SyncedTraits {
  state: string;
  unit: number;
  /** Token index, -1 for none. */
  cursor: number;
  /** `[start, stop)` in tokens, or empty for none. */
  selection: number[];
  /** Marked stretches, `[start, stop)` in tokens: in order, none meets another. */
  marked: [number, number][];
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
  /** Whether what stands ahead of the cursor is hidden, to be guessed: its colours, or its letters too. */
  guess: Guess | boolean;
  /** Whether it is drawn for a hall. */
  present: boolean;
  /** The text as it was edited. */
  text: string;
  /** Most CSS pixels and columns of the text; null for what there is room for. */
  height: number | null;
  wrap: number | null;
  /** Whether there is something to choose by. */
  controls: boolean;
  /** Whether tokens are set apart; null where their kind decides. */
  apart: boolean | null;
  /** `[state, unit, low, high]`: the ends of colour scales; unit -1 stands for all of a state, the last that fits counts. */
  _limits: [string, number, number, number][];
  /** The source of the panels that only some widgets need; empty where this one does not. */
  _extras: string;
}

/** What they are where nothing is said: pages of earlier versions do not say all. */
export const DEFAULTS: SyncedTraits = {
  state: "",
  unit: 0,
  cursor: -1,
  selection: [],
  marked: [],
  palette: "red-blue",
  flipped: [],
  units: [],
  active: 0,
  arrange: "auto",
  checkpoint: 0,
  guess: false,
  present: false,
  text: "",
  height: null,
  wrap: null,
  controls: true,
  apart: null,
  _limits: [],
  _extras: "",
};

/** What is hidden to be guessed. */
export type Guess = "values" | "text";

/** How several copies of the text stand. */
export type Arrange = "auto" | "stacked" | "side by side";

export interface Traits extends SyncedTraits {
  /** Decoded, and so checked, by `wire.ts`. */
  _content: unknown;
  /** A portable network, empty where none lives here. */
  _network: Bytes;
  /** The sources of the programs that run it: what opens the page, and what is loaded when it is used. */
  _engine: string[];
  /** Its states before the text, float32; empty for zeros. */
  _initial: Bytes;
}

export type Request = { state: string; unit: number; checkpoint: number } & (
  | { kind: "exact"; start: number; stop: number }
  | { kind: "unit" }
);

/**
 * What may take longer than other requests: so many milliseconds.
 *
 * What is the network whose text is edited, and what does it do with this text? Then what looks for units: the
 * program itself, and what that asks.
 */
export type NetworkRequest = { patience: number } & (
  | { kind: "open" }
  | { kind: "read"; ids: number[]; holds: unknown[]; units: { state: string; unit: number }[] }
  | { kind: "program" }
  | { kind: "marked" | "marked score"; checkpoint: number; marked: [number, number][] }
  | { kind: "progress" | "stop" }
  | { kind: "window"; state: string; checkpoint: number; start: number; stop: number }
  | { kind: "contexts"; state: string; unit: number; checkpoint: number }
);

/** Buffers arrive as any of these: Jupyter, Colab and shinywidgets differ. */
export type Bytes = DataView | Uint8Array | ArrayBuffer;

/** How long a reply may take before a request counts as unanswered, in milliseconds. */
export const REPLY_TIMEOUT = 2000;
