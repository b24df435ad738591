import type { Kit } from "../live";
import type { Store } from "../store/store";
import type { Desk } from "./desk";
import type { Field } from "./field";

/** Characters that are written at a time, and the pause after them in milliseconds. */
const PACES = { slowly: [1, 120], "as one reads": [1, 35], "at once": [24, 0] } as const;
const LONGEST = 5000;

/** What can be done with a text whose network is here: one row of buttons, and what the open one needs. */
export function bar(kit: Kit, store: Store, desk: Desk, field: Field, lifetime: AbortSignal): HTMLElement {
  const { h, watch, signal } = kit;
  const listen = { signal: lifetime };
  const button = (words: string, title: string, run: () => void) => {
    const element = h("button", { type: "button", class: "rnnviz-pill", title }, words);
    element.addEventListener("click", run, listen);
    return element;
  };
  const number = (label: string, value: number, attributes: Record<string, string>) => {
    const input = h("input", {
      type: "number",
      value: String(value),
      class: "rnnviz-number",
      "aria-label": label,
      ...attributes,
    });
    return { input, label: h("label", {}, `${label} `, input) };
  };

  const edit = button("edit", "type into the text", () => {
    field.editable.value = !field.editable.value;
    if (field.editable.value) field.area.focus();
  });
  const held = () =>
    desk.holds.value.find(({ state, unit }) => state === store.state.value.name && unit === store.unit.value);
  const level = signal(0.9);
  const from = signal(0);
  const hold = button("", "hold this unit at a value, whatever the text says", () => {
    const now = held();
    if (now) desk.hold(now.state, now.unit, null);
    else desk.hold(store.state.value.name, store.unit.value, level.value, from.value);
  });
  const slider = h("input", {
    type: "range",
    class: "rnnviz-held",
    step: "0.01",
    "aria-label": "what the unit is held at",
  });
  const bound = () => {
    const { bound: proven } = store.state.value;
    return proven ?? (store.row.value.limit || 1);
  };
  slider.addEventListener(
    "input",
    () => {
      level.value = Number(slider.value);
      const now = held();
      desk.hold(store.state.peek().name, store.unit.peek(), level.peek(), now?.from ?? from.peek());
    },
    listen,
  );
  const begin = button("", "from where on a unit is held", () => {
    from.value = from.value ? 0 : Math.max(0, store.cursor.value + 1);
    const now = held();
    if (now) desk.hold(now.state, now.unit, now.value, from.value);
  });
  const others = h("span", { class: "rnnviz-others" });
  const cost = h("span", {
    class: "rnnviz-cost",
    role: "status",
    title: "mean of −ln p(next character), over the text",
  });

  const writing = signal(false);
  const temperature = number("temperature", 0.8, { min: "0", max: "2", step: "0.1" });
  const seed = number("seed", 1, { min: "0", step: "1" });
  const pace = h(
    "select",
    { "aria-label": "pace" },
    ...Object.keys(PACES).map((name) => h("option", { value: name }, name)),
  );
  pace.value = "as one reads";
  const write = button("", "let the network write on from the caret", () => {
    writing.value = !writing.value;
    if (writing.value) void writeOn();
  });
  const writeOn = async () => {
    const { area } = field;
    const [count, pause] = PACES[pace.value as keyof typeof PACES];
    let index = 0;
    // What stands behind the caret makes room; undo brings it back.
    area.setSelectionRange(area.selectionStart || area.value.length, area.value.length);
    let text = area.value.slice(0, area.selectionStart);
    while (writing.peek() && index < LONGEST && !lifetime.aborted) {
      const request = {
        temperature: Number(temperature.input.value),
        seed: Number(seed.input.value),
        index,
        count,
      };
      const written = await desk.write(text || "\n", request);
      // Someone typed meanwhile: it is theirs again.
      const unchanged = area.value.startsWith(text) && (index === 0 || area.value === text);
      if (!writing.peek() || !written || !unchanged) break;
      field.type(written);
      text += written;
      index += count;
      await new Promise((done) => setTimeout(done, pause));
    }
    writing.value = false;
    desk.resume();
  };
  area(field, writing, lifetime);

  const predictions = button("predictions", "what the network expects after each character", () => {
    field.predictions.value = !field.predictions.value;
  });
  const original = button("original ↺", "give the text back as it was", () => {
    field.area.setSelectionRange(0, field.area.value.length);
    field.type(desk.original.peek());
    for (const { state, unit } of desk.holds.peek()) desk.hold(state, unit, null);
  });
  original.classList.add("rnnviz-original");
  const strangers = h("p", { class: "rnnviz-strangers", role: "status" });

  watch(() => {
    const now = held();
    const value = now?.value ?? level.value;
    hold.replaceChildren(
      now ? `unit ${store.unit.value} held at ` : `hold unit ${store.unit.value} at `,
      h("strong", {}, signed(value)),
    );
    hold.setAttribute("aria-pressed", String(now !== undefined));
    const most = bound();
    slider.max = String(most);
    slider.min = String(store.state.value.kind === "gate" ? 0 : -most);
    slider.value = String(value);
    const start = now?.from ?? from.value;
    begin.textContent = start ? `from character ${start + 1}` : "from the beginning";
    others.replaceChildren(
      ...desk.holds.value
        .filter((one) => one !== now)
        .map(({ state, unit, value: at }) =>
          button(`${state} ${unit} at ${signed(at)} ×`, "let it go", () => desk.hold(state, unit, null)),
        ),
    );
  }, lifetime);
  watch(() => {
    const { value: loss } = desk.loss;
    const { value: free } = desk.freeLoss;
    const holding = desk.holds.value.length > 0;
    if (Number.isNaN(loss)) cost.textContent = "";
    else
      cost.textContent = `loss ${loss.toFixed(3)} nats${holding && !Number.isNaN(free) ? `, ${free.toFixed(3)} without` : ""}`;
  }, lifetime);
  watch(() => {
    edit.setAttribute("aria-pressed", String(field.editable.value));
    predictions.setAttribute("aria-pressed", String(field.predictions.value));
    write.setAttribute("aria-pressed", String(writing.value));
    write.textContent = writing.value ? "stop ■" : "write on ▸";
    original.disabled = desk.text.value === desk.original.value && !desk.holds.value.length;
  }, lifetime);
  watch(() => {
    const unknown = desk.alphabet.strangers(desk.text.value);
    strangers.hidden = !unknown.length;
    strangers.textContent = unknown.length
      ? `The network does not know ${unknown.slice(0, 8).join(" ")}${unknown.length > 8 ? " …" : ""}: it reads ${unknown
          .slice(0, 8)
          .map((character) => `${character} as ${shown(desk.alphabet.nearest(character))}`)
          .join(", ")}.`
      : "";
  }, lifetime);
  const tools = h(
    "div",
    { class: "rnnviz-pills", role: "group", "aria-label": "the network" },
    edit,
    hold,
    slider,
    begin,
    others,
    write,
    temperature.label,
    seed.label,
    pace,
    predictions,
    original,
  );
  return h("div", { class: "rnnviz-live" }, tools, cost, strangers);
}

/** A key of one's own ends the writing. */
function area(field: Field, writing: { value: boolean }, lifetime: AbortSignal): void {
  for (const event of ["keydown", "pointerdown"])
    field.area.addEventListener(
      event,
      () => {
        writing.value = false;
      },
      { signal: lifetime },
    );
}

const signed = (value: number) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

const shown = (character: string) =>
  character === " " ? "a space" : character === "\n" ? "a newline" : character;
