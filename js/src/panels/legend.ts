import { context2d, fitCanvas, h, on, onResize, resizeCanvas, variable, watch, watchFrames } from "../dom";
import { colourAt, PALETTES, shareOf } from "../store/colour";
import type { Store } from "../store/store";
import { MISSING } from "../store/wire";
import { short, signed } from "../words";

const BINS = 48;

/** Which value has which colour, how often each value occurs, and what is not on the scale. */
export function legend(store: Store, lifetime: AbortSignal): HTMLElement {
  const histogram = h("canvas", {
    class: "rnnviz-histogram",
    role: "img",
    "aria-label": "histogram of the unit's values",
  });
  const strip = h("canvas", { class: "rnnviz-strip", role: "img", "aria-label": "colour scale" });
  const low = h("span");
  const middle = h("span");
  const high = h("span");
  const notes = h("div", { class: "rnnviz-legend-notes" });
  const palette = h(
    "select",
    { class: "rnnviz-select rnnviz-palette" },
    ...PALETTES.map((name) => h("option", { value: name }, name)),
  );
  on(palette, "change", () => store.setPalette(palette.value), lifetime);

  const drawHistogram = () => {
    const { context, width, height } = fitCanvas(histogram);
    const row = store.row.value;
    const { bytes } = row;
    if (width === 0) return false;
    if (!bytes) return true;
    const counts = new Float64Array(256);
    for (let i = 0; i < bytes.length; i++) counts[bytes[i] + 128]++;
    const bins = new Float64Array(BINS);
    for (let q = -127; q < 128; q++) {
      bins[Math.max(0, Math.min(BINS - 1, Math.floor(shareOf(q, row) * BINS)))] += counts[q + 128];
    }
    const most = Math.max(...bins, 1);
    context.fillStyle = variable(histogram, "faint");
    bins.forEach((count, i) => {
      // A square root, so that what is rare can be seen beside what is common.
      const bar = Math.sqrt(count / most) * height;
      context.fillRect((i * width) / BINS, height - bar, width / BINS - 0.5, bar);
    });
    return true;
  };
  const drawStrip = () => {
    const upper = store.row.value.low === 0;
    resizeCanvas(strip, 256, 1);
    const image = new ImageData(256, 1);
    for (let x = 0; x < 256; x++)
      image.data.set(
        [
          ...colourAt(store.ramp.value, store.copy.value.turn.value(upper ? x / 255 : (x / 255) * 2 - 1)),
          255,
        ],
        x * 4,
      );
    context2d(strip).putImageData(image, 0, 0);
    return true;
  };

  watchFrames(() => [store.row.value, store.theme.value], drawHistogram, lifetime);
  watchFrames(
    () => [store.row.value.low, store.ramp.value, store.copy.value.turn.value],
    drawStrip,
    lifetime,
  );
  onResize(histogram, drawHistogram, lifetime);
  watch(() => {
    palette.value = store.palette.value;
  }, lifetime);
  watch(() => {
    const { peak, bytes, set, ...ends } = store.row.value;
    const plus = ends.low < 0 ? "+" : "";
    low.textContent = signed(ends.low, plus);
    middle.textContent = ends.low === 0 ? "" : signed((ends.low + ends.high) / 2, plus);
    high.textContent = `${signed(ends.high, plus)} ${store.flip.value ? "flipped" : "high"}`;
    const lines: (Node | string)[] = [];
    if (set) lines.push(h("p", {}, "A scale set by hand: what lies beyond has the end colours."));
    else if (peak > ends.high && short(peak) !== short(ends.high) && !store.guess.value)
      lines.push(h("p", {}, `Values up to ${short(peak)} in size have the end colours.`));
    if (bytes?.includes(MISSING))
      lines.push(h("p", {}, h("span", { class: "rnnviz-swatch" }), " missing value"));
    if (store.loading.value) lines.push(h("p", {}, `waiting for unit ${store.unit.value} …`));
    else if (!bytes)
      lines.push(h("p", { role: "alert" }, `No values of unit ${store.unit.value}: nobody answers here.`));
    notes.replaceChildren(...lines);
  }, lifetime);

  return h(
    "div",
    { class: "rnnviz-legend" },
    histogram,
    strip,
    h("div", { class: "rnnviz-ends" }, low, middle, high),
    notes,
    h("label", { class: "rnnviz-field" }, "palette", palette),
  );
}
