import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { add } from "../src/finding/main";
import type { Bytes, NetworkRequest, Request, Traits } from "../src/host";
import { kit } from "../src/live";
import { Store } from "../src/store/store";
import { rawCheckpoint, rawContent, utf16 } from "./content";
import { FakeHost } from "./host";

const LENGTH = 8;
/** Unit 0 rises, unit 1 is high in the middle, unit 2 low there; the gates stand still. */
const VALUES = [
  [0, 1, 2, 3, 4, 5, 6, 7],
  [0, 1, 9, 9, 9, 2, 1, 0],
  [5, 6, -9, -9, -9, 6, 5, 4],
  [1, 1, 1, 1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 1, 1],
];
const content = (overrides = {}) =>
  rawContent({
    length: LENGTH,
    text: utf16("abcdefgh"),
    checkpoints: [rawCheckpoint({ values: Int8Array.from(VALUES.flat()), ...overrides })],
  });

class Silent extends FakeHost {
  override hasKernel = false;
  override request(): Promise<Bytes[]> {
    return Promise.reject(new Error("this page has no kernel"));
  }
}

const json = (value: unknown) => [new TextEncoder().encode(JSON.stringify(value))];

function open(host: FakeHost, traits: Partial<Traits> = {}) {
  host.fromPython({ _content: content(), ...traits });
  const lifetime = new AbortController();
  const store = new Store(host, lifetime.signal);
  const copies = document.createElement("div");
  const foot = document.createElement("div");
  const root = document.createElement("div");
  root.className = "rnnviz";
  root.append(copies, foot);
  document.body.append(root);
  store.setFinding(true);
  const slots = { root, copies, foot, head: root, game: root };
  add(kit, store, slots, lifetime.signal, host);
  const find = (css: string) => root.querySelector(css) as HTMLElement;
  const rows = () => [...root.querySelectorAll(".rnnviz-found li")].map((row) => row.textContent);
  const button = (words: string) =>
    [...root.querySelectorAll("button")].find(({ textContent }) => textContent === words);
  return { host, store, lifetime, root, copies, find, rows, button };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});
const settle = () => vi.advanceTimersByTimeAsync(1000);

describe("marks in a page", () => {
  it("list the units that tell them best, best first, and say what that is worth", async () => {
    const { store, rows, root, host } = open(new Silent());
    store.setMarked([[2, 5]]);
    expect(host.traits.marked).toEqual([[2, 5]]);
    await settle();
    expect(rows().slice(0, 2)).toEqual([
      "a.h 1AUC 1.000 where chosen, high",
      "a.h 2AUC 1.000 where chosen, low",
    ]);
    expect(root.textContent).toContain("among the 5 units in this page");
    expect(root.textContent).toContain("a hint, not a measurement");
  });

  it("show a unit of the list, red where what is marked is", async () => {
    const { store, root } = open(new Silent());
    store.setMarked([[2, 5]]);
    await settle();
    root.querySelectorAll<HTMLElement>(".rnnviz-found button")[1].click();
    expect([store.state.value.name, store.unit.value, store.flip.value]).toEqual(["a.h", 2, true]);
    expect(root.querySelector('[aria-current="true"]')?.textContent).toContain("a.h 2");
  });

  it("are scored on the rest once there are two", async () => {
    const { store, button, rows, root } = open(new Silent());
    store.setMarked([[2, 5]]);
    await settle();
    expect((button("score on the rest") as HTMLButtonElement).disabled).toBe(true);
    store.setMarked([
      [2, 4],
      [6, 7],
    ]);
    await settle();
    button("score on the rest")?.click();
    await settle();
    expect(rows()[0]).toMatch(/^a\.h \dAUC [\d.]+ on the rest \([\d.]+ where chosen\)/);
    expect(root.textContent).toContain("By chance");
    expect(root.textContent).toContain("illustrate, and measure nothing");
  });

  it("are what is selected when finding begins, and what is selected then", async () => {
    const { store, copies } = open(new Silent());
    store.select(1, 3);
    copies.dispatchEvent(new KeyboardEvent("keyup", { key: "Shift" }));
    expect(store.marked.value).toEqual([[1, 3]]);
    expect(store.selection.value).toBeNull();
    store.setFinding(false);
    store.select(5, 6);
    store.setFinding(true);
    expect(store.marked.value).toEqual([
      [1, 3],
      [5, 6],
    ]);
  });

  it("are taken away by Delete where the cursor is", () => {
    const { store, copies } = open(new Silent());
    store.setMarked([
      [0, 2],
      [4, 6],
    ]);
    store.setCursor(3);
    copies.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete" }));
    expect(store.marked.value).toHaveLength(2);
    store.setCursor(5);
    copies.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete" }));
    expect(store.marked.value).toEqual([[0, 2]]);
  });

  it("are dropped with the text that they were of", () => {
    const { store } = open(new Silent());
    store.setMarked([[0, 2]]);
    const { tokens, ...rest } = store.content.value;
    store.show({ ...rest, tokens: Object.create(tokens) }, []);
    expect(store.marked.value).toEqual([]);
  });

  it("say so where all is marked", async () => {
    const { store, find } = open(new Silent());
    store.setMarked([[0, LENGTH]]);
    await settle();
    expect(find('[role="status"]').textContent).toContain("nothing to tell it from");
  });
});

describe("marks beside a kernel", () => {
  const kinds = (host: FakeHost) =>
    host.requests.map(({ message }) => (message as unknown as NetworkRequest | Request).kind);
  const answer = (host: FakeHost, kind: string, buffers: Bytes[]) => {
    const at = kinds(host).lastIndexOf(kind as never);
    host.requests[at].resolve(buffers);
  };

  it("are looked for there, among all units, and the way there is told", async () => {
    const { host, store, rows, root, find } = open(new FakeHost());
    store.setMarked([[2, 5]]);
    await settle();
    answer(host, "progress", json({ done: 0 }));
    await vi.advanceTimersByTimeAsync(400);
    const question = host.requests.find(({ message }) => (message as { kind: string }).kind === "marked");
    expect(question?.message).toMatchObject({ marked: [[2, 5]], checkpoint: 0 });
    answer(host, "progress", json({ done: 2 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(find('[role="status"]').textContent).toContain("40 %");
    const entries = [{ state: "a.i", unit: 1, text: "AUC 0.900 where chosen", sign: -1 }];
    answer(host, "marked", json({ note: "<b>a hint</b>", entries }));
    await settle();
    expect(rows()).toEqual(["a.i 1AUC 0.900 where chosen, low"]);
    expect(root.textContent).toContain("<b>a hint</b>");
    expect(root.querySelector("b")).toBeNull();
  });

  it("are looked for here where it is silent, or falls silent", async () => {
    const { host, store, rows, root } = open(new FakeHost());
    store.setMarked([[2, 5]]);
    await settle();
    for (const { reject } of host.requests) reject(new Error("no answer within 3000 ms"));
    await settle();
    expect(rows()[0]).toContain("a.h 1");
    expect(root.textContent).toContain("in this page");
  });

  it("are given up at a click, there too", async () => {
    const { host, store, button, find } = open(new FakeHost());
    store.setMarked([[2, 5]]);
    await settle();
    answer(host, "progress", json({ done: 0 }));
    await settle();
    button("stop")?.click();
    await settle();
    expect(kinds(host)).toContain("stop");
    expect(find('[role="status"]').textContent).toBe("stopped");
    expect(button("stop")?.hidden).toBe(true);
  });

  it("say why not, in Python's words", async () => {
    const { host, store, find } = open(new FakeHost());
    store.setMarked([[2, 5]]);
    await settle();
    answer(host, "progress", json({ done: 0 }));
    await settle();
    const asked = host.requests.find(({ message }) => (message as { kind: string }).kind === "marked");
    asked?.reject(new Error("ValueError: <i>marked must vary"));
    await settle();
    expect(find('[role="status"]').textContent).toBe("ValueError: <i>marked must vary");
  });
});
