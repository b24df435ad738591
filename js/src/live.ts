import { atEnd, button, fitCanvas, h, on, onResize, variable, watch, watchFrames } from "./dom";
import type { Engine, Host } from "./host";
import { signal, untracked } from "./signals";
import type { Store } from "./store/store";

/** What the program that is loaded only here shares with the ordinary one. */
export const kit = {
  atEnd,
  button,
  fitCanvas,
  h,
  load,
  on,
  onResize,
  signal,
  untracked,
  variable,
  watch,
  watchFrames,
};

export type Kit = typeof kit;

/** Where the parts go that are loaded. */
export interface Slots {
  root: HTMLElement;
  /** What chooses a unit, and what reveals a text. */
  head: HTMLElement;
  game: HTMLElement;
  /** The copies of the text. */
  copies: HTMLElement;
  /** What its buttons are put behind. */
  foot: HTMLElement;
}

/** What such a program adds. */
interface Panels {
  add(kit: Kit, store: Store, slots: Slots, lifetime: AbortSignal, host: Host): void;
}

interface Program {
  live(
    kit: Kit,
    host: Host,
    store: Store,
    slots: Slots,
    engine: Engine,
    lifetime: AbortSignal,
  ): Promise<void>;
}

/** Lets the network run here, where there is one; where it cannot, says why, and what is shown stays as it is. */
export async function enliven(host: Host, store: Store, slots: Slots, lifetime: AbortSignal): Promise<void> {
  if (!host.engine) return;
  try {
    const engine = await host.engine;
    const program = await load<Program>(engine.code);
    await program.live(kit, host, store, slots, engine, lifetime);
  } catch (error) {
    store.setProblem(
      `This text cannot be edited here. ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Adds the panels that only some widgets need, and those that look for units, each once this one needs them. */
export function addPanels(host: Host, store: Store, slots: Slots, lifetime: AbortSignal): void {
  const once = (wanted: () => unknown, bring: () => Promise<Panels>) => {
    let asked = false;
    watch(() => {
      if (asked || !wanted()) return;
      asked = true;
      bring()
        .then(({ add }) => lifetime.aborted || add(kit, store, slots, lifetime, host))
        .catch((error) => {
          // The kernel may be busy: who asks once more may be answered.
          asked = false;
          store.setProblem(`Some panels are missing here. ${error.message}`);
        });
    }, lifetime);
  };
  once(
    () => store.extras.value,
    () => host.extras(),
  );
  once(
    () => store.finding.value,
    () => host.finder(),
  );
}

/** A program from its source. */
export async function load<P>(code: string): Promise<P> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(url);
  } catch {
    throw new Error("The page's policy does not let it run.");
  } finally {
    URL.revokeObjectURL(url);
  }
}
