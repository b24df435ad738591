import type { Parts } from "./more";
import { common } from "./rows";
import { named } from "./words";

/**
 * Shannon's game: what comes next? A person types it, and so does the network, then the text says who is right.
 *
 * It goes on while the store's `guess` does: the text ends where it is guessed.
 */
export function game({ kit, store, desk, field, lifetime }: Parts): HTMLElement {
  const { h, watch, signal } = kit;
  const secret = signal("");
  /** Where the guessing began, and what was said since. */
  const first = signal(0);
  const said = signal<string[]>([]);
  const score = h("span", { role: "status" });
  const button = (words: string, run: () => void) => {
    const element = h("button", { type: "button", class: "rnnviz-pill" }, words);
    element.addEventListener("click", run, { signal: lifetime });
    return element;
  };
  const pass = button("I do not know", () => {
    field.take(field.area.value + (next() === "\n" ? " " : "\n"));
    field.area.focus();
  });
  const end = button("end", () => store.setGuess(false));
  const panel = h("div", { class: "rnnviz-pills rnnviz-game" }, score, pass, end);

  const next = () => [...secret.peek().slice(desk.text.peek().length)][0] ?? "";

  /** The text with one more of its characters, whatever was typed; unchanged where nothing was added to its end. */
  const answer = (typed: string): string => {
    const shown = desk.text.peek();
    // Wherever it was typed: a tap into the text takes the caret from its end.
    const { start } = common(shown, typed);
    const guess = typed.length > shown.length ? [...typed.slice(start)][0] : undefined;
    if (guess === undefined || !next()) return shown;
    said.value = [...said.peek(), guess];
    return shown + next();
  };

  const begin = () => {
    const text = desk.text.peek();
    secret.value = text;
    said.value = [];
    const cursor = store.cursor.peek();
    const open = [...text];
    first.value = Math.min(open.length, cursor < 0 ? Math.max(1, open.indexOf("\n") + 1) : cursor + 1);
    desk.edit(open.slice(0, first.peek()).join(""));
    field.reads = answer;
  };
  const finish = () => {
    field.reads = (typed) => typed;
    desk.edit(secret.peek());
  };
  let playing = false;
  watch(() => {
    const guess = !!store.guess.value;
    if (guess !== playing) (guess ? begin : finish)();
    playing = guess;
    pass.hidden = end.hidden = !guess;
  }, lifetime);
  watch(() => {
    if (store.guess.value) store.setCursor([...desk.text.value].length - 1);
  }, lifetime);

  watch(() => {
    const { top, ids, probabilities } = desk.expected.value;
    const truth = desk.ids;
    const own = said.value;
    const { vocabulary } = desk.alphabet;
    const likeliest = (i: number) => ids[(first.value + i - 1) * top];
    const actual = [...secret.value].slice(first.value);
    const mine = own.filter((guess, i) => guess === actual[i]).length;
    const its = own.filter((_, i) => likeliest(i) === truth[first.value + i]).length;
    const last = own.length - 1;
    panel.hidden = !store.guess.value && last < 0;
    if (last < 0) {
      score.textContent = "Type the character that you think comes next: the network has its own guess.";
      return;
    }
    const p = probabilities[(first.value + last - 1) * top];
    const network = Number.isNaN(p)
      ? ""
      : `, the network ${named(vocabulary[likeliest(last)])} (${p.toFixed(2)})`;
    score.replaceChildren(
      `It was ${named(actual[last])}. You said ${named(own[last])}${network}. Right so far: `,
      h("strong", {}, `you ${mine} of ${own.length}, the network ${its}`),
      actual.length > own.length ? "" : ". The text is at its end.",
    );
  }, lifetime);
  return panel;
}
