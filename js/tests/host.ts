import type { Bytes, Host, NetworkRequest, Request, Traits } from "../src/host";
import { someTraits } from "./content";

/** A host with a kernel that a test answers for. */
export class FakeHost implements Host {
  readonly requests: { message: Request; resolve: (buffers: Bytes[]) => void; reject: (e: Error) => void }[] =
    [];
  readonly sets: Partial<Traits>[] = [];
  readonly traits: Traits;
  hasKernel = true;
  engine = null;
  extras = () => import("../src/extras/main");
  finder = () => import("../src/finding/main");
  readonly #listeners = new Set<() => void>();

  constructor(traits: Partial<Traits> = {}) {
    this.traits = someTraits(traits);
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.traits[name];
  }

  set(values: Partial<Traits>): void {
    this.sets.push(values);
    this.fromPython(values);
  }

  fromPython(values: Partial<Traits>): void {
    Object.assign(this.traits, values);
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  request(message: Request | NetworkRequest): Promise<Bytes[]> {
    return new Promise((resolve, reject) =>
      this.requests.push({ message: message as Request, resolve, reject }),
    );
  }
}
