import type { Kit } from "../live";
import { pills } from "./bar";
import type { Desk } from "./desk";
import type { Field } from "./field";

/** Characters that are written at a time, and the pause after them in milliseconds. */
const PACES = { slowly: [1, 120], "as one reads": [1, 35], "at once": [24, 0] } as const;
const LONGEST = 5000;

/** Lets the network write on from the caret. */
export function writing(kit: Kit, desk: Desk, field: Field, lifetime: AbortSignal) {
  const { h, watch, signal } = kit;
  const pill = pills(kit, lifetime);
  const { area } = field;
  const number = (name: string, value: number, attributes: Record<string, string>) => {
    const input = h("input", {
      type: "number",
      value: String(value),
      class: "rnnviz-number",
      "aria-label": name,
      ...attributes,
    });
    return { input, label: h("label", {}, `${name} `, input) };
  };
  const active = signal(false);
  const temperature = number("temperature", 0.8, { min: "0", max: "2", step: "0.1" });
  const seed = number("seed", 1, { min: "0", step: "1" });
  const pace = h(
    "select",
    { "aria-label": "pace" },
    ...Object.keys(PACES).map((name) => h("option", { value: name }, name)),
  );
  pace.value = "as one reads";
  const open = signal(false);
  const button = pill("", "let the network write on from the caret", () => {
    active.value = !active.value;
    if (active.value) void writeOn();
  });
  const fold = pill("how ▾", "how it writes: temperature, seed, pace", () => {
    open.value = !open.value;
  });
  const panel = h("div", { class: "rnnviz-pills" }, temperature.label, seed.label, pace);

  const chance = () => ({ temperature: Number(temperature.input.value), seed: Number(seed.input.value) });
  const writeOn = async () => {
    const [count, pause] = PACES[pace.value as keyof typeof PACES];
    let index = 0;
    // What stands behind the caret makes room; undo brings it back.
    area.setSelectionRange(area.selectionStart || area.value.length, area.value.length);
    let text = area.value.slice(0, area.selectionStart);
    while (active.peek() && index < LONGEST && !lifetime.aborted) {
      const written = await desk.write(text || "\n", { ...chance(), index, count });
      // Someone typed meanwhile: it is theirs again.
      const unchanged = area.value.startsWith(text) && (index === 0 || area.value === text);
      if (!active.peek() || !written || !unchanged) break;
      field.type(written);
      text += written;
      index += count;
      await new Promise((done) => setTimeout(done, pause));
    }
    active.value = false;
    desk.resume();
  };
  // A key of one's own ends the writing.
  for (const event of ["keydown", "pointerdown"])
    area.addEventListener(
      event,
      () => {
        active.value = false;
      },
      { signal: lifetime },
    );

  watch(() => {
    button.setAttribute("aria-pressed", String(active.value));
    button.textContent = active.value ? "stop ■" : "write on ▸";
    fold.setAttribute("aria-expanded", String(open.value));
    panel.hidden = !open.value;
    // What stands below, and ends the writing, must not move with each row.
    const { style } = field.element;
    style.minHeight = active.value ? style.height : "";
  }, lifetime);
  return { button, fold, panel, chance };
}
