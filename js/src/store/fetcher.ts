import { type ReadonlySignal, signal } from "../signals";

export interface Wish<V> {
  key: string;
  ask: () => Promise<V>;
}

/** After an unanswered request, how long nothing more is asked, in milliseconds. */
const SILENCE = 10_000;

/**
 * Values that a kernel may have: a small cache, one request in flight, the newest wishes first.
 *
 * However fast a pointer or a slider moves, the kernel sees one request after the other, for what is wanted then.
 */
export class Fetcher<V> {
  readonly #cache = new Map<string, V>();
  readonly #capacity: number;
  readonly #version = signal(0);
  #wishes: Wish<V>[] = [];
  #flying = false;
  #generation = 0;
  #silentUntil = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Changes whenever `get` or `failed` may answer differently. */
  get version(): ReadonlySignal<number> {
    return this.#version;
  }

  get(key: string): V | undefined {
    return this.#cache.get(key);
  }

  /** Takes a value that nobody was asked for. */
  put(key: string, value: V): void {
    this.#cache.set(key, value);
    this.#version.value++;
  }

  /** Whether the last request went unanswered a short while ago. */
  get failed(): boolean {
    return performance.now() < this.#silentUntil;
  }

  /** Asks for what is not here yet, first things first, in place of what was wished before. */
  wish(wishes: Wish<V>[]): void {
    this.#wishes = wishes;
    for (const { key } of wishes) this.#touch(key);
    this.#next();
  }

  /** Forgets everything, also answers still on their way: they belong to another trace. */
  clear(): void {
    this.#generation++;
    this.#cache.clear();
    this.#wishes = [];
    this.#silentUntil = 0;
    this.#flying = false;
  }

  /** Moves a key to the young end of the cache. */
  #touch(key: string): void {
    const value = this.#cache.get(key);
    if (value === undefined) return;
    this.#cache.delete(key);
    this.#cache.set(key, value);
  }

  #next(): void {
    if (this.#flying || this.failed) return;
    const wish = this.#wishes.find(({ key }) => !this.#cache.has(key));
    if (!wish) return;
    this.#flying = true;
    const generation = this.#generation;
    wish.ask().then(
      (value) => generation === this.#generation && this.#arrived(wish.key, value),
      () => generation === this.#generation && this.#missed(),
    );
  }

  #arrived(key: string, value: V): void {
    this.#flying = false;
    this.#cache.set(key, value);
    for (const old of this.#cache.keys()) {
      if (this.#cache.size <= this.#capacity) break;
      this.#cache.delete(old);
    }
    this.#version.value++;
    this.#next();
  }

  #missed(): void {
    this.#flying = false;
    this.#silentUntil = performance.now() + SILENCE;
    this.#version.value++;
  }
}
