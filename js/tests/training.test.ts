import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { trainingPanel } from "../src/extras/training";
import type { Traits } from "../src/host";
import { kit } from "../src/live";
import { Store } from "../src/store/store";
import { onRequest, rawCheckpoint, rawContent } from "./content";
import { FakeHost } from "./host";

const numbered = (count: number, make = rawCheckpoint) =>
  Array.from({ length: count }, (_, i) =>
    make({ name: `step ${i}`, scales: new Float32Array(5).fill(i + 1) }),
  );

function open(checkpoints: Record<string, unknown>[], traits: Partial<Traits> = {}) {
  const host = new FakeHost({ _content: rawContent({ checkpoints }), ...traits });
  const lifetime = new AbortController();
  const store = new Store(host, lifetime.signal);
  const panel = trainingPanel(kit, store, lifetime.signal);
  const [play] = panel.querySelectorAll("button");
  return { host, store, panel, play, slider: panel.querySelector("input") as HTMLInputElement, lifetime };
}

const reply = (q: number) => [new Int8Array(4).fill(q).buffer, new Float32Array([2, 1, 2]).buffer];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a training", () => {
  it("has no panel where there is one checkpoint", () => {
    expect(open(numbered(1)).panel.hidden).toBe(true);
    expect(open(numbered(2)).panel.hidden).toBe(false);
  });

  it("is gone through by a slider, with the same unit", () => {
    const { host, store, panel, slider } = open(numbered(3), { unit: 1 });
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    expect(host.sets).toEqual([{ checkpoint: 2 }]);
    expect(store.row.value).toMatchObject({ key: "1 a.h", scale: 3 });
    expect(panel.textContent).toContain("step 2 (3 of 3)");
  });

  it("follows Python, and stays where there is something", () => {
    const { host, store, slider } = open(numbered(3));
    host.fromPython({ checkpoint: 1 });
    expect(slider.value).toBe("1");
    host.fromPython({ checkpoint: 2, _content: rawContent() });
    expect(store.moment.value.name).toBe("");
  });

  it("plays from the beginning when it is at its end, and stops there again", () => {
    const { host, play } = open(numbered(3), { checkpoint: 2 });
    play.click();
    expect(host.traits.checkpoint).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(host.traits.checkpoint).toBe(2);
    expect(play.getAttribute("aria-label")).toBe("play the training");
  });

  it("pauses, also when the view closes or somebody takes the slider", () => {
    for (const end of ["click", "abort", "input"]) {
      const { host, play, lifetime, slider } = open(numbered(9));
      play.click();
      vi.advanceTimersByTime(2000);
      const reached = host.traits.checkpoint;
      expect(reached).toBe(2);
      if (end === "click") play.click();
      else if (end === "abort") lifetime.abort();
      else slider.dispatchEvent(new Event("input"));
      vi.advanceTimersByTime(10_000);
      expect(host.traits.checkpoint).toBe(reached);
    }
  });
});

describe("checkpoints that come by request", () => {
  it("are asked for ahead: the shown one, then those before and after it, then other units", async () => {
    const { host } = open(numbered(3, onRequest), { checkpoint: 1, unit: 1 });
    for (let i = 0; i < 4; i++) {
      host.requests[i].resolve(reply(i));
      await vi.advanceTimersByTimeAsync(0);
    }
    const asked = host.requests.map(({ message: { checkpoint, unit } }) => [checkpoint, unit]);
    expect(asked).toEqual([
      [1, 1],
      [2, 1],
      [0, 1],
      [1, 2],
      [1, 0],
    ]);
  });

  it("leave what was there on screen until they are here, and the play waits for them", async () => {
    const { host, store, play } = open([rawCheckpoint({ name: "a" }), onRequest({ name: "b" })], { unit: 1 });
    play.click();
    vi.advanceTimersByTime(1000);
    expect(host.traits.checkpoint).toBe(1);
    expect(store.loading.value).toBe(true);
    expect(store.row.value.bytes?.[0]).toBe(10);
    host.requests[0].resolve(reply(7));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.row.value.bytes?.[0]).toBe(7);
    expect(store.loading.value).toBe(false);
  });
});
