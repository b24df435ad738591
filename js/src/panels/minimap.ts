import { context2d, h, on, onResize, resizeCanvas, watch, watchFrames } from "../dom";
import type { Store } from "../store/store";
import { MISSING } from "../store/wire";

/** The whole text as one strip: down it runs time, each pixel is the mean of what it covers. Press to go there. */
export function minimap(store: Store, lifetime: AbortSignal): HTMLElement {
  const canvas = h("canvas");
  const frame = h("div", { class: "rnnviz-viewport" });
  // What it does, the text's own scrolling does too: readers without sight miss nothing.
  const panel = h("div", { class: "rnnviz-minimap", "aria-hidden": "true" }, canvas, frame);

  const draw = () => {
    const layout = store.layout.value;
    const height = panel.clientHeight;
    if (!layout || height === 0) return false;
    const { tokens } = store.content.value;
    const { pixels } = store.paint.value;
    const { bytes } = store.row.value;
    resizeCanvas(canvas, 1, height);
    const image = new ImageData(1, height);
    const column = new Uint32Array(image.data.buffer);
    let start = 0;
    for (let y = 0; y < height; y++) {
      // Pixels are as far apart as rows are; within a row they share out its code units.
      const row = ((y + 1) / height) * layout.rows;
      const whole = Math.min(Math.floor(row), layout.rows - 1);
      const from = layout.starts[whole];
      const stop = Math.ceil(from + (row - whole) * (layout.starts[whole + 1] - from));
      const last = tokens.at(Math.min(stop, tokens.text.length) - 1) + 1;
      if (bytes) column[y] = pixels[mean(bytes, Math.min(start, last - 1), last) + 128];
      start = last;
    }
    context2d(canvas).putImageData(image, 0, 0);
    return true;
  };

  watchFrames(() => [store.layout.value, store.row.value, store.paint.value], draw, lifetime);
  onResize(panel, draw, lifetime);
  watch(() => {
    const { from, to } = store.viewport.value;
    frame.style.top = `${from * 100}%`;
    frame.style.height = `${(to - from) * 100}%`;
    frame.hidden = to - from >= 1;
  }, lifetime);

  const go = (event: PointerEvent) => {
    const layout = store.layout.value;
    if (!layout || !(event.buttons & 1)) return;
    const box = panel.getBoundingClientRect();
    const { from, to } = store.viewport.value;
    const centre = (event.clientY - box.top) / box.height;
    store.scrollTo(Math.max(0, centre - (to - from) / 2) * layout.rows);
  };
  on(
    panel,
    "pointerdown",
    (event) => {
      panel.setPointerCapture(event.pointerId);
      event.preventDefault();
      go(event);
    },
    lifetime,
  );
  on(panel, "pointermove", go, lifetime);
  return panel;
}

/** The rounded mean of what is not missing in `[start, stop)`. */
function mean(bytes: Int8Array, start: number, stop: number): number {
  let sum = 0;
  let count = 0;
  for (let i = start; i < Math.min(stop, bytes.length); i++) {
    if (bytes[i] === MISSING) continue;
    sum += bytes[i];
    count++;
  }
  return count ? Math.round(sum / count) : MISSING;
}
