import { h, watch } from "../dom";
import type { Offer, Store } from "../store/store";

/** What the rankings say of the unit: one line, and from which text each score is, folded away behind it. */
export function notes(store: Store, lifetime: AbortSignal): HTMLElement {
  const line = h("summary");
  const body = h("div", { class: "rnnviz-notes-body" });
  const panel = h("details", { class: "rnnviz-notes" }, line, body);
  watch(() => {
    const shown = store.copies.value.flatMap((copy) => store.offerOf(copy) ?? []);
    const active = store.offerOf(store.copy.value);
    // The line stays where a unit is in no ranking: nothing below the slider moves while it is pulled.
    panel.hidden = !!store.guess.value || !store.offers.value.length;
    line.textContent = active
      ? `${active.ranking.label}: ${active.text}, ${active.sign < 0 ? "low" : "high"} where it holds`
      : `unit ${store.unit.value} is in no ranking here`;
    body.replaceChildren(...said(shown, active));
  }, lifetime);
  return panel;
}

/** From which text the scores on screen are, the active copy's first. */
function said(offers: Offer[], active: Offer | undefined): HTMLElement[] {
  const rankings = new Set([...(active ? [active] : []), ...offers].map(({ ranking }) => ranking));
  return Array.from(rankings, ({ label, note }) => h("p", {}, `${label}: ${note}`));
}
