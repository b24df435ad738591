import type { Host } from "../host";
import type { Store } from "../store/store";
import { bestOfKinds, gain } from "./area";
import { columnsOf, eachColumn } from "./columns";
import { Chance, cutOf, ENOUGH, gains, partOf, seeded } from "./heldout";
import { answers, ask } from "./python";
import { type Stretch, tokensIn } from "./stretches";

/** A unit in a list, as Python's rankings have it. */
export interface Row {
  state: string;
  unit: number;
  /** Its score in words. */
  text: string;
  sign: number;
}

/** The units that tell what is marked from the rest, best first, and in a line what that is worth. */
export interface Answer {
  note: string;
  entries: Row[];
}

/** What is looked for: which units tell what is marked, or how the best of some stretches do on the others. */
export type Question = "marked" | "marked score";

/** So many rows are listed, as in Python. */
const LISTED = 100;

const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/**
 * Answers a question about marked stretches: by Python of all units of all states; without it, of those in the page.
 *
 * @throws Error with a sentence for people; the signal's reason, once it aborts
 */
export async function search(
  host: Host,
  store: Store,
  kind: Question,
  marked: Stretch[],
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const checkpoint = store.checkpoint.peek();
  const asked = await answers(host);
  signal.throwIfAborted();
  if (asked) return ask(host, { kind, checkpoint, marked }, advance, signal);
  return (kind === "marked" ? ranked : scored)(store, marked, advance, signal);
}

/** Where the values are from that a page ranks. */
function among(store: Store, columns: number): string {
  const { states } = store.content.peek();
  const part = states.some(({ units, of }) => units < of) ? ", not all that there are" : "";
  return `among the ${count(columns, "unit")} in this page${part}, by values of eight bits`;
}

async function ranked(
  store: Store,
  marked: Stretch[],
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const { length } = store.content.peek().tokens;
  const columns = columnsOf(store);
  const found = new Float64Array(columns.length);
  await eachColumn(
    store,
    columns,
    ({ bytes }, i) => {
      found[i] = gain(bytes, marked);
    },
    advance,
    signal,
  );
  const tokens = `${tokensIn(marked).toLocaleString("en")} of ${count(length, "token")}`;
  return {
    note: `${count(marked.length, "stretch", "stretches")}, ${tokens}; the best ${among(store, columns.length)}, chosen on what was marked itself: a hint, not a measurement`,
    entries: bestOfKinds(columns, found)
      .slice(0, LISTED)
      .map(({ score, ...row }) => ({ ...row, text: `AUC ${score.toFixed(3)} where chosen` })),
  };
}

async function scored(
  store: Store,
  marked: Stretch[],
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const { length } = store.content.peek().tokens;
  const cut = cutOf(marked);
  const random = seeded(0);
  const a = partOf(marked, 0, cut, random);
  const b = partOf(marked, cut, length, random);
  const columns = columnsOf(store);
  const chance = new Chance();
  const [onA, onB] = [a, b].map(() => new Float64Array(columns.length).fill(Number.NaN));
  await eachColumn(
    store,
    columns,
    ({ bytes }, i) => {
      const [first, second] = [gains(bytes, a), gains(bytes, b)];
      if (!first || !second) return;
      [onA[i], onB[i]] = [first[0], second[0]];
      chance.take(first, second);
    },
    advance,
    signal,
  );
  const found = bestOfKinds(columns, onA, onB);
  const few = Math.min(a.marked.length, b.marked.length) < ENOUGH;
  const best = found[0] ? `The first reaches AUC ${found[0].heldOut.toFixed(3)} there. ` : "";
  return {
    note: `Chosen on the ${count(a.marked.length, "earlier stretch", "earlier stretches")}, scored on the rest, ${count(b.marked.length, "stretch", "stretches")}. ${best}By chance the best ${among(store, columns.length)} reaches ${chance.level.toFixed(3)} one time in twenty.${few ? " So few stretches illustrate, and measure nothing." : ""}`,
    entries: found.slice(0, LISTED).map(({ score, heldOut, ...row }) => ({
      ...row,
      text: `AUC ${heldOut.toFixed(3)} on the rest (${score.toFixed(3)} where chosen)`,
    })),
  };
}
