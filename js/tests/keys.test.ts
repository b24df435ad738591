import { describe, expect, it } from "vitest";
import { h } from "../src/dom";
import type { Traits } from "../src/host";
import { followKeys } from "../src/keys";
import { layout } from "../src/store/layout";
import { Store } from "../src/store/store";
import { rawCheckpoint, rawContent, utf16 } from "./content";
import { FakeHost } from "./host";

const TEXT = "ab\ncd\nef\n";

function open(traits: Partial<Traits> = {}) {
  const length = TEXT.length;
  const host = new FakeHost({
    _content: rawContent({
      text: utf16(TEXT),
      length,
      checkpoints: [rawCheckpoint({ values: new Int8Array(5 * length) })],
    }),
    ...traits,
  });
  const { signal } = new AbortController();
  const store = new Store(host, signal);
  store.setView(layout(store.content.value.tokens, 20), { from: 0, to: 1 }, { start: 0, stop: 0 });
  const root = document.createElement("div");
  root.append(
    h("div", { role: "textbox" }),
    h("input", { type: "range" }),
    h("input", { type: "number" }),
    h("button", {}),
  );
  followKeys(store, root, signal);
  const press = (key: string, on = "[role=textbox]", options: KeyboardEventInit = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
    root.querySelector(on)?.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const cursors = (...keys: string[]) =>
    keys.map((key) => {
      press(key);
      return host.traits.cursor;
    });
  return { host, store, press, cursors };
}

describe("keys in the text", () => {
  it("move the cursor by token, row, end and page, and never out of the text", () => {
    const { cursors } = open({ cursor: 4 });
    expect(cursors("ArrowRight", "ArrowDown", "ArrowDown", "Home", "ArrowLeft", "ArrowUp", "End")).toEqual([
      5, 8, 8, 6, 5, 2, 2,
    ]);
    expect(cursors("PageUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Escape")).toEqual([2, 1, 0, 0, -1]);
  });

  it("only show the cursor at first", () => {
    expect(open().cursors("ArrowRight", "ArrowRight")).toEqual([0, 1]);
  });

  it("select with Shift, everything with Ctrl+A", () => {
    const { host, press } = open({ cursor: 1 });
    press("ArrowRight", "[role=textbox]", { shiftKey: true });
    expect(host.traits.selection).toEqual([1, 3]);
    press("a", "[role=textbox]", { ctrlKey: true });
    expect(host.traits.selection).toEqual([0, TEXT.length]);
  });

  it("leave to others what they do not know", () => {
    const { host, press } = open({ cursor: 1 });
    expect(press("x")).toBe(false);
    expect(press("ArrowRight", "button")).toBe(false);
    expect(host.traits.cursor).toBe(1);
  });
});

describe("letters", () => {
  it("change the unit, the mode and the size from anywhere but where they are typed", () => {
    const { host, press, store } = open();
    for (const on of ["button", "[type=range]", "[role=textbox]"]) expect(press("n", on)).toBe(true);
    expect(host.traits.unit).toBe(2);
    press("p");
    press("g", "button");
    press("l");
    press("?");
    expect(host.traits).toMatchObject({ unit: 1, guess: "values", present: true });
    expect(store.help.value).toBe(true);
    expect(press("n", "[type=number]")).toBe(false);
    expect(press("n", "button", { ctrlKey: true })).toBe(false);
    expect(host.traits.unit).toBe(1);
  });
});

describe("keys while a class guesses", () => {
  it("reveal the next token, line or sentence, and take them back", () => {
    const { cursors } = open({ guess: true });
    expect(
      cursors("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowUp", "ArrowUp"),
    ).toEqual([0, 2, 5, 2, 1, -1, -1]);
    expect(cursors("s", "Home", " ", "PageUp", "PageDown")).toEqual([8, -1, 8, -1, 8]);
  });

  it("work wherever the focus is, but press a button that has it", () => {
    const { host, press } = open({ guess: true });
    expect(press("ArrowRight", "button")).toBe(true);
    expect(host.traits.cursor).toBe(0);
    expect(press(" ", "button")).toBe(false);
    expect(press("ArrowRight", "[type=range]")).toBe(false);
    expect(host.traits.cursor).toBe(0);
  });

  it("end it by Escape, with the cursor where it was", () => {
    const { host, press } = open({ guess: true, cursor: 3 });
    press("Escape");
    expect(host.traits).toMatchObject({ guess: false, cursor: 3 });
  });
});
