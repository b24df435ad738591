import { describe, expect, it } from "vitest";
import type { Traits } from "../src/host";
import { Store } from "../src/store/store";
import { onRequest, rawContent } from "./content";
import { FakeHost } from "./host";

const units = (): Traits["units"] => [
  ["a.h", 0],
  ["a.i", 1],
];

function open(traits: Partial<Traits> = {}) {
  const host = new FakeHost({ units: units(), ...traits });
  return { host, store: new Store(host, new AbortController().signal) };
}
const shown = (store: Store) => store.copies.value.map(({ row }) => row.value.key);
const firstBytes = (store: Store) => store.copies.value.map(({ row }) => row.value.bytes?.[0]);

describe("copies of the text", () => {
  it("show each its own unit", () => {
    const { store } = open();
    expect(shown(store)).toEqual(["0 a.h", "1 a.i"]);
    expect(firstBytes(store)).toEqual([0, 40]);
  });

  it("are one where there are no units", () => {
    expect(shown(open({ units: [], unit: 2 }).store)).toEqual(["2 a.h"]);
  });

  it("change by the slider where one is active, and stay where not", () => {
    const { host, store } = open();
    store.setUnit(2);
    expect(host.traits.units).toEqual([
      ["a.h", 2],
      ["a.i", 1],
    ]);
    store.activate(1);
    expect(host.sets.at(-1)).toEqual({ active: 1, state: "a.i", unit: 1 });
    store.setUnit(0);
    expect(shown(store)).toEqual(["2 a.h", "0 a.i"]);
    expect(host.traits.unit).toBe(0);
  });

  it("follow Python's traits, also when they come one by one", () => {
    const { host, store } = open();
    host.fromPython({ unit: 1 });
    expect(shown(store)).toEqual(["1 a.h", "1 a.i"]);
    host.fromPython({ units: [["a.h", 1], ...units()] });
    expect(shown(store)).toEqual(["1 a.h", "0 a.h", "1 a.i"]);
    host.fromPython({ units: [] });
    expect(shown(store)).toEqual(["1 a.h"]);
  });

  it("come and go, down to a single one", () => {
    const { host, store } = open({ units: [], unit: 2 });
    store.addCopy();
    expect(host.traits).toMatchObject({
      units: [
        ["a.h", 2],
        ["a.h", 2],
      ],
      active: 1,
    });
    store.setUnit(0);
    store.removeCopy(0);
    expect(host.traits).toMatchObject({ units: [], active: 0, state: "a.h", unit: 0 });
    expect(shown(store)).toEqual(["0 a.h"]);
  });

  it("keep the active one when another goes", () => {
    const { host, store } = open({ units: [...units(), ["a.h", 2]], active: 2, unit: 2 });
    store.removeCopy(0);
    expect(host.traits).toMatchObject({ active: 1, state: "a.h", unit: 2 });
    store.removeCopy(1);
    expect(host.traits).toMatchObject({ units: [], state: "a.i", unit: 1 });
  });

  it("ask the kernel for the active one first, then the others, then its neighbours", async () => {
    const { host } = open({ _content: rawContent({ checkpoints: [onRequest()] }) });
    for (let i = 0; i < 3; i++) {
      host.requests[i].resolve([new Int8Array(4).buffer, new Float32Array([1, 1, 1]).buffer]);
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(host.requests.map(({ message }) => [message.state, message.unit])).toEqual([
      ["a.h", 0],
      ["a.i", 1],
      ["a.h", 1],
    ]);
  });
});

describe("while a class guesses", () => {
  it("nothing behind the cursor is in any copy", () => {
    const { host, store } = open({ guess: true, cursor: 1 });
    expect(store.copies.value.map(({ row }) => row.value.bytes?.length)).toEqual([2, 2]);
    host.fromPython({ cursor: -1 });
    expect(store.copies.value.map(({ row }) => row.value.bytes?.length)).toEqual([0, 0]);
    host.fromPython({ guess: false });
    expect(store.copies.value.map(({ row }) => row.value.bytes?.length)).toEqual([4, 4]);
  });
});

describe("segments of a label", () => {
  const label = (values: number[]) => ({ name: "q", kind: "bool", values: Uint8Array.from(values) });
  const labelled = (values: number[], traits: Partial<Traits> = {}) =>
    open({ _content: rawContent({ labels: [label(values)] }), ...traits });

  it("are revealed one by one, and hidden again", () => {
    const { host, store } = labelled([0, 1, 1, 0], { guess: true });
    const cursors = (step: 1 | -1) =>
      Array.from({ length: 4 }, () => {
        store.revealSegment(step);
        return host.traits.cursor;
      });
    expect(cursors(1)).toEqual([0, 2, 3, 3]);
    expect(cursors(-1)).toEqual([2, 0, -1, -1]);
  });

  it("that hold are gone to, forth and back", () => {
    const { host, store } = labelled([1, 0, 1, 1]);
    store.goToSegment(1);
    expect(host.traits.cursor).toBe(0);
    store.goToSegment(1);
    expect(host.traits.cursor).toBe(2);
    store.goToSegment(1);
    expect(host.traits.cursor).toBe(2);
    store.goToSegment(-1);
    expect(host.traits.cursor).toBe(0);
  });
});
