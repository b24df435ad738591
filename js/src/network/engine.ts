import { type Arithmetic, scriptArithmetic, wasmArithmetic } from "./arithmetic";
import { readNetwork } from "./network";
import type { Answer, Request, Values, Want } from "./protocol";
import { draw, random } from "./sampling";
import { Stack } from "./stack";
import { Track } from "./track";

/** Beyond this the page's network is not the one it was made from. */
const TOLERANCE = 1e-4;
/** How many bytes the rows of all texts may take. */
const MOST_BYTES = 512e6;
/** How often what is known so far is told, in milliseconds. */
const TELL_EVERY = 80;

type Ask = Extract<Request, { kind: "state" }>;
type Write = Extract<Request, { kind: "write" }> & { written: number[] };

/** Runs a network for one page: in slices, so that what is wanted may change at any time. */
export class Engine {
  readonly #post: (answer: Answer) => void;
  readonly #wasm: BufferSource;
  readonly #slice: number;
  readonly #pause: (run: () => void) => void;
  readonly #tracks = new Map<string, Track>();
  /** The first token of each text of which nothing is told yet. */
  readonly #told = new Map<string, number>();
  #stack: Stack | undefined;
  #want: Want | undefined;
  #asks: Ask[] = [];
  #write: Write | undefined;
  #lastTold = 0;
  #running = false;

  /**
   * @param wasm the program that multiplies
   * @param slice how long it computes without a pause, in milliseconds
   * @param pause goes on after what else there is to do
   */
  constructor(
    post: (answer: Answer) => void,
    wasm: BufferSource,
    slice: number,
    pause: (run: () => void) => void,
  ) {
    this.#post = post;
    this.#wasm = wasm;
    this.#slice = slice;
    this.#pause = pause;
  }

  receive(request: Request): void {
    try {
      if (request.kind === "open") this.#open(request.network);
      else if (!this.#stack) throw new RangeError("No network is open.");
      else if (request.kind === "want") this.#take(request);
      else if (request.kind === "state") this.#ask(request);
      else this.#begin(request);
    } catch (error) {
      this.#post({ kind: "refused", reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (this.#running) return;
    this.#running = true;
    this.#run();
  }

  #open(bytes: ArrayBuffer): void {
    const network = readNetwork(bytes);
    let arithmetic: "WebAssembly" | "JavaScript" = "WebAssembly";
    const make = (floats: number): Arithmetic => {
      try {
        return wasmArithmetic(this.#wasm, floats);
      } catch {
        arithmetic = "JavaScript";
        return scriptArithmetic(floats);
      }
    };
    this.#stack = new Stack(network, make);
    const difference = this.#difference(this.#stack);
    if (!(difference <= TOLERANCE)) {
      this.#stack = undefined;
      throw new RangeError(
        `The network computes other values here than where the page was made (by ${difference.toPrecision(2)} of the largest).`,
      );
    }
    this.#post({ kind: "opened", arithmetic, difference });
  }

  /** How far the values here are from those that came with the network, relative to the largest. */
  #difference(stack: Stack): number {
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

  #track(name: string): Track {
    let track = this.#tracks.get(name);
    if (!track && this.#stack) this.#tracks.set(name, (track = new Track(this.#stack)));
    if (!track) throw new RangeError("No network is open.");
    return track;
  }

  #ask(ask: Ask): void {
    if (ask.state !== "logits") this.#stack?.place(ask.state, ask.first + ask.count - 1);
    this.#asks.push(ask);
  }

  #take(want: Want): void {
    this.#finishWriting();
    for (const { state, unit } of want.units) this.#stack?.place(state, unit);
    const tokens = Object.values(want.texts).reduce((sum, { ids }) => sum + ids.length, 0);
    const most = Math.floor(MOST_BYTES / (this.#stack?.bytes ?? 1));
    if (tokens > most) {
      const reason = `The text is too long for this network in a page: ${tokens.toLocaleString("en")} characters, at most ${most.toLocaleString("en")}.`;
      this.#post({ kind: "too much", version: want.version, reason });
      return;
    }
    const others = JSON.stringify(want.units) !== JSON.stringify(this.#want?.units);
    for (const name of this.#tracks.keys()) if (!(name in want.texts)) this.#tracks.delete(name);
    for (const [name, { ids, holds }] of Object.entries(want.texts)) {
      const old = this.#tracks.has(name) ? (this.#told.get(name) ?? 0) : 0;
      const same = this.#track(name).set(ids, holds);
      // What comes after the last that stays has changed, so its loss has, too.
      this.#told.set(name, others ? 0 : Math.max(0, Math.min(old, same) - 1));
    }
    this.#want = want;
    this.#lastTold = performance.now();
  }

  #begin(request: Extract<Request, { kind: "write" }>): void {
    this.#finishWriting();
    this.#track(request.text).set(request.reading.ids, request.reading.holds);
    this.#write = { ...request, written: [] };
  }

  #finishWriting(): void {
    if (this.#write)
      this.#post({ kind: "written", id: this.#write.id, ids: Uint32Array.from(this.#write.written) });
    this.#write = undefined;
  }

  #run(): void {
    const end = performance.now() + this.#slice;
    while (this.#advance()) {
      if (performance.now() < end) continue;
      this.#pause(() => this.#run());
      return;
    }
    this.#running = false;
  }

  /** Does the most urgent thing; false when there is nothing to do. */
  #advance(): boolean {
    if (this.#write) return this.#writeOn(this.#write);
    const want = this.#want;
    for (const [name] of Object.entries(want?.texts ?? {})) {
      const track = this.#track(name);
      if (want && !track.complete) {
        track.step();
        const { length } = track.rows;
        const due = performance.now() - this.#lastTold > TELL_EVERY;
        if (track.complete || length === want.visible || due) this.#tell(want, name, track);
        return true;
      }
      if (want && (this.#told.get(name) ?? 0) < track.rows.length) {
        this.#tell(want, name, track);
        return true;
      }
    }
    const ask = this.#asks.shift();
    if (ask) this.#reply(ask);
    return ask !== undefined;
  }

  #writeOn(write: Write): boolean {
    const track = this.#track(write.text);
    const last = track.rows.at(-1);
    const stack = this.#stack;
    if (!track.complete) track.step();
    else if (write.written.length < write.count && last && stack) {
      const chance = random(write.seed, write.index + write.written.length);
      const id = draw(last.subarray(stack.logits, stack.normaliser), write.temperature, chance);
      write.written.push(id);
      track.append(id);
    } else this.#finishWriting();
    return true;
  }

  #tell(want: Want, name: string, track: Track): void {
    const stack = this.#stack;
    if (!stack) return;
    const start = this.#told.get(name) ?? 0;
    const rows = track.rows.slice(start);
    const { top, likeliest } = stack;
    const answer: Values = {
      kind: "values",
      version: want.version,
      text: name,
      start,
      stop: track.rows.length,
      complete: track.complete,
      units: want.units.map(({ state, unit }) => {
        const at = stack.place(state, unit);
        return Float32Array.from(rows, (row) => row[at]);
      }),
      loss: Float32Array.from(rows, (row, i) => {
        const next = start + i + 1;
        return next < track.ids.length ? stack.loss(row, track.ids[next]) : Number.NaN;
      }),
      top,
      ids: new Uint32Array(rows.length * top),
      probabilities: new Float32Array(rows.length * top),
    };
    rows.forEach((row, i) => {
      answer.ids.set(row.subarray(likeliest, likeliest + top), i * top);
      answer.probabilities.set(row.subarray(likeliest + top, likeliest + 2 * top), i * top);
    });
    this.#told.set(name, track.rows.length);
    this.#lastTold = performance.now();
    this.#post(answer);
  }

  #reply({ id, text, state, first, count }: Ask): void {
    const stack = this.#stack;
    const rows = this.#tracks.get(text)?.rows ?? [];
    if (!stack) return;
    const at = state === "logits" ? stack.logits + first : stack.place(state, first);
    const values = new Float32Array(rows.length * count);
    rows.forEach((row, t) => {
      values.set(row.subarray(at, at + count), t * count);
    });
    this.#post({ kind: "state", id, values });
  }
}
