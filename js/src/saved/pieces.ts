import type { Bytes, Engine, Traits } from "../host";
import { toFloat32, toInt8, type Whole } from "../store/wire";
import type { Source } from "./host";
import { parsedText } from "./parsing";
import { type PackedJson, unpack } from "./unpack";

/** How the pieces that stand behind an opening are arranged. */
export type Later = { key: string } & (
  | { network: true }
  | {
      /** Units in a piece. */
      each: number;
      /** The checkpoints, in the order in which the pieces have their values. */
      order: number[];
    }
);

interface PackedValues {
  values: Uint8Array;
  scales: Uint8Array;
  limits: Uint8Array;
  peaks: Uint8Array;
}

type Checkpoint = Record<string, unknown>;

interface Content {
  length: number;
  states: { units: number }[];
  checkpoints: Checkpoint[];
}

/** A short rest between two pieces, in milliseconds: whoever uses the page comes first. */
const REST = 8;

/** The `index`th piece of an opening, once it is here. */
async function piece<T>(key: string, index: number): Promise<T> {
  const text = await parsedText(`script[data-rnnviz-piece="${key}"]`, index);
  return unpack<T>(JSON.parse(text) as PackedJson);
}

/** The network of a live page, which stands behind its opening, and the programs in its head. */
export async function engineBehind(key: string): Promise<Engine> {
  const { network, initial } = await piece<Pick<Engine, "network" | "initial">>(key, 0);
  const programs = document.querySelectorAll("script[data-rnnviz-engine]");
  const [code, more] = Array.from(programs, ({ textContent }) => textContent ?? "");
  if (!code) throw new Error("The page has no program for its network.");
  return { code, more, network, initial };
}

/** The values that stand behind an opening: decoded when they are asked for, and in the end all. */
export class ValuesBehind implements Source {
  readonly #traits: Traits;
  readonly #key: string;
  readonly #each: number;
  readonly #order: number[];
  readonly #units: number;
  readonly #length: number;
  readonly #pieces = new Map<number, Promise<void>>();
  /** By checkpoint: all values, and three numbers a unit. */
  readonly #here: Whole[];

  constructor(traits: Traits, { key, each, order }: Extract<Later, { each: number }>) {
    const { length, states } = traits._content as Content;
    this.#traits = traits;
    this.#key = key;
    this.#each = each;
    this.#order = order;
    this.#length = length;
    const units = states.reduce((sum, state) => sum + state.units, 0);
    this.#units = units;
    this.#here = order.map(() => ({
      values: new Int8Array(units * length),
      scales: new Float32Array(units),
      limits: new Float32Array(units),
      peaks: new Float32Array(units),
    }));
  }

  async unit(checkpoint: number, index: number): Promise<Bytes[]> {
    const { values, scales, limits, peaks } = this.#here[checkpoint];
    await this.#load(checkpoint, Math.floor(index / this.#each));
    const row = values.subarray(index * this.#length, (index + 1) * this.#length);
    const numbers = Float32Array.of(scales[index], limits[index], peaks[index]);
    return [new Uint8Array(row.buffer, row.byteOffset, row.length), numbers.buffer];
  }

  /** Takes in all that stands behind the opening, a little at a time. */
  async all(host: { changed(): void }): Promise<void> {
    const facts = await piece<{ checkpoints: Checkpoint[] }>(this.#key, 0);
    this.#tell(host, (i) => facts.checkpoints[i]);
    for (const checkpoint of this.#order) {
      for (let group = 0; group * this.#each < this.#units; group++) {
        await this.#load(checkpoint, group);
        await new Promise((rest) => setTimeout(rest, REST));
      }
    }
    this.#tell(host, (i) => {
      const { values, scales, limits, peaks } = this.#here[i];
      return { values: values.buffer, scales: scales.buffer, limits: limits.buffer, peaks: peaks.buffer };
    });
  }

  /** Adds to what is known of each checkpoint. */
  #tell(host: { changed(): void }, more: (checkpoint: number) => Checkpoint): void {
    const content = this.#traits._content as Content;
    const checkpoints = content.checkpoints.map((known, i) => ({ ...known, ...more(i) }));
    this.#traits._content = { ...content, checkpoints };
    host.changed();
  }

  #load(checkpoint: number, group: number): Promise<void> {
    const groups = Math.ceil(this.#units / this.#each);
    const index = 1 + this.#order.indexOf(checkpoint) * groups + group;
    const known = this.#pieces.get(index) ?? this.#decode(index, checkpoint, group * this.#each);
    this.#pieces.set(index, known);
    return known;
  }

  async #decode(index: number, checkpoint: number, first: number): Promise<void> {
    const { values, scales, limits, peaks } = await piece<PackedValues>(this.#key, index);
    const here = this.#here[checkpoint];
    here.values.set(toInt8(values), first * this.#length);
    here.scales.set(toFloat32(scales), first);
    here.limits.set(toFloat32(limits), first);
    here.peaks.set(toFloat32(peaks), first);
  }
}
