import { button, fitCanvas, h, on, onResize, variable, watch, watchFrames } from "../dom";
import { label as LABEL_HEIGHT, lane as LANE_HEIGHT, line as LINE_HEIGHT } from "../heights.json";
import { signal } from "../signals";
import { shareOf } from "../store/colour";
import type { Copy } from "../store/copy";
import { LANE_HEAD, PAD } from "../store/lanes";
import type { Store } from "../store/store";
import type { Span } from "../store/viewstate";
import { type Label, labelShare, MISSING } from "../store/wire";
import { hatch } from "../text/decor";

/** Longer texts open with the chart of what is on screen: a million tokens in one line are a grey band. */
const WHOLE_BY_DEFAULT = 6000;
const BAR_ROOM = 9;
/** How opaque an envelope is. */
const ENVELOPE = 0.3;

/** Each unit as a line over the text, the labels as bars under them. Shares hover and cursor with the text. */
export function chart(store: Store, lifetime: AbortSignal): HTMLElement {
  const whole = signal(store.content.value.tokens.length <= WHOLE_BY_DEFAULT);
  const canvas = h("canvas", { role: "img" });
  const pointer = h("div", { class: "rnnviz-hair" });
  const cursor = h("div", { class: "rnnviz-hair rnnviz-hair-cursor" });
  const names = h("div");
  const toggle = button(
    "link",
    "",
    () => {
      whole.value = !whole.value;
    },
    lifetime,
  );
  const plot = h("div", { class: "rnnviz-plot" }, canvas, pointer, cursor, names);

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
      const { visible } = store;
      const at = (token: number) => ((token - start) / (stop - start)) * width;
      const [left, right] = [at(visible.value.start), at(visible.value.stop)];
      context.fillStyle = variable(canvas, "shade");
      if (right - left < width) context.fillRect(left, 0, right - left, height);
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
  on(
    plot,
    "pointermove",
    (event) => {
      store.setHover(tokenAt(event));
    },
    lifetime,
  );
  on(
    plot,
    "pointerleave",
    () => {
      store.setHover(-1);
    },
    lifetime,
  );
  on(plot, "click", (event) => store.setCursor(tokenAt(event)), lifetime);
  return h("div", { class: "rnnviz-chart" }, plot, toggle);
}

/** A label's name; one of several, a button that puts it under the characters of the text. */
function labelName(store: Store, label: Label, index: number): HTMLElement {
  const words = label.values.includes(Number.NaN) ? `${label.name} (hatched: not known)` : label.name;
  if (store.content.value.labels.length < 2) return h("span", { class: "rnnviz-label" }, words);
  const name = h(
    "button",
    {
      type: "button",
      class: "rnnviz-label",
      title: "draw it under the characters",
      "aria-pressed": String(store.label.value === label),
    },
    words,
  );
  name.addEventListener("click", (event) => {
    event.stopPropagation();
    store.setLabel(index);
  });
  return name;
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
  const row = copy.row.value;
  const { bytes } = row;
  const y = (q: number) => {
    const up = Math.max(0, Math.min(1, shareOf(q, row)));
    return place.top + PAD + (1 - up) * (place.height - 2 * PAD);
  };
  context.lineWidth = 1;
  context.strokeStyle = axis;
  context.beginPath();
  context.moveTo(0, Math.round(y(0)) + 0.5);
  context.lineTo(place.width, Math.round(y(0)) + 0.5);
  context.stroke();
  if (!bytes) return;
  context.strokeStyle = context.fillStyle = pen.colour;
  context.lineWidth = pen.width;
  trace(context, bytes, place, y);
}

/** Draws the line; where tokens share a pixel, their mean, and from their lowest to their highest an envelope. Missing values leave gaps. */
function trace(
  context: CanvasRenderingContext2D,
  bytes: Int8Array,
  { start, stop, width }: PlotArea,
  y: (q: number) => number,
): void {
  const count = stop - start;
  const steps = Math.min(count, Math.max(1, Math.floor(width)));
  context.beginPath();
  context.globalAlpha = ENVELOPE;
  let pen = false;
  for (let step = 0; step < steps; step++) {
    const from = start + Math.floor((step * count) / steps);
    const to = start + Math.floor(((step + 1) * count) / steps);
    let low = 128;
    let high = -128;
    let sum = 0;
    let known = 0;
    for (let i = from; i < Math.min(to, bytes.length); i++) {
      const q = bytes[i];
      if (q === MISSING) continue;
      if (q < low) low = q;
      if (q > high) high = q;
      sum += q;
      known++;
    }
    if (!known) {
      pen = false;
      continue;
    }
    const x = ((step + 0.5) * width) / steps;
    const mean = y(sum / known);
    context.fillRect(x - 0.5, y(high), 1, y(low) - y(high));
    // Where one pixel holds one value, a gap's neighbour alone would draw nothing: a stub keeps it visible.
    if (!pen) context.moveTo(x - 0.5, mean);
    context.lineTo(x, mean);
    pen = true;
  }
  context.globalAlpha = 1;
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
