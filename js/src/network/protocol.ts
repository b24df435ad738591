import type { Hold } from "./stack";

/** A text as the network is to read it. */
export interface Reading {
  ids: Uint32Array;
  holds: Hold[];
}

/** The same, and how many of its tokens the page has right values of: of the others it is told. */
export type WantedText = Reading & { known: number };

/** All that a page wants to know; it takes the place of what was wanted before. */
export interface Want {
  kind: "want";
  /** Comes back with every answer: one to an older want is of no use. */
  version: number;
  /** By name; the first is computed first, up to `visible` before anything else. */
  texts: Record<string, WantedText>;
  visible: number;
  /** Units whose values come by themselves. */
  units: { state: string; unit: number }[];
}

export type EngineRequest =
  | { kind: "open"; network: ArrayBuffer; initial: Float32Array<ArrayBuffer> }
  | Want
  /** `count` units of a state from `first` on, or as many logits: answered once the text is read. */
  | { kind: "state"; id: number; text: string; state: string; first: number; count: number }
  /** Reads `reading` as the text of this name, and writes on: the random numbers from `index` on. */
  | {
      kind: "write";
      id: number;
      text: string;
      reading: Reading;
      count: number;
      temperature: number;
      seed: number;
      index: number;
    };

/** What is known of some tokens of a text. */
export interface TokenValues {
  kind: "values";
  version: number;
  text: string;
  /** The tokens `[start, stop)`; those before are as they were. */
  start: number;
  stop: number;
  /** Whether all tokens are read. */
  complete: boolean;
  /** In the order of the units that are wanted. */
  units: Float32Array[];
  /** Nats, of the token after each; NaN after the last. */
  loss: Float32Array;
  /** The likeliest next tokens, `top` for each. */
  top: number;
  ids: Uint32Array;
  probabilities: Float32Array;
}

export type EngineAnswer =
  | { kind: "ready" }
  | {
      kind: "opened";
      /** What does the arithmetic. */
      arithmetic: "WebAssembly" | "JavaScript";
      /** Names of the states, each of `units` units. */
      states: string[];
      units: number;
      vocabulary: string[];
      /** The largest difference from Python's values, relative to the largest of them. */
      difference: number;
    }
  /** No answers will come: why, in a sentence. */
  | { kind: "refused"; reason: string }
  /** A want cannot be met: why, in a sentence. */
  | { kind: "too much"; version: number; reason: string }
  | TokenValues
  | { kind: "state"; id: number; values: Float32Array }
  | { kind: "written"; id: number; ids: Uint32Array };
