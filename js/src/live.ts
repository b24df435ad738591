import { signal } from "@preact/signals-core";
import { fitCanvas, h, onResize, variable, watch, watchFrames } from "./dom";
import type { Engine, Host } from "./host";
import type { Store } from "./store/store";

/** What the program that is loaded only here shares with the ordinary one. */
export const kit = { fitCanvas, h, load, onResize, signal, variable, watch, watchFrames };

export type Kit = typeof kit;

/** Where its parts go. */
export interface Slots {
  /** The copies of the text. */
  copies: HTMLElement;
  /** What its buttons are put behind. */
  foot: HTMLElement;
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

/** A program that came as text. */
async function load<P>(code: string): Promise<P> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(url);
  } catch {
    throw new Error("The page's policy does not let its network run.");
  } finally {
    URL.revokeObjectURL(url);
  }
}
