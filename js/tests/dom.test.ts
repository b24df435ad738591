import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchFrames } from "../src/dom";
import { signal } from "../src/signals";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("watchFrames", () => {
  const frames = (count: number) => vi.advanceTimersByTimeAsync(count * 17);

  it("draws once for all changes of a frame, and no more when its lifetime ends", async () => {
    const value = signal(0);
    const drawn: number[] = [];
    const lifetime = new AbortController();
    const draw = () => drawn.push(value.value) > 0;
    watchFrames(() => value.value, draw, lifetime.signal);
    value.value = 1;
    value.value = 2;
    await frames(3);
    expect(drawn).toEqual([2]);
    value.value = 3;
    lifetime.abort();
    value.value = 4;
    await frames(3);
    expect(drawn).toEqual([2]);
  });

  it("tries once more where there was no room for a moment, but not for ever", async () => {
    const value = signal(0);
    let room = false;
    const draw = vi.fn(() => room);
    watchFrames(() => value.value, draw, new AbortController().signal);
    await frames(5);
    expect(draw).toHaveBeenCalledTimes(2);
    room = true;
    value.value = 1;
    await frames(5);
    expect(draw).toHaveBeenCalledTimes(3);
  });
});
