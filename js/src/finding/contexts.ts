import type { Host } from "../host";
import type { Kit } from "../live";
import type { Store } from "../store/store";
import { signed } from "../words";
import { moveFocus } from "./focus";
import { inOneLine } from "./oneline";
import { type Place, type Places, placesOf } from "./places";
import type { Surroundings } from "./surroundings";

/** A unit must stay so long before its stretches are looked for, in milliseconds: a slider passes many. */
const REST = 120;
/** How long Python may take, in milliseconds. */
const PATIENCE = 60_000;

/** Where the shown unit is highest, lowest and changes most, as coloured lines of text; a click goes there. */
export function contextsPanel({ kit, host, store, shown, lifetime }: Surroundings): HTMLElement {
  const { atEnd, h, on, signal, watch } = kit;
  const places = signal<Places | null>(null);
  const said = signal("");
  const note = h("p", { role: "status" });
  const list = h("div", { class: "rnnviz-extremes", tabindex: "-1" });
  const panel = h("div", {}, note, list);
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  atEnd(lifetime, () => clearTimeout(timer));

  const look = async () => {
    const mine = ++turn;
    const { bytes, scale } = store.row.peek();
    const { tokens } = store.content.peek();
    places.value = bytes?.length === tokens.length ? placesOf(tokens, { bytes, scale }) : null;
    said.value = "by eight-bit values";
    const exact = await fromPython(host, store);
    if (exact && mine === turn) {
      places.value = exact;
      said.value = "";
    }
  };
  watch(() => {
    const wanted = [store.row.value.bytes, store.content.value, store.unit.value, store.state.value];
    clearTimeout(timer);
    turn++;
    if (shown() && wanted) timer = setTimeout(() => void look(), REST);
  }, lifetime);
  watch(() => {
    const { length } = store.content.value.tokens;
    const where = `${store.state.value.name} ${store.unit.value} in ${length.toLocaleString("en")} tokens`;
    note.textContent = places.value
      ? `The extremes of ${where}${said.value && `, ${said.value}`}: they suggest what it may follow, and measure nothing.`
      : `waiting for ${where} …`;
    list.replaceChildren(
      ...Object.entries(places.value ?? {}).flatMap(([sort, found]) => [
        h("p", { class: "rnnviz-sort" }, sort),
        h("ol", { "aria-label": sort }, ...found.map((place) => line(kit, store, place, sort))),
      ]),
    );
  }, lifetime);
  on(list, "keydown", moveFocus, lifetime);
  return panel;
}

/** What Python finds in the exact values; null without it. */
async function fromPython(host: Host, store: Store): Promise<Places | null> {
  const { state, unit, checkpoint } = store.copy.peek().wanted.peek();
  const question = { kind: "contexts" as const, state: state.name, unit, checkpoint, patience: PATIENCE };
  try {
    const [json] = await host.request(question);
    return JSON.parse(new TextDecoder().decode(json));
  } catch {
    return null;
  }
}

/** One stretch, the place in the middle. */
function line({ h }: Kit, store: Store, place: Place, sort: string): HTMLElement {
  const { tokens } = store.content.peek();
  const { line, column } = tokens.position(place.token);
  const at = place.token - place.start;
  const number = sort === "changes most" ? (place.change ?? Number.NaN) : place.value;
  const piece = (from: number, to: number) => coloured(h, store, place, from, to);
  const button = h(
    "button",
    { type: "button" },
    h("span", {}, `${line}:${column}${place.times > 1 ? ` ×${place.times}` : ""}`),
    h("span", {}, signed(number)),
    h(
      "span",
      { class: "rnnviz-context" },
      h("bdi", {}, h("span", {}, ...piece(0, at))),
      h("strong", {}, ...piece(at, at + 1)),
      h("bdi", {}, ...piece(at + 1, place.values.length)),
    ),
  );
  button.addEventListener("click", () => store.setCursor(place.token));
  return h("li", {}, button);
}

/** Tokens of a stretch in the colours of the text, those of one colour in one element. */
function coloured(h: Kit["h"], store: Store, place: Place, from: number, to: number): HTMLElement[] {
  const { tokens } = store.content.peek();
  const { scale } = store.row.peek();
  const { pixels, ink } = store.paint.value;
  const made: HTMLElement[] = [];
  let before = Number.NaN;
  for (let i = from; i < to; i++) {
    const value = place.values[i];
    const level = value === null ? 0 : Math.max(1, Math.min(255, Math.round((value * 127) / scale) + 128));
    if (level !== before) {
      const run = h("span");
      const pixel = pixels[level];
      if (level) {
        run.style.background = `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
        run.style.color = ink[level];
      }
      made.push(run);
      before = level;
    }
    made[made.length - 1].append(inOneLine(tokens.string(place.start + i)));
  }
  return made;
}
