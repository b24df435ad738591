import type { EngineAnswer, EngineRequest, TokenValues, Want } from "./protocol";
import { draw, random } from "./sampling";
import type { Stack } from "./stack";
import { Track } from "./track";

/** How many bytes the rows of all texts may take. */
const MOST_BYTES = 512e6;
/** How often what is known so far is told, in milliseconds. */
const TELL_EVERY = 80;

type Ask = Extract<EngineRequest, { kind: "state" }>;
type Write = Extract<EngineRequest, { kind: "write" }>;

/** What a page wants to know of one network, and what is still to be done for it. */
export class Session {
  readonly #stack: Stack;
  readonly #post: (answer: EngineAnswer) => void;
  readonly #initial: Float32Array<ArrayBuffer>;
  readonly #tracks = new Map<string, Track>();
  /** The first token of each text of which nothing is told yet. */
  readonly #told = new Map<string, number>();
  #want: Want = { kind: "want", version: 0, texts: {}, visible: 0, units: [] };
  #asks: Ask[] = [];
  #write: (Write & { written: number[] }) | undefined;
  #lastTold = 0;

  constructor(stack: Stack, post: (answer: EngineAnswer) => void, initial: Float32Array<ArrayBuffer>) {
    this.#stack = stack;
    this.#post = post;
    this.#initial = initial;
  }

  /** Takes what is wanted from now on; what was wanted before is dropped. */
  want(want: Want): void {
    this.#finishWriting();
    for (const { state, unit } of want.units) this.#stack.place(state, unit);
    const texts = Object.entries(want.texts);
    const tokens = texts.reduce((sum, [, { ids }]) => sum + ids.length, 0);
    const most = Math.floor(MOST_BYTES / this.#stack.bytes);
    if (tokens > most) {
      const [has, may] = [tokens, most].map((count) => count.toLocaleString("en"));
      const reason = `The text is too long for this network in a page: ${has} characters, at most ${may}.`;
      this.#post({ kind: "too much", version: want.version, reason });
      return;
    }
    for (const name of this.#tracks.keys()) if (!(name in want.texts)) this.#tracks.delete(name);
    for (const [name, { ids, holds, known }] of texts) {
      const same = this.#track(name).set(ids, holds);
      // What the last token that stays costs to follow has changed, too.
      this.#told.set(name, Math.max(0, Math.min(known, same) - 1));
    }
    this.#want = want;
    this.#lastTold = performance.now();
  }

  /** Takes a question, which is answered when all that is wanted is done. */
  ask(ask: Ask): void {
    if (ask.state !== "logits") this.#stack.place(ask.state, ask.first + ask.count - 1);
    this.#asks.push(ask);
  }

  /** Begins to write. What was wanted is dropped: it was of a text that now becomes another. */
  write(write: Write): void {
    this.#finishWriting();
    const { text, reading } = write;
    this.#track(text).set(reading.ids, reading.holds);
    this.#want = { ...this.#want, texts: {} };
    this.#write = { ...write, written: [] };
  }

  /** Does the most urgent thing; false when there is nothing to do. */
  advance(): boolean {
    if (this.#write) {
      this.#writeOn(this.#write);
      return true;
    }
    for (const name of Object.keys(this.#want.texts)) {
      const track = this.#track(name);
      const { length } = track.rows;
      if (!track.complete) {
        track.step();
        const due = performance.now() - this.#lastTold > TELL_EVERY;
        if (track.complete || length + 1 === this.#want.visible || due) this.#tell(name, track);
        return true;
      }
      if ((this.#told.get(name) ?? 0) < length) {
        this.#tell(name, track);
        return true;
      }
    }
    const ask = this.#asks.shift();
    if (ask) this.#reply(ask);
    return ask !== undefined;
  }

  #track(name: string): Track {
    const known = this.#tracks.get(name);
    if (known) return known;
    const track = new Track(this.#stack, this.#initial);
    this.#tracks.set(name, track);
    return track;
  }

  #writeOn({ text, count, temperature, seed, index, written }: Write & { written: number[] }): void {
    const track = this.#track(text);
    const { logits, normaliser } = this.#stack;
    const last = track.rows.at(-1);
    if (!track.complete) track.step();
    else if (last && written.length < count) {
      const chance = random(seed, index + written.length);
      const id = draw(last.subarray(logits, normaliser), temperature, chance);
      written.push(id);
      track.append(id);
    } else this.#finishWriting();
  }

  #finishWriting(): void {
    if (this.#write)
      this.#post({ kind: "written", id: this.#write.id, ids: Uint32Array.from(this.#write.written) });
    this.#write = undefined;
  }

  #tell(name: string, track: Track): void {
    const { top, likeliest } = this.#stack;
    const start = this.#told.get(name) ?? 0;
    const rows = track.rows.slice(start);
    const columns = (at: number, Kind: typeof Float32Array | typeof Uint32Array) => {
      const values = new Kind(rows.length * top);
      rows.forEach((row, i) => {
        values.set(row.subarray(at, at + top), i * top);
      });
      return values;
    };
    const answer: TokenValues = {
      kind: "values",
      version: this.#want.version,
      text: name,
      start,
      stop: track.rows.length,
      complete: track.complete,
      units: this.#want.units.map(({ state, unit }) => {
        const at = this.#stack.place(state, unit);
        return Float32Array.from(rows, (row) => row[at]);
      }),
      loss: Float32Array.from(rows, (row, i) => {
        const next = start + i + 1;
        return next < track.ids.length ? this.#stack.loss(row, track.ids[next]) : Number.NaN;
      }),
      top,
      ids: columns(likeliest, Uint32Array) as Uint32Array,
      probabilities: columns(likeliest + top, Float32Array) as Float32Array,
    };
    this.#told.set(name, track.rows.length);
    this.#lastTold = performance.now();
    this.#post(answer);
  }

  #reply({ id, text, state, first, count }: Ask): void {
    const rows = this.#tracks.get(text)?.rows ?? [];
    const at = state === "logits" ? this.#stack.logits + first : this.#stack.place(state, first);
    const values = new Float32Array(rows.length * count);
    rows.forEach((row, t) => {
      values.set(row.subarray(at, at + count), t * count);
    });
    this.#post({ kind: "state", id, values });
  }
}
