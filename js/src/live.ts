import { signal } from "@preact/signals-core";
import { fitCanvas, h, onResize, variable, watch, watchFrames } from "./dom";
import type { Bytes, Host } from "./host";
import type { Store } from "./store/store";
import { toBytes } from "./store/wire";

/** What the program that is loaded only here shares with the ordinary one. */
export const kit = { fitCanvas, h, onResize, signal, variable, watch, watchFrames };

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
    network: ArrayBuffer,
    code: string,
    lifetime: AbortSignal,
  ): Promise<void>;
}

/** Lets the network run here, where there is one; where it cannot, says why, and what is shown stays as it is. */
export async function enliven(host: Host, store: Store, slots: Slots, lifetime: AbortSignal): Promise<void> {
  if (!host.engine) return;
  try {
    const { code, network } = await host.engine;
    const program = await load(code);
    await program.live(kit, host, store, slots, own(network), code, lifetime);
  } catch (error) {
    store.setProblem(
      `This text cannot be edited here. ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function load(code: string): Promise<Program> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return await import(url);
  } catch {
    throw new Error("The page's policy does not let its network run.");
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The bytes in a buffer of their own. */
const own = (bytes: Bytes): ArrayBuffer => toBytes(bytes).slice().buffer;
