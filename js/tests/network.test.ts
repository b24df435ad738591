import { describe, expect, it } from "vitest";
import { scriptArithmetic } from "../src/network/arithmetic";
import { Connection } from "../src/network/connection";
import { Engine } from "../src/network/engine";
import { type CellType, GATES, KINDS, readNetwork } from "../src/network/network";
import type { EngineAnswer, TokenValues } from "../src/network/protocol";
import { draw, random } from "../src/network/sampling";
import { type Hold, Stack } from "../src/network/stack";
import { Track } from "../src/network/track";

// No WebAssembly here: what is no program falls back to JavaScript.
const NO_PROGRAM = new Uint8Array();
const HIDDEN = 5;
const LETTERS = [..."abcd "];

type Change = { header?: Record<string, unknown>; weights?: (values: Float32Array) => void; scale?: number };

/** The bytes of a network with random weights; its proof is filled in by the engine's own arithmetic. */
function portable(
  cell: CellType,
  { header: other = {}, weights: spoil, scale = 1 }: Change = {},
): ArrayBuffer {
  const size = LETTERS.length;
  const gates = GATES[cell] * HIDDEN;
  const count = gates * size + gates * HIDDEN + 2 * gates + size * HIDDEN + size;
  const values = Float32Array.from({ length: count }, (_, i) => (random(7, i) - 0.5) * 2 * scale);
  spoil?.(values);
  const proof = new Float32Array(KINDS[cell].length * HIDDEN + size);
  const header = {
    cell,
    path: "rnn",
    layers: 1,
    hidden: HIDDEN,
    embedding: 0,
    bias: true,
    head_bias: true,
    vocabulary: LETTERS,
    weights: "float32",
    proof: { tokens: 4, rows: [3] },
    ...other,
  };
  const assemble = () => {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const start = Math.ceil((12 + json.length) / 8) * 8;
    const middle = Math.ceil((start + values.byteLength) / 8) * 8;
    const bytes = new Uint8Array(middle + 16 + proof.byteLength);
    bytes.set(new TextEncoder().encode("rnnviz-n"));
    new DataView(bytes.buffer).setUint32(8, json.length, true);
    bytes.set(json, 12);
    bytes.set(new Uint8Array(values.buffer), start);
    bytes.set(new Uint8Array(Uint32Array.of(0, 1, 2, 3).buffer), middle);
    bytes.set(new Uint8Array(proof.buffer), middle + 16);
    return bytes.buffer;
  };
  if (spoil || Object.keys(other).length) return assemble();
  const track = new Track(new Stack(readNetwork(assemble()), scriptArithmetic));
  track.set(Uint32Array.of(0, 1, 2, 3), []);
  while (!track.complete) track.step();
  proof.set(track.rows[3].subarray(0, proof.length));
  return assemble();
}

const stackOf = (cell: CellType, scale?: number) =>
  new Stack(readNetwork(portable(cell, scale ? { scale } : {})), scriptArithmetic);

function finish(track: Track): number {
  let steps = 0;
  for (; !track.complete; steps++) track.step();
  return steps;
}

const CELLS = Object.keys(KINDS) as CellType[];

describe("a network", () => {
  it.each([
    ["a wrong beginning", (b: Uint8Array) => b.set([0], 0), "does not begin"],
    ["a header that is too long", (b: Uint8Array) => b.set([255, 255, 255, 127], 8), "ends too early"],
    ["a header that is no JSON", (b: Uint8Array) => b.set([33], 12), "no JSON"],
  ])("with %s is refused in a sentence", (_, spoil, said) => {
    const bytes = portable("GRU");
    spoil(new Uint8Array(bytes));
    expect(() => readNetwork(bytes)).toThrow(said);
  });

  it.each([
    [{ cell: "toString" }, "its cell is unknown"],
    [{ layers: 1e9 }, "layers must be a whole number from 1 to 16"],
    [{ hidden: 6 }, "ends too early"],
    [{ hidden: 4 }, "goes on after its end|not a finite|does not know"],
    [{ hidden: -1 }, "hidden must be"],
    [{ vocabulary: ["a", "</script>"] }, "single characters"],
    [{ vocabulary: ["a", "a", "b", "c", "d"] }, "twice"],
    [{ vocabulary: { length: 1e9 } }, "no list"],
    [{ vocabulary: [] }, "the size of its vocabulary"],
    [{ weights: "float64" }, "unknown type"],
    [{ proof: { tokens: 4, rows: [4] } }, "a row of its proof"],
    [{ proof: { tokens: 1e9, rows: [3] } }, "the length of its proof"],
    [{ proof: null }, "the length of its proof"],
  ])("whose header says %j is refused in a sentence", (header, said) => {
    expect(() => readNetwork(portable("GRU", { header }))).toThrow(new RegExp(said));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("with a weight of %d is refused", (value) => {
    const weights = (values: Float32Array) => values.fill(value, 3, 4);
    expect(() => readNetwork(portable("LSTM", { weights }))).toThrow("finite");
  });

  it("cut off anywhere is refused", () => {
    const bytes = portable("GRU");
    for (const part of [0, 7, 12, 100, bytes.byteLength - 1])
      expect(() => readNetwork(bytes.slice(0, part))).toThrow(/cannot be read/);
  });
});

describe("a track", () => {
  it.each(CELLS)(
    "that was edited has the rows of one that reads the text for the first time (%s)",
    (cell) => {
      const stack = stackOf(cell, 0.6);
      const edited = new Track(stack);
      let ids: number[] = [];
      let holds: Hold[] = [];
      let saved = 0;
      for (let edit = 0; edit < 20; edit++) {
        const chance = (i: number) => random(edit, i);
        const at = Math.floor(chance(0) * (ids.length + 1));
        const gone = Math.floor(chance(1) * chance(2) * 12);
        const come = Array.from({ length: Math.floor(chance(3) * 12) }, (_, i) =>
          Math.floor(chance(9 + i) * 5),
        );
        ids = [...ids.slice(0, at), ...come, ...ids.slice(at + gone)];
        if (chance(4) < 0.3)
          holds = chance(5) < 0.5 ? [] : [{ state: "rnn.l0.h", unit: 1, value: chance(6), from: at }];
        edited.set(Uint32Array.from(ids), holds);
        // Now and then the next key is struck before all is read.
        if (chance(7) < 0.3) edited.step();
        else saved += ids.length - finish(edited);
        if (!edited.complete) continue;
        const fresh = new Track(stack);
        fresh.set(Uint32Array.from(ids), holds);
        finish(fresh);
        for (const [t, row] of edited.rows.entries())
          for (let i = 0; i < stack.logits; i++)
            expect(Math.abs(row[i] - fresh.rows[t][i])).toBeLessThan(1e-5);
      }
      expect(saved).toBeGreaterThan(0);
    },
  );

  it("stops where its states come back to those it had", () => {
    const stack = stackOf("GRU", 0.3);
    const track = new Track(stack);
    const ids = Uint32Array.from({ length: 500 }, (_, i) => Math.floor(random(3, i) * 5));
    track.set(ids, []);
    expect(finish(track)).toBe(500);
    const changed = ids.slice();
    changed[100] = (changed[100] + 1) % 5;
    track.set(changed, []);
    expect(finish(track)).toBeLessThan(100);
    track.set(Uint32Array.of(...changed.subarray(0, 200), 1, 2, 3, ...changed.subarray(200)), []);
    expect(finish(track)).toBeLessThan(100);
    expect(track.rows.length).toBe(503);
  });

  it("holds a unit from a token on, and lets it go", () => {
    const stack = stackOf("LSTM");
    const track = new Track(stack);
    const ids = Uint32Array.from({ length: 40 }, (_, i) => i % 5);
    track.set(ids, []);
    finish(track);
    const free = track.rows.map((row) => row.slice());
    track.set(ids, [{ state: "rnn.l0.c", unit: 2, value: 0.5, from: 10 }]);
    expect(finish(track)).toBe(30);
    const at = stack.place("rnn.l0.c", 2);
    expect(track.rows.map((row) => row[at]).slice(10)).toEqual(Array(30).fill(0.5));
    expect(track.rows[9]).toEqual(free[9]);
    expect(track.rows[39]).not.toEqual(free[39]);
    track.set(ids, []);
    finish(track);
    expect(track.rows).toEqual(free);
  });
});

describe("sampling", () => {
  it("gives each seed its own numbers, evenly spread", () => {
    const numbers = Array.from({ length: 20_000 }, (_, i) => random(5, i));
    const bins = new Array(20).fill(0);
    for (const number of numbers) bins[Math.floor(number * 20)]++;
    for (const bin of bins) expect(Math.abs(bin - 1000)).toBeLessThan(150);
    expect(random(5, 3)).toBe(numbers[3]);
    expect(random(6, 3)).not.toBe(numbers[3]);
  });

  it("draws as often as the probabilities say, and the likeliest at temperature 0", () => {
    const logits = Float32Array.of(0, Math.log(3), Number.NEGATIVE_INFINITY);
    const counts = [0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[draw(logits, 1, random(1, i))]++;
    expect(Math.abs(counts[0] - 2000)).toBeLessThan(150);
    expect(counts[2]).toBe(0);
    expect(draw(logits, 0, 0.01)).toBe(1);
    expect(draw(Float32Array.of(1e30, 0), 1e-9, 0.5)).toBe(0);
  });
});

/** An engine on this thread, whose slices are run by hand. */
async function engineOf(bytes: ArrayBuffer, initial = new Float32Array()) {
  let next: (() => void) | undefined;
  const engine: Engine = new Engine(
    { post: (answer: EngineAnswer) => line.receive(answer), slice: 0, pause: (run) => (next = run) },
    NO_PROGRAM,
  );
  const line: Connection = new Connection((request) => engine.receive(request), "page");
  const values: TokenValues[] = [];
  line.onValues = (answer) => values.push(answer);
  const opened = await line.open(bytes, initial);
  const run = (slices = Number.POSITIVE_INFINITY) => {
    for (let i = 0; i < slices && next; i++) {
      const now = next;
      next = undefined;
      now();
    }
  };
  return { line, opened, values, run };
}

const reading = (length: number, holds: Hold[] = []) => ({
  ids: Uint32Array.from({ length }, (_, i) => Math.floor(random(2, i) * 5)),
  holds,
  known: 0,
});

describe("an engine", () => {
  it("opens a network that proves itself, and says what it is", async () => {
    const { opened } = await engineOf(portable("LSTM"));
    expect(opened).toMatchObject({
      arithmetic: "JavaScript",
      units: HIDDEN,
      vocabulary: LETTERS,
      difference: 0,
    });
    expect(opened.states).toEqual(KINDS.LSTM.map((kind) => `rnn.l0.${kind}`));
  });

  it("refuses a network that computes other values than where it comes from", async () => {
    const bytes = portable("GRU");
    const view = new DataView(bytes);
    view.setFloat32(bytes.byteLength - 4, view.getFloat32(bytes.byteLength - 4, true) + 0.01, true);
    await expect(engineOf(bytes)).rejects.toThrow("computes other values here");
  });

  it("goes on from the states that it is given, as if it had read what came before", async () => {
    const bytes = portable("LSTM");
    const ids = reading(50).ids;
    const whole = new Track(new Stack(readNetwork(bytes), scriptArithmetic));
    whole.set(ids, []);
    finish(whole);
    const initial = whole.rows[19].slice(0, KINDS.LSTM.length * HIDDEN);
    const { line, run } = await engineOf(bytes, initial);
    line.want({ texts: { shown: { ids: ids.slice(20), holds: [], known: 0 } }, visible: 0, units: [] });
    const [values] = await Promise.all([line.state("shown", "rnn.l0.c", 2, 1), run()]);
    expect([...values]).toEqual(whole.rows.slice(20).map((row) => row[HIDDEN + 2]));
  });

  it("refuses states that are not its own", async () => {
    const few = engineOf(portable("GRU"), new Float32Array(3));
    await expect(few).rejects.toThrow("not those of this network");
  });

  it("tells what is on screen first, then the rest, for the units that are wanted", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    const units = [{ state: "rnn.l0.h", unit: 1 }];
    line.want({ texts: { shown: reading(100), beside: reading(10) }, visible: 30, units });
    run();
    const told = values.map(({ text, start, stop, complete }) => [text, start, stop, complete]);
    expect(told[0]).toEqual(["shown", 0, 30, false]);
    expect(told.at(-1)).toEqual(["beside", 0, 10, true]);
    const shown = values.filter(({ text }) => text === "shown");
    expect(shown.at(-1)).toMatchObject({ stop: 100, complete: true });
    const all = await Promise.all([line.state("shown", "rnn.l0.h", 1, 1), run()]);
    expect(shown.flatMap((each) => [...each.units[0]])).toEqual([...all[0]]);
    expect(shown.at(-1)?.loss.at(-1)).toBeNaN();
  });

  it("gives predictions and losses that follow from the logits", async () => {
    const { line, values, run } = await engineOf(portable("RNN_TANH"));
    const text = reading(20);
    line.want({ texts: { shown: text }, visible: 0, units: [] });
    run();
    const [logits] = await Promise.all([line.state("shown", "logits", 0, 5), run()]);
    const { ids, probabilities, loss, top } = values[0];
    expect(top).toBe(5);
    for (let t = 0; t < 20; t++) {
      const row = logits.subarray(t * 5, t * 5 + 5);
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
      const order = [0, 1, 2, 3, 4].sort((a, b) => row[b] - row[a]);
      expect([...ids.subarray(t * 5, t * 5 + 5)]).toEqual(order);
      for (let i = 0; i < 5; i++) expect(probabilities[t * 5 + i]).toBeCloseTo(Math.exp(row[order[i]]) / sum);
      if (t < 19) expect(loss[t]).toBeCloseTo(-Math.log(Math.exp(row[text.ids[t + 1]]) / sum), 4);
    }
  });

  it("tells again what was told in an answer that came too late", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    const late: EngineAnswer[] = [];
    const receive = line.receive.bind(line);
    line.receive = (answer) => late.push(answer);
    line.want({ texts: { shown: reading(30) }, visible: 0, units: [] });
    run();
    line.receive = receive;
    line.want({ texts: { shown: reading(31) }, visible: 0, units: [] });
    for (const answer of late) receive(answer);
    run();
    expect(late.length).toBe(1);
    expect(values.map(({ start, stop }) => [start, stop])).toEqual([[0, 31]]);
  });

  it("drops what was wanted before", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    line.want({ texts: { shown: reading(200) }, visible: 0, units: [] });
    run(20);
    line.want({ texts: { shown: reading(50) }, visible: 0, units: [] });
    run();
    expect(values.map(({ version, stop }) => [version, stop])).toEqual([[2, 50]]);
  });

  it("tells what a page does not have yet", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    const want = (unit: number, length: number, known: number) =>
      line.want({
        texts: { shown: { ...reading(length), known } },
        visible: 0,
        units: [{ state: "rnn.l0.z", unit }],
      });
    want(0, 40, 0);
    run();
    want(0, 41, 40);
    run();
    want(1, 41, 0);
    run();
    expect(values.map(({ start, stop }) => [start, stop])).toEqual([
      [0, 40],
      [39, 41],
      [0, 41],
    ]);
  });

  it("writes the same from the same seed, however it is asked", async () => {
    const { line, run } = await engineOf(portable("GRU"));
    const write = async (start: Uint32Array, count: number, index: number) => {
      const request = {
        text: "w",
        reading: { ids: start, holds: [] },
        count,
        temperature: 1,
        seed: 4,
        index,
      };
      return (await Promise.all([line.write(request), run()]))[0];
    };
    const start = Uint32Array.of(1, 2);
    const whole = await write(start, 30, 0);
    const first = await write(start, 12, 0);
    const second = await write(Uint32Array.of(...start, ...first), 18, 12);
    expect([...first, ...second]).toEqual([...whole]);
    expect(new Set(whole).size).toBeGreaterThan(2);
  });

  it("tells nothing of what is written until it is wanted, and then all that is new", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    const text = reading(20);
    line.want({ texts: { shown: text }, visible: 0, units: [] });
    run();
    const request = { text: "shown", count: 5, temperature: 1, seed: 4, index: 0 };
    const shorter = { ids: text.ids.slice(0, 10), holds: [] };
    const [written] = await Promise.all([line.write({ ...request, reading: shorter }), run()]);
    expect(values.length).toBe(1);
    line.want({
      texts: { shown: { ids: Uint32Array.of(...shorter.ids, ...written), holds: [], known: 10 } },
      visible: 0,
      units: [],
    });
    run();
    expect(values.slice(1).map(({ start, stop, complete }) => [start, stop, complete])).toEqual([
      [9, 15, true],
    ]);
  });

  it("stops writing when something else is wanted, and gives what there is", async () => {
    const { line, run } = await engineOf(portable("GRU"));
    const request = { text: "w", reading: reading(3), count: 1e9, temperature: 1, seed: 4, index: 0 };
    const written = line.write(request);
    run(50);
    line.want({ texts: {}, visible: 0, units: [] });
    run();
    expect((await written).length).toBeGreaterThan(5);
  });

  it("refuses a text that would not fit into memory, and goes on", async () => {
    const { line, values, run } = await engineOf(portable("GRU"));
    let problem = "";
    line.onProblem = (reason) => (problem = reason);
    line.want({
      texts: { shown: { ids: new Uint32Array(4e6), holds: [], known: 0 } },
      visible: 0,
      units: [],
    });
    run();
    expect(problem).toMatch(/too long for this network in a page: 4,000,000 characters, at most/);
    line.want({ texts: { shown: reading(3) }, visible: 0, units: [] });
    run();
    expect(values.at(-1)?.complete).toBe(true);
  });
});
