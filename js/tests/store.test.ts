import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bytes, Traits } from "../src/host";
import { Store } from "../src/store/store";
import { onRequest, rawCheckpoint, rawContent, utf16 } from "./content";
import { FakeHost } from "./host";

const lifetime = new AbortController();

function open(traits: Partial<Traits> = {}) {
  const host = new FakeHost(traits);
  return { host, store: new Store(host, lifetime.signal) };
}
const unitReply = (q: number): Bytes[] => [
  new Int8Array(4).fill(q).buffer,
  new Float32Array([2, 1, 2]).buffer,
];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("state and unit", () => {
  it("shows the bytes of the chosen unit of the chosen state", () => {
    const { store } = open({ state: "a.i", unit: 1 });
    expect([...(store.row.value.bytes ?? [])]).toEqual([40, 41, 42, 43]);
    expect(store.row.value.kind).toBe("gate");
  });

  it("clamps the unit when the state changes, and says both in one go", () => {
    const { host, store } = open({ unit: 2 });
    store.setState("a.i");
    expect(host.sets).toEqual([{ state: "a.i", unit: 1 }]);
    expect(store.unit.value).toBe(1);
  });

  it("keeps a unit from the slider within the state", () => {
    const { host, store } = open();
    store.setUnit(99);
    store.setUnit(-5);
    expect(host.sets).toEqual([{ unit: 2 }, { unit: 0 }]);
  });

  it("follows when Python sets a value, also back", () => {
    const { host, store } = open();
    store.setUnit(2);
    host.fromPython({ unit: 1 });
    expect(store.unit.value).toBe(1);
    expect(host.sets).toEqual([{ unit: 2 }]);
  });

  it("shows something sensible while state and unit do not fit the trace", () => {
    const { host, store } = open({ state: "gone.h", unit: 7 });
    expect(store.state.value.name).toBe("a.h");
    expect(store.unit.value).toBe(2);
    expect(host.sets).toEqual([]);
  });

  it("does not tell the host what it knows", () => {
    const { host, store } = open({ unit: 1 });
    store.setUnit(1);
    store.setCursor(-1);
    expect(host.sets).toEqual([]);
  });
});

describe("a part of the units", () => {
  const states = [
    { name: "a.h", units: 3, ids: [4, 9, 30], of: 64, kind: "signed", bound: 1 },
    { name: "a.i", units: 2, ids: null, of: 2, kind: "gate", bound: 1 },
  ];
  const some = (unit: number) => open({ unit, _content: rawContent({ states }) });

  it("keeps its numbers, and the values that belong to them", () => {
    const { store } = some(9);
    expect([store.unit.value, store.unitIndex.value]).toEqual([9, 1]);
    expect(store.row.value.bytes?.[0]).toBe(10);
  });

  it.each([
    [0, 4],
    [6, 4],
    [7, 9],
    [19, 9],
    [20, 30],
    [99, 30],
  ])("shows for unit %i the nearest that is here, %i", (asked, shown) => {
    const { host, store } = some(4);
    store.setUnit(asked);
    expect([store.unit.value, host.get("unit")]).toEqual([shown, shown]);
    expect(some(asked).store.unit.value).toBe(shown);
  });

  it("is what the slider moves among", () => {
    const { store } = some(4);
    store.setUnitIndex(2);
    expect(store.unit.value).toBe(30);
    store.setUnitIndex(3);
    expect(store.unit.value).toBe(30);
    store.setState("a.i");
    expect(store.unit.value).toBe(1);
  });
});

describe("cursor and selection", () => {
  it("keeps the cursor in the text and lets it go at -1", () => {
    const { host, store } = open();
    store.setCursor(50);
    expect(host.traits.cursor).toBe(3);
    store.setCursor(-7);
    expect(host.traits.cursor).toBe(-1);
  });

  it("takes a selection drawn backwards, and none where it is empty", () => {
    const { host, store } = open();
    store.select(3, 1);
    expect(host.traits.selection).toEqual([1, 3]);
    store.select(2, 2);
    expect(host.traits.selection).toEqual([]);
  });

  it("drops the selection when the cursor is set", () => {
    const { host, store } = open({ selection: [0, 2] });
    store.setCursor(1);
    expect(host.sets).toEqual([{ cursor: 1, selection: [] }]);
    expect(store.selection.value).toBeNull();
  });

  it("speaks of the token under the pointer before that of the cursor", () => {
    const { store } = open({ cursor: 1 });
    expect(store.focus.value).toBe(1);
    store.setHover(3);
    expect(store.focus.value).toBe(3);
  });
});

describe("a swap of the trace", () => {
  it("shows the new text at once and forgets the pointer", () => {
    const { host, store } = open({ unit: 1 });
    store.setHover(2);
    host.fromPython({ _content: rawContent({ text: utf16("wxyz") }) });
    expect(store.content.value.tokens.text).toBe("wxyz");
    expect(store.hover.value).toBe(-1);
    expect(store.unit.value).toBe(1);
  });

  it("keeps the old trace and says why where the new one cannot be read", () => {
    const { host, store } = open();
    host.fromPython({ _content: rawContent({ version: 9 }) });
    expect(store.content.value.tokens.text).toBe("abcd");
    expect(store.problem.value).toContain("version must be 2, got 9");
    host.fromPython({ _content: rawContent() });
    expect(store.problem.value).toBe("");
  });
});

describe("exact values", () => {
  const exact = (values: number[]): Bytes[] => [Float32Array.from(values).buffer];

  it("are asked for once a block, after the unit has rested", async () => {
    const { host, store } = open({ unit: 1, cursor: 2 });
    expect(host.requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(host.requests.map(({ message }) => message)).toEqual([
      { kind: "exact", state: "a.h", unit: 1, checkpoint: 0, start: 0, stop: 4 },
    ]);
    expect(store.valueAt(2)).toMatchObject({ exact: false, value: 12 / 127 });
    host.requests[0].resolve(exact([0.1, 0.2, 0.3, 0.4]));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.valueAt(2)).toMatchObject({ exact: true, value: Math.fround(0.3) });
    for (const token of [0, 1, 3]) {
      store.setHover(token);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(host.requests).toHaveLength(1);
  });

  it("are not asked for units that a slider only passes", async () => {
    const { host, store } = open({ cursor: 0 });
    for (const unit of [1, 2, 1, 2, 1, 2]) {
      store.setUnit(unit);
      await vi.advanceTimersByTimeAsync(20);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(host.requests.map(({ message }) => message.unit)).toEqual([2]);
  });

  it("come as rounded ones when nobody answers, and are not asked for again at once", async () => {
    const { host, store } = open({ cursor: 0 });
    await vi.advanceTimersByTimeAsync(100);
    host.requests[0].reject(new Error("no answer"));
    store.setUnit(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.requests).toHaveLength(1);
    expect(store.valueAt(0)).toMatchObject({ exact: false, value: 20 / 127 });
    await vi.advanceTimersByTimeAsync(10_000);
    store.setUnit(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(host.requests).toHaveLength(2);
  });

  it("of another trace are dropped, however late they come", async () => {
    const { host, store } = open({ cursor: 0 });
    await vi.advanceTimersByTimeAsync(100);
    host.fromPython({ _content: rawContent({ text: utf16("wxyz") }) });
    host.requests[0].resolve(exact([9, 9, 9, 9]));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.valueAt(0).exact).toBe(false);
  });

  it("are replaced by pinned ones on a page that has them", () => {
    const values = Uint16Array.from([0x3800, 0x3800, 0x3800, 0x3800]);
    const { host, store } = open({
      _content: rawContent({ checkpoints: [rawCheckpoint({ pinned: [{ state: "a.h", unit: 0, values }] })] }),
    });
    host.hasKernel = false;
    expect(store.valueAt(1)).toEqual({ value: 0.5, exact: false, decimals: 3 });
  });
});

describe("units that come by request", () => {
  it("are asked for with their neighbours, one request after the other", async () => {
    const { host, store } = open({ unit: 1, _content: rawContent({ checkpoints: [onRequest()] }) });
    expect(store.loading.value).toBe(true);
    for (let i = 0; i < 3; i++) {
      expect(host.requests).toHaveLength(i + 1);
      host.requests[i].resolve(unitReply(i));
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(host.requests.map(({ message }) => message.unit)).toEqual([1, 2, 0]);
    expect(store.loading.value).toBe(false);
    expect(store.row.value).toMatchObject({ scale: 2, limit: 1, peak: 2 });
    store.setUnit(0);
    expect(store.loading.value).toBe(false);
  });

  it("leave the unit before on screen until they are here", async () => {
    const { host, store } = open({ unit: 0, _content: rawContent({ checkpoints: [onRequest()] }) });
    host.requests[0].resolve(unitReply(7));
    await vi.advanceTimersByTimeAsync(0);
    store.setUnit(2);
    expect(store.loading.value).toBe(true);
    expect(store.row.value.bytes?.[0]).toBe(7);
  });

  it("skip what the slider has left behind", async () => {
    const { host, store } = open({ unit: 0, _content: rawContent({ checkpoints: [onRequest()] }) });
    store.setStateAndUnit("a.i", 0);
    store.setStateAndUnit("a.i", 1);
    host.requests[0].resolve(unitReply(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(host.requests[1].message).toMatchObject({ state: "a.i", unit: 1 });
  });

  it("are said to be missing when nobody answers", async () => {
    const { host, store } = open({ _content: rawContent({ checkpoints: [onRequest()] }) });
    host.requests[0].reject(new Error("no answer"));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.loading.value).toBe(false);
    expect(store.row.value.bytes).toBeNull();
    expect(store.valueAt(0).value).toBeNaN();
  });

  it("of the wrong length are refused", async () => {
    const { host, store } = open({ _content: rawContent({ checkpoints: [onRequest()] }) });
    host.requests[0].resolve([new Int8Array(3).buffer, new Float32Array([1, 1, 1]).buffer]);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.row.value.bytes).toBeNull();
  });
});
