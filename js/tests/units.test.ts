import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "./canvas";
import { add } from "../src/finding/main";
import { sorted } from "../src/finding/order";
import { correlation, type Strip, variance } from "../src/finding/window";
import type { Bytes, NetworkRequest } from "../src/host";
import { kit } from "../src/live";
import { Store } from "../src/store/store";
import type { StateInfo } from "../src/store/wire";
import { onRequest, rawContent } from "./content";
import { FakeHost } from "./host";

const state: StateInfo = { name: "a.h", units: 9, ids: null, of: 9, kind: "signed", bound: 1, first: 0 };
const strip = (unit: number, values: number[], scale = 1): Strip => ({
  column: { state, unit },
  bytes: Int8Array.from(values),
  scale,
  limit: 1,
});

const STRIPS = [
  strip(0, [1, 2, 3, 4]),
  strip(1, [-9, 9, -9, 9]),
  strip(2, [-2, -4, -6, -8], 20),
  strip(3, [5, 5, 5, 5]),
  strip(4, [3, -128, 1, 2]),
];
const order = (by: Parameters<typeof sorted>[1], basis = {}, pinned: string[] = []) =>
  sorted(STRIPS, by, { like: undefined, at: -1, ranked: [], ...basis }, new Set(pinned)).map(
    ({ strip }) => strip.column.unit,
  );

describe("units at a glance", () => {
  it("are sorted by what is asked for", () => {
    expect(order("number")).toEqual([0, 1, 2, 3, 4]);
    // The third has a larger scale.
    expect(order("variance")).toEqual([2, 1, 0, 4, 3]);
    // The other sign is as like.
    expect(order("similar", { like: STRIPS[0] }).slice(0, 2)).toEqual([0, 2]);
    expect(order("cursor", { at: 1 })).toEqual([1, 3, 0, 2, 4]);
    expect(
      order("ranking", {
        ranked: [
          { state: "a.h", unit: 3 },
          { state: "a.h", unit: 1 },
        ],
      }),
    ).toEqual([3, 1, 0, 2, 4]);
  });

  it("that are pinned come first", () => {
    expect(order("variance", {}, ["4 a.h", "1 a.h"])).toEqual([1, 4, 2, 0, 3]);
  });

  it("are measured where both are known", () => {
    expect(variance(STRIPS[3])).toBe(0);
    expect(variance(strip(0, [127, -127], 2))).toBeCloseTo(4, 12);
    expect(correlation(Int8Array.of(1, -128, 2, 3), Int8Array.of(2, 9, 4, 6))).toBeCloseTo(1, 12);
    expect(correlation(STRIPS[0].bytes, STRIPS[3].bytes)).toBe(0);
  });
});

describe("units that are not here", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    document.body.replaceChildren();
    vi.useRealTimers();
  });
  const json = (value: unknown): Bytes[] => [new TextEncoder().encode(JSON.stringify(value))];

  function open() {
    const host = new FakeHost({ _content: rawContent({ checkpoints: [onRequest()] }), unit: 1 });
    const lifetime = new AbortController();
    const store = new Store(host, lifetime.signal);
    const [root, copies, foot] = ["div", "div", "div"].map((tag) => document.createElement(tag));
    root.append(copies, foot);
    document.body.append(root);
    add(kit, store, { root, copies, foot, head: root, game: root }, lifetime.signal, host);
    store.setFinding(true);
    store.setView(null, { from: 0, to: 1 }, { start: 1, stop: 3 });
    const press = (key: string) => root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const asked = (kind: string) =>
      host.requests.filter(({ message }) => (message as unknown as NetworkRequest).kind === kind);
    return { host, store, root, press, asked };
  }

  it("are asked of Python for what is on screen, a state at once", async () => {
    const { root, press, asked, store } = open();
    press("u");
    await vi.advanceTimersByTimeAsync(200);
    expect(asked("window").map(({ message }) => message)).toMatchObject([
      { state: "a.h", start: 1, stop: 3, checkpoint: 0 },
    ]);
    asked("window")[0].resolve([
      Int8Array.of(1, 1, 9, -9, 2, 3).buffer,
      Float32Array.of(1, 1, 1, 1, 1, 1).buffer,
    ]);
    await vi.advanceTimersByTimeAsync(200);
    expect(root.textContent).toContain("3 units over tokens 1 to 2");
    // It follows the text.
    store.setView(null, { from: 0, to: 1 }, { start: 0, stop: 2 });
    await vi.advanceTimersByTimeAsync(200);
    expect(asked("window").at(-1)?.message).toMatchObject({ start: 0, stop: 2 });
  });

  it("have their contexts from Python, whose words are shown as text", async () => {
    const { root, press, asked, host } = open();
    press("x");
    await vi.advanceTimersByTimeAsync(200);
    expect(asked("contexts")[0].message).toMatchObject({ state: "a.h", unit: 1 });
    const place = {
      token: 2,
      start: 1,
      stop: 4,
      times: 5,
      value: 0.5,
      change: -0.25,
      values: [0, 0.5, null],
    };
    asked("contexts")[0].resolve(json({ highest: [place], lowest: [], "changes most": [place] }));
    await vi.advanceTimersByTimeAsync(200);
    const lines = [...root.querySelectorAll<HTMLElement>(".rnnviz-extremes li button")];
    expect(lines.map(({ textContent }) => textContent)).toEqual(["1:3 ×5+0.5bcd", "1:3 ×5−0.25bcd"]);
    lines[0].click();
    expect(host.traits.cursor).toBe(2);
  });
});
