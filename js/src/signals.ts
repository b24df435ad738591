/** A value that says when it changes. */
export interface ReadonlySignal<T> {
  readonly value: T;
  /** The value, without being told when it changes. */
  peek(): T;
}

/** What reads signals: it is told when one of them may have changed. */
interface Reader {
  /** What it read when it last ran, and of which version. */
  sources: Map<Signal<unknown>, number>;
  notify(): void;
}

interface Effect extends Reader {
  run(): void;
}

let reader: Reader | null = null;
let depth = 0;
const waiting = new Set<Effect>();
/** Effects that set off each other so often never come to rest. */
const MOST_RUNS = 10_000;

/**
 * A value that can be set.
 *
 * Ours, as small as it can be: every saved widget carries it. It does what `@preact/signals-core` does, which the
 * tests compare it with.
 */
export class Signal<T> implements ReadonlySignal<T> {
  readonly readers = new Set<Reader>();
  held: T;
  version = 0;

  constructor(value: T) {
    this.held = value;
  }

  get value(): T {
    if (reader) this.readers.add(reader);
    this.refresh();
    reader?.sources.set(this as Signal<unknown>, this.version);
    return this.read();
  }

  set value(value: T) {
    if (value === this.held) return;
    this.held = value;
    this.version++;
    this.tell();
  }

  peek(): T {
    return untracked(() => this.value);
  }

  tell(): void {
    batch(() => {
      for (const one of this.readers) one.notify();
    });
  }

  refresh(): void {}

  read(): T {
    return this.held;
  }
}

/** A value that follows from others: worked out when it is read, if one of them has changed. */
class Computed<T> extends Signal<T> implements Reader {
  sources: Reader["sources"] = new Map();
  readonly #compute: () => T;
  #stale = true;
  #failure: { thrown: unknown } | null = null;

  constructor(compute: () => T) {
    super(undefined as T);
    this.#compute = compute;
  }

  notify(): void {
    if (this.#stale) return;
    this.#stale = true;
    this.tell();
  }

  override refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    if (!this.version || changed(this)) this.#run();
  }

  override read(): T {
    if (this.#failure) throw this.#failure.thrown;
    return this.held;
  }

  #run(): void {
    const { held } = this;
    const failed = this.#failure;
    this.#failure = null;
    try {
      this.held = track(this, this.#compute);
    } catch (thrown) {
      this.#failure = { thrown };
    }
    if (!this.version || held !== this.held || failed || this.#failure) this.version++;
  }
}

export const signal = <T>(value: T): Signal<T> => new Signal(value);

export const computed = <T>(compute: () => T): ReadonlySignal<T> => new Computed(compute);

/** Runs `run` now, and after each change of what it read; the result ends that. */
export function effect(run: () => void): () => void {
  let ended = false;
  const self: Effect = {
    sources: new Map(),
    notify: () => ended || waiting.add(self),
    run: () => {
      if (ended || !changed(self)) return;
      track(self, run);
      if (ended) end();
    },
  };
  const end = () => {
    ended = true;
    waiting.delete(self);
    for (const source of self.sources.keys()) source.readers.delete(self);
  };
  batch(() => track(self, run));
  return end;
}

/** Lets effects wait until `run` is done. */
export function batch(run: () => void): void {
  depth++;
  try {
    run();
  } finally {
    try {
      if (depth === 1) settle();
    } finally {
      depth--;
    }
  }
}

/** Reads signals without being told when they change. */
export function untracked<T>(run: () => T): T {
  return readAs(null, run);
}

function settle(): void {
  let failed: { thrown: unknown } | null = null;
  let runs = 0;
  for (const one of waiting) {
    waiting.delete(one);
    try {
      if (++runs > MOST_RUNS) waiting.clear();
      if (runs > MOST_RUNS) throw new Error("signals set off each other without end");
      one.run();
    } catch (thrown) {
      failed ??= { thrown };
    }
  }
  if (failed) throw failed.thrown;
}

function readAs<T>(as: Reader | null, run: () => T): T {
  const before = reader;
  reader = as;
  try {
    return run();
  } finally {
    reader = before;
  }
}

/** Runs what reads signals, and takes down which. */
function track<T>(self: Reader, run: () => T): T {
  const before = self.sources;
  self.sources = new Map();
  try {
    return readAs(self, run);
  } finally {
    for (const source of before.keys()) if (!self.sources.has(source)) source.readers.delete(self);
  }
}

/** Whether one of what was read has another value now. */
function changed({ sources }: Reader): boolean {
  for (const [source, version] of sources) {
    source.refresh();
    if (source.version !== version) return true;
  }
  return false;
}
