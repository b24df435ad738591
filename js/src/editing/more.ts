// A bundle of its own, loaded once somebody does more than look: edits, holds, guesses.
import type { Host } from "../host";
import type { Kit } from "../live";
import type { OpenAnswer } from "../network/connection";
import type { Store } from "../store/store";
import type { bar } from "./bar";
import { changes } from "./changes";
import type { Desk } from "./desk";
import type { Field } from "./field";
import { KernelLine, type Line } from "./kernel";
import { pair } from "./pair";
import { predictionsUnder } from "./predictions";
import { pullable } from "./pull";
import { relabel } from "./rules";

export { relabel };

import { strangers } from "./strangers";

/** Reads by messages to Python, where the network cannot leave it. */
export async function askPython(host: Host): Promise<{ connection: Line; opened: OpenAnswer }> {
  const connection = new KernelLine(host);
  return { connection, opened: await connection.open() };
}

/** What there is already. */
export interface Parts {
  kit: Kit;
  store: Store;
  desk: Desk;
  field: Field;
  tools: ReturnType<typeof bar>;
  /** What has the chart. */
  foot: HTMLElement;
  lifetime: AbortSignal;
}

/** Adds the rest of what can be done with a text whose network is here. */
export function extend(parts: Parts): void {
  const { kit, store, desk, tools, foot, lifetime } = parts;
  const plot = foot.querySelector<HTMLElement>(".rnnviz-plot");
  if (plot) pullable(store, desk, plot, lifetime);
  desk.setRelabel(relabel);
  parts.field.under.value = predictionsUnder(parts);
  tools.panel.append(strangers(kit, desk, lifetime), changes(kit, store, desk, lifetime), pair(parts));
  keys(parts);
}

/** Those that act here alone, in the list of all keys. */
function keys({ kit, store, tools, lifetime }: Parts): void {
  const list = tools.panel.closest(".rnnviz")?.querySelector(".rnnviz-keys");
  const mine = [
    ["e", "what the network expects after each character"],
    ["Esc", "leave the text that one types in: letters are keys again"],
  ].map(([key, does]) => kit.h("p", {}, kit.h("kbd", {}, key), " ", kit.h("span", {}, does)));
  kit.watch(() => {
    // Behind the others, which are made anew with the content.
    if (store.content.value && store.help.value) list?.append(...mine);
  }, lifetime);
}
