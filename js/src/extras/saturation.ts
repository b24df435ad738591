import type { Kit } from "../live";
import type { Store } from "../store/store";
import { decodeSaturation, type GateShares } from "../store/wire";

const PAD = 7;
/** A pointer further from every point means none, in CSS pixels. */
const REACH = 14;

/** How often each gate of each unit is closed and open, where that was measured. Click a point to see its unit. */
export function saturationPanel(kit: Kit, store: Store, lifetime: AbortSignal): HTMLElement {
  const { atEnd, h, watch } = kit;
  const plots = h("div", { class: "rnnviz-gates" });
  const note = h("p");
  const panel = h("section", { class: "rnnviz-saturation", "aria-label": "gates" }, plots, note);
  let shown = new AbortController();
  atEnd(lifetime, () => shown.abort());
  watch(() => {
    const saturation = decodeSaturation(store.content.value.saturation);
    shown.abort();
    shown = new AbortController();
    // It tells of the whole text: not while a class is to guess it.
    panel.hidden = !saturation || !!store.guess.value;
    const gates = panel.hidden ? [] : (saturation?.gates ?? []);
    plots.replaceChildren(...gates.map((gate) => scatter(kit, store, gate, shown.signal)));
    note.textContent = `Each point is a unit: across, the share of the time that its gate is closed (below 0.1); up, open (above 0.9). Over ${(saturation?.tokens ?? 0).toLocaleString("en")} tokens.`;
  }, lifetime);
  return panel;
}

function scatter(
  { fitCanvas, h, on, onResize, signal, variable, watch, watchFrames }: Kit,
  store: Store,
  gate: GateShares,
  lifetime: AbortSignal,
): HTMLElement {
  const { state, ids, closed, open } = gate;
  const canvas = h("canvas", { role: "img" });
  const name = h("p", { class: "rnnviz-gate" });
  const hovered = signal(-1);
  /** The point that is spoken of: under the pointer, else the shown unit's. */
  const point = () => (hovered.value >= 0 ? hovered.value : ids.indexOf(store.unit.value));

  const place = (i: number, width: number, height: number) => ({
    x: PAD + closed[i] * (width - 2 * PAD),
    y: height - PAD - open[i] * (height - 2 * PAD),
  });
  const draw = () => {
    const { context, width, height } = fitCanvas(canvas);
    if (width === 0) return false;
    context.strokeStyle = variable(canvas, "axis");
    context.beginPath();
    // Nothing can lie beyond the diagonal: both shares are of the same time.
    context.moveTo(PAD, PAD);
    context.lineTo(PAD, height - PAD);
    context.lineTo(width - PAD, height - PAD);
    context.closePath();
    context.stroke();
    context.fillStyle = variable(canvas, "fg");
    context.globalAlpha = 0.4;
    const dot = (i: number, radius: number) => {
      const { x, y } = place(i, width, height);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    };
    for (let i = 0; i < ids.length; i++) if (!Number.isNaN(closed[i])) dot(i, 2);
    context.globalAlpha = 1;
    context.fillStyle = variable(canvas, "cursor");
    if (point() >= 0) dot(point(), 4);
    return true;
  };
  const nearest = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    let best = -1;
    let least = REACH;
    for (let i = 0; i < ids.length; i++) {
      const { x, y } = place(i, box.width, box.height);
      const distance = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  };

  watchFrames(() => [point(), store.theme.value, store.present.value], draw, lifetime);
  onResize(canvas, draw, lifetime);
  watch(() => {
    const i = point();
    const percent = (share: number) => `${Math.round(share * 100)} %`;
    const said = i < 0 ? "" : `unit ${ids[i]}: closed ${percent(closed[i])}, open ${percent(open[i])}`;
    name.replaceChildren(h("strong", {}, state), " ", said);
    canvas.setAttribute("aria-label", `how often the gates of ${state} are closed and open. ${said}`);
  }, lifetime);
  const hover = (index: number) => {
    hovered.value = index;
  };
  on(canvas, "pointermove", (event) => hover(nearest(event)), lifetime);
  on(canvas, "pointerleave", () => hover(-1), lifetime);
  on(
    canvas,
    "click",
    (event) => {
      const i = nearest(event);
      if (i < 0) return;
      const offered = store.content.value.states.some(({ name }) => name === state);
      if (offered) store.setStateAndUnit(state, ids[i]);
      else store.setUnit(ids[i]);
    },
    lifetime,
  );
  return h("div", { class: "rnnviz-scatter" }, canvas, name);
}
