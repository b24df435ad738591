// A bundle of its own: what looks for units. A notebook's widget asks the kernel for it once it is wanted; a page has it.
import type { Host } from "../host";
import type { Kit, Slots } from "../live";
import type { Store } from "../store/store";
import { contextsPanel } from "./contexts";
import { markedPanel } from "./marked";
import type { Answer } from "./search";
import { tabs } from "./tabs";
import { unitsPanel } from "./units";

/** Adds what looks for units: one panel at a time, under the text. */
export function add(kit: Kit, store: Store, slots: Slots, lifetime: AbortSignal, host: Host): void {
  const { copies, foot, root } = slots;
  const found = kit.signal<Answer | null>(null);
  const around = (shown: () => boolean) => ({ kit, host, store, copies, shown, lifetime });
  const panels = [
    {
      key: "m",
      name: "mark",
      does: "mark text, and find the units that follow it",
      make: (shown: () => boolean) => markedPanel(around(shown), found),
    },
    {
      key: "u",
      name: "all units",
      does: "all units over the text on screen",
      make: (shown: () => boolean) =>
        unitsPanel(around(shown), () => found.value?.entries ?? store.offers.value),
    },
    {
      key: "x",
      name: "contexts",
      does: "where this unit is highest, lowest, and changes most",
      make: (shown: () => boolean) => contextsPanel(around(shown)),
    },
  ];
  foot.before(tabs(kit, store, root, panels, lifetime));
}
