import * as extras from "../extras/main";
import * as finding from "../finding/main";
import type { Bytes, Engine, Host, Request, Traits } from "../host";

/** Where a page that has no kernel gets what it did not open with. */
export interface Source {
  /** The int8 values of a unit, by its place among those that are here, and `[scale, limit, peak]`. */
  unit?(checkpoint: number, index: number): Promise<Bytes[]>;
  /** A network that lives in the page. */
  engine?: Promise<Engine>;
}

/** A host without a kernel: values live in this page, or beside it. */
export function pageHost(traits: Traits, source: Source = {}): Host & { changed(): void } {
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    get: (name) => traits[name],
    set(values) {
      Object.assign(traits, values);
      changed();
    },
    changed,
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    async request(message: Request) {
      if (!source.unit || message.kind !== "unit") throw new Error("this page has no kernel");
      return source.unit(message.checkpoint, placeOf(traits._content, message));
    },
    hasKernel: source.unit !== undefined,
    engine: source.engine ?? null,
    extras: async () => extras,
    finder: async () => finding,
  };
}

/** What a content says of its states, before it is decoded. */
interface Described {
  states: { name: string; units: number; ids: number[] | null }[];
}

/** The place of a unit among those of all states that are here. */
export function placeOf(content: unknown, { state, unit }: { state: string; unit: number }): number {
  let first = 0;
  for (const { name, units, ids } of (content as Described).states) {
    if (name === state) return first + (ids ? ids.indexOf(unit) : unit);
    first += units;
  }
  throw new RangeError(`this page has no state ${state}`);
}
