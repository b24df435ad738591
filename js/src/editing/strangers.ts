import type { Kit } from "../live";
import type { Desk } from "./desk";
import { named } from "./words";

const MOST = 8;

/** Says which characters the network does not know, and what it reads in their place. */
export function strangers(kit: Kit, desk: Desk, lifetime: AbortSignal): HTMLElement {
  const words = kit.h("p", { class: "rnnviz-strangers", role: "status" });
  kit.watch(() => {
    const unknown = desk.alphabet.strangers(desk.text.value);
    const few = unknown.slice(0, MOST);
    const read = few.map((character) => `${character} as ${named(desk.alphabet.nearest(character))}`);
    const more = unknown.length > few.length ? " …" : "";
    words.hidden = !unknown.length;
    words.textContent = `The network does not know ${few.join(" ")}${more}: it reads ${read.join(", ")}.`;
  }, lifetime);
  return words;
}
