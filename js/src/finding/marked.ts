import type { Kit } from "../live";
import type { Signal } from "../signals";
import type { Store } from "../store/store";
import { moveFocus } from "./focus";
import { followMarking, markSelection, selectionIn } from "./marking";
import { inOneLine } from "./oneline";
import { type Answer, type Question, type Row, search } from "./search";
import type { Stretch } from "./stretches";
import type { Surroundings } from "./surroundings";

/** Who marks several stretches, one after the other, is answered once, in milliseconds. */
const PAUSE = 150;
/** Stretches that have a button of their own, and characters of them on it. */
const NAMED = 24;
const QUOTED = 16;
/** Of the area under the curve: what tells nothing, in words that begin with it. */
const AUC = /AUC ([\d.]+)/;

const HINT =
  "Drag over the text, or hold Shift and move by arrow keys: what you mark is compared with the rest. A click on it, or Delete, takes a mark away.";

/** What is marked, and the units that tell it from the rest. While it is seen, what is selected is marked. */
export function markedPanel(
  { kit, host, store, copies, shown, lifetime }: Surroundings,
  answer: Signal<Answer | null>,
): HTMLElement {
  const { atEnd, button, h, signal, untracked, watch } = kit;
  /** What is being done, or why it cannot be; empty for neither. */
  const said = signal("");
  const working = signal(false);
  let end = new AbortController();
  atEnd(lifetime, () => end.abort());

  const columns = () =>
    store.content.peek().states.reduce((sum, { units, of }) => sum + Math.max(units, of), 0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (question: Question) => {
    clearTimeout(timer);
    end.abort();
    end = new AbortController();
    const mine = end.signal;
    const doing = question === "marked" ? "looking for units" : "scoring on the rest";
    const advance = (done: number) => {
      const share = Math.min(100, Math.floor((100 * done) / columns()));
      if (!mine.aborted) said.value = `${doing} … ${done ? `${share} %` : ""}`;
    };
    working.value = true;
    advance(0);
    try {
      answer.value = await search(host, store, question, store.marked.peek(), advance, mine);
      said.value = "";
    } catch (error) {
      if (mine.aborted) return;
      said.value = error instanceof Error ? error.message : String(error);
    }
    working.value = false;
  };
  const stop = button(
    "key",
    "stop",
    () => {
      end.abort();
      working.value = false;
      said.value = "stopped";
    },
    lifetime,
  );
  const mark = button("key", "mark what is selected", () => markSelection(store, copies), lifetime);
  const score = button("key", "score on the rest", () => void look("marked score"), lifetime);
  const clear = button("link", "remove all marks", () => store.setMarked([]), lifetime);
  const hint = h("p", {}, HINT);
  const stretches = h("p", { class: "rnnviz-stretches" });
  const status = h("p", { role: "status" });
  const note = h("p");
  const list = h("ol", { class: "rnnviz-found", "aria-label": "units that tell what is marked" });
  const panel = h(
    "div",
    {},
    hint,
    stretches,
    h("div", { class: "rnnviz-finding-line" }, mark, score, clear, stop, status),
    note,
    list,
  );

  let was = false;
  watch(() => {
    const open = shown();
    // What is selected when marking begins was meant.
    if (open && !was) untracked(() => markSelection(store, copies));
    was = open;
  }, lifetime);
  watch(() => {
    const marked = store.marked.value;
    const { tokens, states } = store.content.value;
    clearTimeout(timer);
    end.abort();
    working.value = false;
    said.value = "";
    if (!marked.length || !shown() || !states) answer.value = null;
    else if (marked[0][0] === 0 && marked[0][1] === tokens.length) {
      answer.value = null;
      said.value = "All of the text is marked: there is nothing to tell it from.";
    } else {
      store.checkpoint.value;
      timer = setTimeout(() => void look("marked"), PAUSE);
    }
  }, lifetime);
  atEnd(lifetime, () => clearTimeout(timer));
  watch(() => {
    const marked = store.marked.value;
    hint.hidden = marked.length > 0;
    clear.hidden = !marked.length;
    mark.hidden = !selectionIn(store, copies);
    score.hidden = !marked.length;
    score.disabled = marked.length < 2 || working.value;
    score.title =
      marked.length < 2 ? "mark a second stretch: one to choose a unit on, one to score it on" : "";
    stop.hidden = !working.value;
    status.textContent = said.value;
  }, lifetime);
  watch(() => {
    const marked = store.marked.value;
    const rest = marked.length - NAMED;
    stretches.replaceChildren(
      ...marked.slice(0, NAMED).map((stretch) => stretchButton(kit, store, stretch)),
      rest > 0 ? `and ${rest} more` : "",
    );
  }, lifetime);
  watch(() => {
    const found = answer.value;
    note.textContent = found?.note ?? "";
    list.hidden = !found?.entries.length;
    list.replaceChildren(...(found?.entries ?? []).map((row) => rowButton(kit, store, row)));
  }, lifetime);
  watch(() => {
    // The unit that is shown, in the list.
    const here = `${store.unit.value} ${store.state.value.name}`;
    if (answer.value)
      for (const one of list.querySelectorAll("button"))
        one.setAttribute("aria-current", String(one.dataset.unit === here));
  }, lifetime);
  kit.on(list, "keydown", moveFocus, lifetime);
  followMarking(kit, store, copies, shown, lifetime);
  return panel;
}

/** A stretch by its first characters; a click goes there, one on the cross takes the mark away. */
function stretchButton({ h }: Kit, store: Store, stretch: Stretch): HTMLElement {
  const [start, stop] = stretch;
  const { tokens } = store.content.peek();
  const { line, column } = tokens.position(start);
  const text = tokens.text.slice(tokens.start(start), tokens.start(stop));
  const some = [...text].slice(0, QUOTED).join("");
  const words = `${line}:${column} ${inOneLine(some)}${some.length < text.length ? "…" : ""}`;
  const go = h("button", { type: "button", class: "rnnviz-link" }, words);
  const drop = h(
    "button",
    { type: "button", class: "rnnviz-link", "aria-label": `remove the mark at ${line}:${column}` },
    "×",
  );
  go.addEventListener("click", () => store.setCursor(start));
  drop.addEventListener("click", () => store.setMarked(store.marked.peek().filter((one) => one !== stretch)));
  return h("span", {}, go, " ", drop);
}

/** A unit that was found; a click shows it, red where what is marked is. */
function rowButton({ h }: Kit, store: Store, { state, unit, text, sign }: Row): HTMLElement {
  const share = Math.max(0, 2 * Number(AUC.exec(text)?.[1] ?? 0.5) - 1);
  const bar = h("span", { class: "rnnviz-bar" });
  bar.style.width = `${100 * share}%`;
  const row = h(
    "button",
    { type: "button", "data-unit": `${unit} ${state}` },
    h("code", {}, `${state} ${unit}`),
    h("span", { class: "rnnviz-track" }, bar),
    h("span", {}, `${text}, ${sign < 0 ? "low" : "high"}`),
  );
  row.addEventListener("click", () => {
    store.setStateAndUnit(state, unit);
    store.setFlipped(sign < 0);
  });
  return h("li", {}, row);
}
