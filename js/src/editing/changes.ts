import type { Kit } from "../live";
import type { Store } from "../store/store";
import { align, type Pair } from "./align";
import type { Desk } from "./desk";
import { Sheet, type Strip } from "./sheet";
import { named, signed } from "./words";

/** Less than this share of the colour scale is no change. */
const SEEN = 0.02;

/** The original above the text as it now is, and under each pair how much the unit's value differs. */
export function changes(kit: Kit, store: Store, desk: Desk, lifetime: AbortSignal): HTMLElement {
  const { h } = kit;
  const sheet = new Sheet(kit, lifetime);
  const words = h("p", { class: "rnnviz-said", role: "status" });
  const under = h("p", { class: "rnnviz-said" });
  const panel = h("div", { class: "rnnviz-changes" }, words, sheet.element, under);
  let rows: Pair[][] = [];
  let values: Record<"old" | "now", Float32Array> = { old: new Float32Array(), now: new Float32Array() };

  const difference = ([old, now]: Pair) =>
    old < 0 || now < 0 ? Number.NaN : values.now[now] - values.old[old];

  const draw = () => {
    if (panel.hidden || !sheet.element.clientWidth) return false;
    const old = [...desk.original.peek()];
    const now = [...desk.text.peek()];
    values = { old: desk.before.peek(), now: desk.now };
    const { limit } = store.row.peek();
    const pairs = align(old, now);
    // What is not computed yet is no change.
    const seen = (pair: Pair) => pair.includes(-1) || Math.abs(difference(pair)) > SEEN * limit;
    rows = [];
    const strips: Strip[] = [];
    let same = 0;
    const skip = () => {
      if (same)
        strips.push({
          name: "",
          characters: [...`⋯ ${same} ${same === 1 ? "row" : "rows"} as before`],
          positions: [],
        });
      if (same) rows.push([]);
      same = 0;
    };
    for (const row of cut(pairs, old, now, sheet.columns)) {
      if (!row.some(seen)) {
        same++;
        continue;
      }
      skip();
      const strip = (name: string, side: 0 | 1, text: string[], of: Float32Array): Strip => ({
        name,
        characters: row.map((pair) => (pair[side] < 0 ? "·" : text[pair[side]])),
        positions: row.map((pair) => (pair[side] < 0 ? Number.NaN : of[pair[side]] / limit)),
      });
      strips.push(strip("was", 0, old, values.old), strip("is", 1, now, values.now), {
        name: "Δ",
        characters: row.map(() => ""),
        positions: row.map((pair) => difference(pair) / (2 * limit)),
        thin: true,
      });
      rows.push(row, row, row);
    }
    skip();
    const changed = pairs.filter(([a, b]) => a < 0 || b < 0).length;
    const kept = pairs.filter(([a, b]) => a >= 0 && b >= 0);
    const other = kept.filter(seen).length;
    const most = kept.reduce((high, pair) => Math.max(high, Math.abs(difference(pair)) || 0), 0);
    words.textContent =
      changed || other
        ? `${changed} ${changed === 1 ? "character" : "characters"} came or went; unit ${store.unit.peek()} differs after ${other} of the ${kept.length} that stayed, by at most ${most.toFixed(2)}.`
        : "Nothing has changed: edit the text, or hold the unit.";
    sheet.show(strips, store.ramp.peek(), words.textContent);
    return true;
  };
  kit.watchFrames(
    () => [desk.comparing.value, desk.before.value, store.content.value, store.row.value, store.ramp.value],
    draw,
    lifetime,
  );
  kit.onResize(sheet.element, draw, lifetime);
  sheet.element.addEventListener(
    "pointermove",
    ({ clientX, clientY }) => {
      const { strip, column } = sheet.at(clientX, clientY);
      const pair = rows[strip]?.[column];
      if (!pair) return;
      const [old, now] = pair;
      const say = (text: string, i: number, of: Float32Array) =>
        i < 0 ? "–" : `${named([...text][i])} ${signed(of[i])}`;
      const delta = difference(pair);
      under.textContent = `was ${say(desk.original.peek(), old, values.old)}, is ${say(desk.text.peek(), now, values.now)}${Number.isNaN(delta) ? "" : `, difference ${signed(delta)}`}`;
    },
    { signal: lifetime },
  );
  kit.watch(() => {
    panel.hidden = !desk.comparing.value;
  }, lifetime);
  return panel;
}

/** Rows of at most `columns` pairs; one ends behind a newline of either text. */
function* cut(pairs: Pair[], old: string[], now: string[], columns: number): Generator<Pair[]> {
  let row: Pair[] = [];
  for (const pair of pairs) {
    row.push(pair);
    if (row.length < columns && old[pair[0]] !== "\n" && now[pair[1]] !== "\n") continue;
    yield row;
    row = [];
  }
  if (row.length) yield row;
}
