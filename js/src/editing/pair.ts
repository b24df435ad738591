import type { Parts } from "./more";
import { Sheet, type Strip } from "./sheet";

/** Characters that are written at a time, and in all. */
const PIECE = 12;
const LONGEST = 480;

/**
 * Two texts that the network writes from the caret on, from the same random numbers: as units are held, and with none held.
 *
 * Its button stands where units are held.
 */
export function pair({ kit, store, desk, field, tools, lifetime }: Parts): HTMLElement {
  const { h, watch, signal } = kit;
  const listen = { signal: lifetime };
  const active = signal(false);
  const open = signal(false);
  const button = h("button", {
    type: "button",
    class: "rnnviz-pill",
    title: "two texts from the same random numbers: with the unit held, and without",
  });
  const column = (words: string) => {
    const sheet = new Sheet(kit, lifetime, 0);
    return {
      sheet,
      text: "",
      values: new Float32Array(),
      box: h("div", {}, h("p", { class: "rnnviz-said" }, words), sheet.element),
    };
  };
  const held = column("with the unit held");
  const free = column("the same random numbers, no unit held");
  const close = h("button", { type: "button", class: "rnnviz-pill" }, "close");
  const panel = h("div", { class: "rnnviz-pair" }, held.box, free.box, close);

  const draw = () => {
    const { limit } = store.row.peek();
    for (const { sheet, text, values } of [held, free]) {
      sheet.show([...rows([...text], values, limit, sheet.columns)], store.ramp.peek(), text);
      sheet.toEnd();
    }
  };
  const write = async (prefix: string) => {
    open.value = active.value = true;
    const draft = tools.chance();
    for (const one of [held, free]) {
      one.text = "";
      one.values = new Float32Array();
    }
    const length = [...prefix].length;
    for (let index = 0; active.peek() && index < LONGEST && !lifetime.aborted; index += PIECE) {
      for (const [one, holds] of [
        [held, desk.holds.peek()],
        [free, []],
      ] as const) {
        const written = await desk.draft(prefix + one.text, { ...draft, index, count: PIECE }, holds);
        if (!active.peek() || lifetime.aborted) break;
        one.text += written.text;
        one.values = written.values.slice(length);
      }
      draw();
    }
    active.value = false;
    desk.resume();
  };
  kit.watchFrames(
    () => [store.ramp.value, store.row.value],
    () => {
      draw();
      return true;
    },
    lifetime,
  );
  button.addEventListener(
    "click",
    () => {
      if (active.peek()) active.value = false;
      else void write(field.area.value.slice(0, field.area.selectionStart) || "\n");
    },
    listen,
  );
  // Whoever goes on with the text wants its colours, not those of others.
  field.area.addEventListener(
    "keydown",
    () => {
      active.value = false;
    },
    listen,
  );
  close.addEventListener(
    "click",
    () => {
      open.value = active.value = false;
    },
    listen,
  );
  watch(() => {
    panel.hidden = !open.value;
    button.textContent = active.value ? "stop ■" : "write both ▸";
    button.setAttribute("aria-pressed", String(active.value));
  }, lifetime);
  tools.held.append(button);
  return panel;
}

/** Rows as wide as there is room, or as a line is long. */
function* rows(text: string[], values: Float32Array, limit: number, columns: number): Generator<Strip> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    let to = Math.min(from + columns, end < 0 ? text.length : end + 1);
    // A row that is too long ends behind a word, where it has one.
    const space = text.lastIndexOf(" ", to - 1);
    if (to < text.length && to !== end + 1 && space > from) to = space + 1;
    yield {
      name: "",
      characters: text.slice(from, to),
      positions: Array.from(values.subarray(from, to), (value) => value / limit),
    };
    from = to;
  }
}
