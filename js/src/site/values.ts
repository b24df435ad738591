import { type AbsolutePath, get, open, root, type Array as ZarrArray } from "zarrita";
import type { Bytes, Traits } from "../host";
import { placeOf, type Source } from "../saved/host";
import { toFloat32 } from "../store/wire";
import { Folder } from "./folder";

/** Where what a site's page did not open with lies: in a folder beside it. */
export interface Later {
  folder: string;
  /** The content as it is of the whole text; in place of each buffer stands `{"$z": i}`, an array's name. */
  content: unknown;
  /** Of each checkpoint, what is wanted last. */
  facts: unknown[];
  /** Of each checkpoint, `[scale, limit, peak]` of each unit. */
  numbers: unknown[];
}

interface Checkpoint {
  rows?: unknown[];
}

type Content = { checkpoints: Checkpoint[] };

/** A browser lets no page read files of a disk, not even those beside it. */
const FROM_DISK =
  "a browser reads the files beside this page from a web server only. In its folder, run " +
  "“python -m http.server” and open the address that it says";

/** The values of a trace that lies beside its page: unit after unit, read when one is asked for. */
export class ValuesBeside implements Source {
  readonly #traits: Traits;
  readonly #later: Later;
  readonly #root;
  readonly #arrays: Promise<ZarrArray<"int8">>[] = [];
  /** Units that came with the whole text: they are asked for once more, then by the widget. */
  readonly #first = new Map<string, Promise<Bytes[]>>();
  #numbers: Float32Array[] | undefined;
  /** Has no end but where the whole text cannot be read: with that, all is asked for anew. */
  readonly #waiting: Promise<never>;
  #giveUp: (reason: unknown) => void = () => {};

  constructor(traits: Traits, later: Later) {
    this.#traits = traits;
    this.#later = later;
    this.#root = root(new Folder(new URL(`${later.folder}/`, document.baseURI)));
    this.#waiting = new Promise((_, reject) => {
      this.#giveUp = reject;
    });
    this.#waiting.catch(() => {}); // `all` says it
  }

  /** A unit of the whole text. */
  async unit(checkpoint: number, index: number): Promise<Bytes[]> {
    if (!this.#numbers) return this.#waiting;
    const key = `${checkpoint} ${index}`;
    const known = this.#first.get(key);
    this.#first.delete(key);
    return known ?? this.#read(checkpoint, index, this.#numbers);
  }

  async #read(checkpoint: number, index: number, numbers: Float32Array[]): Promise<Bytes[]> {
    this.#arrays[checkpoint] ??= this.#open(`/values/${checkpoint}`) as Promise<ZarrArray<"int8">>;
    const { data } = await get(await this.#arrays[checkpoint], [index, null]);
    return [data as unknown as Uint8Array, numbers[checkpoint].slice(3 * index, 3 * index + 3).buffer];
  }

  /** Takes in the whole text with the units that are shown, then what is known of its tokens. */
  async all(host: { changed(): void }): Promise<void> {
    try {
      if (location.protocol === "file:") throw new Error(FROM_DISK);
      await this.#take(host);
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  async #take(host: { changed(): void }): Promise<void> {
    const [content, buffers] = await Promise.all([
      this.#filled(this.#later.content) as Promise<Content>,
      this.#filled(this.#later.numbers) as Promise<Uint8Array[]>,
    ]);
    const numbers = buffers.map(toFloat32);
    const { state, unit, units, checkpoint } = this.#traits;
    const shown = [{ state, unit }, ...units.map(([state, unit]) => ({ state, unit }))];
    const rows = shown.map(async (one) => {
      const index = placeOf(content, one);
      const key = `${checkpoint} ${index}`;
      const row = this.#first.get(key) ?? this.#read(checkpoint, index, numbers);
      this.#first.set(key, row);
      const [values, scales] = await row;
      return { ...one, values, scales };
    });
    content.checkpoints[checkpoint].rows = await Promise.all(rows);
    this.#numbers = numbers;
    this.#traits._content = content;
    host.changed();
    const facts = (await this.#filled(this.#later.facts)) as Checkpoint[];
    const checkpoints = content.checkpoints.map((known, i) => ({ ...known, ...facts[i] }));
    this.#traits._content = { ...content, checkpoints };
    host.changed();
  }

  #open(name: AbsolutePath) {
    return open.v3(this.#root.resolve(name), { kind: "array" });
  }

  /** The JSON with its buffers in their places. */
  async #filled(value: unknown): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map((item) => this.#filled(item)));
    if (value === null || typeof value !== "object") return value;
    if ("$z" in value) return (await get(await this.#open(`/buffers/${value.$z}`))).data;
    const entries = Object.entries(value).map(async ([key, item]) => [key, await this.#filled(item)]);
    return Object.fromEntries(await Promise.all(entries));
  }
}
