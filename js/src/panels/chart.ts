import { signal } from "@preact/signals-core";
import { fitCanvas, h, onResize, variable, watch, watchFrames } from "../dom";
import { label as LABEL_HEIGHT, lane as LANE_HEIGHT, line as LINE_HEIGHT } from "../heights.json";
import type { Copy } from "../store/copy";
import { LANE_HEAD, PAD } from "../store/lanes";
import type { Store } from "../store/store";
import type { Span } from "../store/viewstate";
import { type Label, labelShare, MISSING } from "../store/wire";
import { hatch } from "../text/decor";

/** Longer texts open with the chart of what is on screen: a million tokens in one line are a grey band. */
const WHOLE_BY_DEFAULT = 6000;
const BAR_ROOM = 9;

/** Each unit as a line over the text, the labels as bars under them. Shares hover and cursor with the text. */
export function chart(store: Store, lifetime: AbortSignal): HTMLElement {
  const listen = { signal: lifetime };
  const whole = signal(store.content.value.tokens.length <= WHOLE_BY_DEFAULT);
  const canvas = h("canvas", { role: "img" });
  const pointer = h("div", { class: "rnnviz-hair" });
  const cursor = h("div", { class: "rnnviz-hair rnnviz-hair-cursor" });
  const names = h("div");
  const plot = h("div", { class: "rnnviz-plot" }, canvas, pointer, cursor, names);
  const toggle = h("button", { type: "button", class: "rnnviz-link" });

  const span = (): Span => {
    const { length } = store.content.value.tokens;
    if (whole.value) return { start: 0, stop: length };
    const { start, stop } = store.visible.value;
    return { start, stop: Math.max(stop, start + 1) };
  };
  const labels = () => store.content.value.labels;
  const lane = () => (store.copies.value.length > 1 ? LANE_HEIGHT : LINE_HEIGHT);

  const draw = () => {
    const { context, width, height } = fitCanvas(canvas);
    if (width === 0) return false;
    const { start, stop } = span();
    if (whole.value) {
      const { from, to } = shareOf(store.visible.value, start, stop);
      context.fillStyle = variable(canvas, "shade");
      if (to - from < 1) context.fillRect(from * width, 0, (to - from) * width, height);
    }
    const axis = variable(canvas, "axis");
    const fg = variable(canvas, "fg");
    const muted = variable(canvas, "muted");
    const copies = store.copies.value;
    const head = copies.length > 1 ? LANE_HEAD : 0;
    const place = { start, stop, width, height: lane() - head };
    context.lineJoin = "round";
    for (const [i, copy] of copies.entries()) {
      const pen = { colour: i === store.active.value ? fg : muted, width: store.present.value ? 2 : 1.25 };
      line(context, copy, { ...place, top: i * lane() + head }, axis, pen);
    }
    const top = copies.length * lane();
    context.fillStyle = fg;
    for (const [k, label] of labels().entries())
      bars(context, label, { ...place, top: top + k * LABEL_HEIGHT }, store.revealed.value);
    return true;
  };

  watchFrames(
    () => [
      store.content.value,
      store.copies.value.map((copy) => copy.row.value),
      store.active.value,
      store.theme.value,
      store.present.value,
      store.visible.value,
      store.revealed.value,
      whole.value,
    ],
    draw,
    lifetime,
  );
  onResize(plot, draw, lifetime);
  watch(() => {
    const lines = store.copies.value.length * lane();
    plot.style.height = `${lines + labels().length * LABEL_HEIGHT}px`;
    const at = (element: HTMLElement, top: number) => {
      element.style.top = `${top}px`;
      return element;
    };
    const several = store.copies.value.length > 1 ? store.copies.value : [];
    names.replaceChildren(
      ...several.map(({ state, unit }, i) =>
        at(h("span", { class: "rnnviz-label" }, `${state.value.name} ${unit.value}`), i * lane()),
      ),
      ...labels().map((label, k) => at(labelName(store, label, k), lines + k * LABEL_HEIGHT + 2)),
    );
  }, lifetime);
  watch(() => {
    toggle.textContent = whole.value ? "show what is on screen" : "show the whole text";
    const { from, to } = store.viewport.value;
    toggle.hidden = whole.value && to - from >= 1;
    const { start, stop } = span();
    const { tokens } = store.content.value;
    canvas.setAttribute(
      "aria-label",
      `unit ${store.unit.value} of ${store.state.value.name} over tokens ${tokens.number(start)} to ${tokens.number(stop - 1)}`,
    );
  }, lifetime);
  const place = (hair: HTMLElement, token: number) => {
    const { start, stop } = span();
    hair.hidden = token < start || token >= stop;
    hair.style.left = `${((token - start + 0.5) / (stop - start)) * 100}%`;
  };
  watch(() => place(pointer, store.hover.value), lifetime);
  watch(() => place(cursor, store.cursor.value), lifetime);

  const tokenAt = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    const { start, stop } = span();
    const share = (event.clientX - box.left) / box.width;
    return Math.max(start, Math.min(stop - 1, start + Math.floor(share * (stop - start))));
  };
  plot.addEventListener(
    "pointermove",
    (event) => {
      store.setHover(tokenAt(event));
    },
    listen,
  );
  plot.addEventListener(
    "pointerleave",
    () => {
      store.setHover(-1);
    },
    listen,
  );
  plot.addEventListener("click", (event) => store.setCursor(tokenAt(event)), listen);
  toggle.addEventListener(
    "click",
    () => {
      whole.value = !whole.value;
    },
    listen,
  );
  return h("div", { class: "rnnviz-chart" }, plot, toggle);
}

function shareOf(part: Span, start: number, stop: number) {
  return { from: (part.start - start) / (stop - start), to: (part.stop - start) / (stop - start) };
}

/** A label's name; one of several, a button that puts it under the characters of the text. */
function labelName(store: Store, label: Label, index: number): HTMLElement {
  const name = label.values.includes(Number.NaN) ? `${label.name} (hatched: not known)` : label.name;
  if (store.content.value.labels.length < 2) return h("span", { class: "rnnviz-label" }, name);
  const button = h(
    "button",
    {
      type: "button",
      class: "rnnviz-label",
      title: "draw it under the characters",
      "aria-pressed": String(store.label.value === label),
    },
    name,
  );
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    store.setLabel(index);
  });
  return button;
}

/** Which tokens are drawn where, in CSS pixels. */
interface PlotArea extends Span {
  width: number;
  top: number;
  height: number;
}

/** The line of one unit around its zero. */
function line(
  context: CanvasRenderingContext2D,
  copy: Copy,
  place: PlotArea,
  axis: string,
  pen: { colour: string; width: number },
): void {
  const { bytes, scale, limit, kind } = copy.row.value;
  const range = scale > 0 && limit > 0 ? limit : 1;
  const y = (value: number) => {
    const share = Math.max(-1, Math.min(1, value / range));
    const up = kind === "gate" ? share : (share + 1) / 2;
    return place.top + PAD + (1 - up) * (place.height - 2 * PAD);
  };
  context.lineWidth = 1;
  context.strokeStyle = axis;
  context.beginPath();
  context.moveTo(0, Math.round(y(0)) + 0.5);
  context.lineTo(place.width, Math.round(y(0)) + 0.5);
  context.stroke();
  if (!bytes) return;
  context.strokeStyle = pen.colour;
  context.lineWidth = pen.width;
  trace(context, bytes, place, (q) => y((q * scale) / 127));
}

/** Draws the line; where several tokens share a pixel, from their lowest to their highest. Missing values leave gaps. */
function trace(
  context: CanvasRenderingContext2D,
  bytes: Int8Array,
  { start, stop, width }: PlotArea,
  y: (q: number) => number,
): void {
  const count = stop - start;
  const steps = Math.min(count, Math.max(1, Math.floor(width)));
  context.beginPath();
  let pen = false;
  for (let step = 0; step < steps; step++) {
    const from = start + Math.floor((step * count) / steps);
    const to = start + Math.floor(((step + 1) * count) / steps);
    let low = 128;
    let high = -128;
    for (let i = from; i < Math.min(to, bytes.length); i++) {
      const q = bytes[i];
      if (q === MISSING) continue;
      if (q < low) low = q;
      if (q > high) high = q;
    }
    if (low > high) {
      pen = false;
      continue;
    }
    const x = ((step + 0.5) * width) / steps;
    // Where one pixel holds one value, a gap's neighbour alone would draw nothing: a stub keeps it visible.
    if (!pen) context.moveTo(x - 0.5, y(low));
    context.lineTo(x, y(low));
    if (high > low) context.lineTo(x, y(high));
    pen = true;
  }
  context.stroke();
}

/** A label under the lines: bars where a bool label holds, heights for a number. */
function bars(
  context: CanvasRenderingContext2D,
  label: Label,
  { start, stop, width, top }: PlotArea,
  revealed: number,
): void {
  const count = stop - start;
  const steps = Math.min(count, Math.max(1, Math.floor(width)));
  for (let step = 0; step < steps; step++) {
    const from = start + Math.floor((step * count) / steps);
    const to = Math.min(revealed, Math.max(from + 1, start + Math.floor(((step + 1) * count) / steps)));
    if (to <= from) break;
    const known = label.values.subarray(from, to).filter((value) => !Number.isNaN(value));
    const share = labelShare(label, known.reduce((sum, value) => sum + value, 0) / known.length);
    const x = (step * width) / steps;
    if (Number.isNaN(share)) hatch(context, x, x + width / steps, top + LABEL_HEIGHT - 6, 4);
    if (!(share > 0)) continue;
    const size = label.kind === "bool" ? 4 : Math.max(1, share * BAR_ROOM);
    context.globalAlpha = label.kind === "bool" ? share : 0.7;
    context.fillRect(x, top + LABEL_HEIGHT - 2 - size, width / steps + 0.3, size);
  }
  context.globalAlpha = 1;
}
