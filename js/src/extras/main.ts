// A bundle of its own: what only some widgets need. A notebook's widget loads it where it does; a page has it.
import type { Kit, Slots } from "../live";
import type { Store } from "../store/store";
import { saturationPanel } from "./saturation";
import { shannonPanel } from "./shannon";
import { trainingPanel } from "./training";

/** Adds these panels; each hides itself where it has nothing to show. */
export function add(kit: Kit, store: Store, { head, game, root }: Slots, lifetime: AbortSignal): void {
  head.after(trainingPanel(kit, store, lifetime));
  game.after(shannonPanel(kit, store, lifetime));
  root.append(saturationPanel(kit, store, lifetime));
}
