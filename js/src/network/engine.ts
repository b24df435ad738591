import { type Arithmetic, scriptArithmetic, wasmArithmetic } from "./arithmetic";
import { readNetwork } from "./network";
import type { EngineAnswer, EngineRequest } from "./protocol";
import { Session } from "./session";
import { Stack } from "./stack";
import { Track } from "./track";

/** Beyond this the page's network is not the one it was made from. */
const TOLERANCE = 1e-4;

/** What an engine is given by the thread that it runs on. */
export interface Thread {
  post: (answer: EngineAnswer) => void;
  /** How long it may compute without a pause, in milliseconds. */
  slice: number;
  /** Goes on after what else there is to do. */
  pause: (run: () => void) => void;
}

/** Runs a network for one page: in slices, so that what is wanted may change at any time. */
export class Engine {
  readonly #thread: Thread;
  readonly #wasm: BufferSource;
  #session: Session | undefined;
  #running = false;

  /** @param wasm the program that multiplies */
  constructor(thread: Thread, wasm: BufferSource) {
    this.#thread = thread;
    this.#wasm = wasm;
  }

  receive(request: EngineRequest): void {
    try {
      if (request.kind === "open") this.#open(request);
      else if (!this.#session) throw new RangeError("No network is open.");
      else if (request.kind === "want") this.#session.want(request);
      else if (request.kind === "state") this.#session.ask(request);
      else this.#session.write(request);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#thread.post({ kind: "refused", reason });
      return;
    }
    if (this.#running) return;
    this.#running = true;
    this.#run();
  }

  #open({ network: bytes, initial }: Extract<EngineRequest, { kind: "open" }>): void {
    this.#session = undefined;
    const network = readNetwork(bytes);
    if (initial.length && (initial.length !== network.width || !initial.every(Number.isFinite)))
      throw new RangeError("The states before the text are not those of this network.");
    let arithmetic: "WebAssembly" | "JavaScript" = "WebAssembly";
    const make = (floats: number): Arithmetic => {
      try {
        return wasmArithmetic(this.#wasm, floats);
      } catch {
        arithmetic = "JavaScript";
        return scriptArithmetic(floats);
      }
    };
    const stack = new Stack(network, make);
    const difference = proof(stack);
    if (!(difference <= TOLERANCE)) {
      const by = `${difference.toPrecision(2)} of the largest`;
      throw new RangeError(`The network computes other values here than where the page was made (by ${by}).`);
    }
    this.#session = new Session(stack, this.#thread.post, initial);
    const { states, header } = network;
    const { hidden: units, vocabulary } = header;
    this.#thread.post({ kind: "opened", arithmetic, states, units, vocabulary, difference });
  }

  #run(): void {
    const end = performance.now() + this.#thread.slice;
    while (this.#session?.advance()) {
      if (performance.now() < end) continue;
      this.#thread.pause(() => this.#run());
      return;
    }
    this.#running = false;
  }
}

/** How far the values here are from those that came with the network, relative to the largest; NaN where one is. */
function proof(stack: Stack): number {
  const { ids, rows } = stack.network.proof;
  const own = new Track(stack);
  own.set(ids, []);
  while (!own.complete) own.step();
  let error = 0;
  let largest = Number.MIN_VALUE;
  for (const { token, values } of rows)
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
      error = Math.max(error, Math.abs(values[i] - own.rows[token][i]));
    }
  return error / largest;
}
