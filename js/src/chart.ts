import { signal } from "@preact/signals-core";
import { fitCanvas, h, KEEP_KEYS, onResize, variable, watch, watchFrames } from "./dom";
import type { Span, Store } from "./store";
import { type Label, MISSING } from "./wire";

/** Longer texts open with the chart of what is on screen: a million tokens in one line are a grey band. */
const WHOLE_BY_DEFAULT = 6000;
/** A label's name above its bars. */
const LABEL_HEIGHT = 24;
const BAR_ROOM = 9;
const PAD = 5;

/** The unit as a line over the text, the labels as bars under it. Shares hover and cursor with the text. */
export function chart(store: Store, lifetime: AbortSignal): HTMLElement {
  const listen = { signal: lifetime };
  const whole = signal(store.content.value.tokens.length <= WHOLE_BY_DEFAULT);
  const canvas = h("canvas", { role: "img" });
  const pointer = h("div", { class: "rnnviz-hair" });
  const cursor = h("div", { class: "rnnviz-hair rnnviz-hair-cursor" });
  const plot = h("div", { class: "rnnviz-plot" }, canvas, pointer, cursor);
  const toggle = h("button", { type: "button", class: "rnnviz-link", ...KEEP_KEYS });

  const span = (): Span => {
    const { length } = store.content.value.tokens;
    if (whole.value) return { start: 0, stop: length };
    const { start, stop } = store.visible.value;
    return { start, stop: Math.max(stop, start + 1) };
  };
  const labels = () => store.content.value.labels;

  const draw = () => {
    const { context, width, height } = fitCanvas(canvas);
    if (width === 0) return false;
    const { start, stop } = span();
    const { bytes, scale, limit, kind } = store.row.value;
    const bottom = height - labels().length * LABEL_HEIGHT;
    const range = scale > 0 && limit > 0 ? limit : 1;
    const y = (value: number) => {
      const share = Math.max(-1, Math.min(1, value / range));
      const up = kind === "gate" ? share : (share + 1) / 2;
      return PAD + (1 - up) * (bottom - 2 * PAD);
    };
    if (whole.value) {
      const { from, to } = shareOf(store.visible.value, start, stop);
      context.fillStyle = variable(canvas, "shade");
      if (to - from < 1) context.fillRect(from * width, 0, (to - from) * width, height);
    }
    context.strokeStyle = variable(canvas, "axis");
    context.beginPath();
    context.moveTo(0, Math.round(y(0)) + 0.5);
    context.lineTo(width, Math.round(y(0)) + 0.5);
    context.stroke();
    if (bytes) {
      context.strokeStyle = variable(canvas, "fg");
      context.lineWidth = 1.25;
      context.lineJoin = "round";
      trace(context, bytes, start, stop, width, (q) => y((q * scale) / 127));
    }
    for (const [k, label] of labels().entries())
      bars(context, label, start, stop, width, bottom + k * LABEL_HEIGHT, canvas);
    return true;
  };

  watchFrames(
    () => [store.content.value, store.row.value, store.theme.value, store.visible.value, whole.value],
    draw,
    lifetime,
  );
  onResize(plot, draw, lifetime);
  watch(() => {
    plot.style.setProperty("--rnnviz-labels", `${labels().length * LABEL_HEIGHT}px`);
    const names = labels().map(({ name }, k) => {
      const name_ = h("span", { class: "rnnviz-label" }, name);
      name_.style.bottom = `${(labels().length - k - 1) * LABEL_HEIGHT + BAR_ROOM + 3}px`;
      return name_;
    });
    plot.replaceChildren(canvas, pointer, cursor, ...names);
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
      store.hover.value = tokenAt(event);
    },
    listen,
  );
  plot.addEventListener(
    "pointerleave",
    () => {
      store.hover.value = -1;
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

/** Draws the line; where several tokens share a pixel, from their lowest to their highest. Missing values leave gaps. */
function trace(
  context: CanvasRenderingContext2D,
  bytes: Int8Array,
  start: number,
  stop: number,
  width: number,
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
    for (let i = from; i < to; i++) {
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

/** A label under the line: bars where a bool label holds, heights for a number. */
function bars(
  context: CanvasRenderingContext2D,
  { kind, values }: Label,
  start: number,
  stop: number,
  width: number,
  top: number,
  element: Element,
): void {
  context.fillStyle = variable(element, "fg");
  const count = stop - start;
  let low = 0;
  let high = 1;
  if (kind === "number") {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const steps = Math.min(count, Math.max(1, Math.floor(width)));
  for (let step = 0; step < steps; step++) {
    const from = start + Math.floor((step * count) / steps);
    const to = Math.max(from + 1, start + Math.floor(((step + 1) * count) / steps));
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i];
    const share = (sum / (to - from) - low) / (high - low);
    if (!(share > 0)) continue;
    const x = (step * width) / steps;
    const size = kind === "bool" ? 4 : Math.max(1, share * BAR_ROOM);
    context.globalAlpha = kind === "bool" ? share : 0.7;
    context.fillRect(x, top + LABEL_HEIGHT - 2 - size, width / steps + 0.3, size);
  }
  context.globalAlpha = 1;
}
