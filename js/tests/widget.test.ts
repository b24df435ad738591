import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Traits } from "../src/host";
import widget, { modelHost } from "../src/widget";
import { rawContent, someTraits, utf16 } from "./content";

/** A model as anywidget's hosts offer it; `broken` names methods that throw, as MyST's do. */
class FakeModel {
  readonly saves: Partial<Traits>[] = [];
  readonly sent: { id: number; kind: string; unit: number }[] = [];
  readonly #callbacks = new Map<string, Set<(...args: unknown[]) => void>>();
  #unsaved: Partial<Traits> = {};

  constructor(
    readonly traits: Traits = someTraits(),
    readonly broken: string[] = [],
  ) {}

  get(name: keyof Traits) {
    return this.traits[name];
  }

  set(name: keyof Traits, value: never) {
    this.traits[name] = value;
    this.#unsaved = { ...this.#unsaved, [name]: value };
    this.emit(`change:${name}`);
  }

  save_changes() {
    this.#break("save_changes");
    this.saves.push(this.#unsaved);
    this.#unsaved = {};
  }

  on(name: string, callback: () => void) {
    const known = this.#callbacks.get(name) ?? new Set();
    this.#callbacks.set(name, known.add(callback));
  }

  off(name: string, callback: () => void) {
    this.#break("off");
    this.#callbacks.get(name)?.delete(callback);
  }

  send(message: { id: number; kind: string; unit: number }) {
    this.#break("send");
    this.sent.push(message);
  }

  emit(name: string, ...args: unknown[]) {
    for (const callback of this.#callbacks.get(name) ?? []) callback(...args);
  }

  fromPython(values: Partial<Traits>) {
    Object.assign(this.traits, values);
    for (const name of Object.keys(values)) this.emit(`change:${name}`, "no", "two hosts", "agree");
  }

  get listeners() {
    return [...this.#callbacks.values()].reduce((sum, { size }) => sum + size, 0);
  }

  #break(method: string) {
    if (this.broken.includes(method)) throw new Error(`${method} is not supported here`);
  }
}

const host = (model: FakeModel, lifetime = new AbortController()) =>
  modelHost(model as never, lifetime.signal);

function show(model: FakeModel) {
  const el = document.createElement("div");
  document.body.append(el);
  const unmount = widget.render({ model, el } as never) as () => void;
  const find = <E extends Element>(selector: string) => el.querySelector(selector) as E;
  return { el, find, unmount, slider: find<HTMLInputElement>(".rnnviz-slider") };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("saving", () => {
  it("tells the kernel at most twenty times a second, and of the last value always", async () => {
    const model = new FakeModel();
    const { set } = host(model);
    for (let i = 0; i < 100; i++) {
      set({ unit: i });
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(model.saves.length).toBeGreaterThan(10);
    expect(model.saves.length).toBeLessThanOrEqual(22);
    expect(model.saves.at(-1)).toEqual({ unit: 99 });
  });

  it("sends what is left over when the view closes", () => {
    const model = new FakeModel();
    const lifetime = new AbortController();
    host(model, lifetime).set({ unit: 5 });
    lifetime.abort();
    expect(model.saves).toEqual([{ unit: 5 }]);
  });

  it("shows the change at once where the host can save nothing", async () => {
    const model = new FakeModel(someTraits(), ["save_changes"]);
    const { find, slider } = show(model);
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    await vi.advanceTimersByTimeAsync(100);
    expect(find<HTMLInputElement>(".rnnviz-number").value).toBe("2");
  });
});

describe("requests", () => {
  const ask = { kind: "exact", state: "a.h", unit: 0, checkpoint: 0, start: 0, stop: 4 } as const;

  it("get the buffers of the reply with their own id", async () => {
    const model = new FakeModel();
    const { request } = host(model);
    const [first, second] = [request(ask), request({ ...ask, unit: 1 })];
    const one = new DataView(new ArrayBuffer(4));
    const two = new DataView(new ArrayBuffer(4));
    model.emit("msg:custom", { id: model.sent[1].id }, [two]);
    model.emit("msg:custom", { id: model.sent[0].id }, [one]);
    expect(await first).toEqual([one]);
    expect((await second)[0]).toBe(two);
  });

  it("fail with the kernel's own words", async () => {
    const model = new FakeModel();
    const promise = host(model).request(ask);
    model.emit("msg:custom", { id: model.sent[0].id, error: "unit must be in [0, 3), got 9" });
    await expect(promise).rejects.toThrow("unit must be in [0, 3), got 9");
  });

  it("fail after two seconds without an answer, and a later one does no harm", async () => {
    const model = new FakeModel();
    const promise = host(model).request(ask);
    const failed = expect(promise).rejects.toThrow("no answer within 2000 ms");
    await vi.advanceTimersByTimeAsync(2000);
    await failed;
    model.emit("msg:custom", { id: model.sent[0].id }, []);
  });

  it("fail at once, and for good, where the host cannot send", async () => {
    const shown = host(new FakeModel(someTraits(), ["send"]));
    expect(shown.hasKernel).toBe(true);
    await expect(shown.request(ask)).rejects.toThrow("no kernel");
    expect(shown.hasKernel).toBe(false);
  });

  it("of two views of one model have different ids", () => {
    const model = new FakeModel();
    for (let i = 0; i < 2; i++) host(model).request(ask).catch(vi.fn());
    expect(model.sent[0].id).not.toBe(model.sent[1].id);
  });

  it("pay no attention to messages of another kind", () => {
    const model = new FakeModel();
    host(model);
    for (const message of [null, "text", { id: "x" }, { other: 1 }, { id: 12345 }])
      expect(() => model.emit("msg:custom", message)).not.toThrow();
  });
});

describe("a view", () => {
  it("moves its slider when Python sets the unit, and back when Python refuses one", async () => {
    const model = new FakeModel();
    const { slider } = show(model);
    model.fromPython({ unit: 2 });
    expect(slider.value).toBe("2");
    slider.value = "1";
    slider.dispatchEvent(new Event("input"));
    await vi.advanceTimersByTimeAsync(60);
    expect(model.saves).toEqual([{ unit: 1 }]);
    model.fromPython({ unit: 0 });
    expect(slider.value).toBe("0");
  });

  it("follows another view of the same model", () => {
    const model = new FakeModel();
    const [one, other] = [show(model), show(model)];
    one.slider.value = "2";
    one.slider.dispatchEvent(new Event("input"));
    expect(other.slider.value).toBe("2");
  });

  it("takes up a swapped trace in place", () => {
    const model = new FakeModel();
    const { find } = show(model);
    const before = find(".rnnviz-scroller");
    const states = [{ name: "b.h", units: 5, kind: "signed", bound: 1 }];
    model.fromPython({ _content: rawContent({ states, text: utf16("wxyz"), title: "Another" }) });
    expect(find(".rnnviz-scroller")).toBe(before);
    expect(find<HTMLInputElement>(".rnnviz-slider").max).toBe("4");
    expect(find(".rnnviz-title").textContent).toBe("Another");
  });

  it("keeps every key for itself but the commands that are of no use here", () => {
    const { el, find } = show(new FakeModel());
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    const focusable = el.querySelectorAll("input, select, button, [tabindex]");
    expect(focusable.length).toBeGreaterThan(6);
    for (const element of focusable) {
      for (const key of ["b", "Enter", "n", "ArrowDown", "Escape"])
        element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      for (const key of ["a", "c", "v", "z", "Home"])
        element.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey: true, bubbles: true }));
    }
    expect(outside).not.toHaveBeenCalled();
    for (const element of focusable) {
      const save = new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, cancelable: true });
      element.dispatchEvent(save);
      expect(save.defaultPrevented).toBe(false);
    }
    expect(outside).toHaveBeenCalledTimes(focusable.length);
    expect(find(".rnnviz")).toBeTruthy();
  });

  it("offers ranked units; choosing one sets state and unit, its note is shown", async () => {
    const entry = { state: "a.i", unit: 1, text: "AUC 0.993", sign: -1 };
    const model = new FakeModel(
      someTraits({
        _content: rawContent({
          rankings: [{ label: "quotes", note: "Second half.", extent: "on 18 spans", entries: [entry] }],
        }),
      }),
    );
    const { find, el } = show(model);
    const ranked = find<HTMLSelectElement>("[aria-label='follows']");
    expect(find<HTMLOptGroupElement>("optgroup").label).toBe("quotes, on 18 spans");
    expect(find(".rnnviz-notes summary").textContent).toBe("unit 0 is in no ranking here");
    ranked.value = "0";
    ranked.dispatchEvent(new Event("change"));
    await vi.advanceTimersByTimeAsync(60);
    expect(model.saves).toEqual([{ state: "a.i", unit: 1, flipped: [["a.i", 1]] }]);
    expect(find(".rnnviz-notes summary").textContent).toBe("quotes: AUC 0.993, low where it holds");
    expect(find(".rnnviz-notes-body").textContent).toBe("quotes: Second half.");
    expect(el.querySelectorAll(".rnnviz-ticks span").length).toBe(1);
  });

  it("says of each score on screen which text it is from, and of none while a class guesses", () => {
    const ranking = (label: string, unit: number) => ({
      label,
      note: `text of ${label}`,
      extent: "",
      entries: [{ state: "a.h", unit, text: "AUC 0.9", sign: 1 }],
    });
    const model = new FakeModel(
      someTraits({
        units: [
          ["a.h", 0],
          ["a.h", 2],
        ],
        _content: rawContent({ rankings: [ranking("quotes", 0), ranking("lines", 2)] }),
      }),
    );
    const { find, el } = show(model);
    expect(el.textContent).toContain("quotes: AUC 0.9, high where it holds");
    expect(el.textContent).toContain("quotes: text of quotes");
    expect(el.textContent).toContain("lines: text of lines");
    model.fromPython({ guess: true });
    expect(find<HTMLElement>(".rnnviz-notes").hidden).toBe(true);
    expect(find(".rnnviz-copies").textContent).not.toContain("AUC");
  });

  it("says what is wrong with a trace that it cannot read", () => {
    const { find } = show(new FakeModel(someTraits({ _content: {} })));
    expect(find("[role=alert]").textContent).toContain("version must be 2");
  });

  it("leaves nothing behind when it closes, also where the host cannot remove listeners", () => {
    for (const broken of [[], ["off"]]) {
      const model = new FakeModel(someTraits(), broken);
      const { el, unmount } = show(model);
      expect(model.listeners).toBeGreaterThan(0);
      unmount();
      expect(el.childElementCount).toBe(0);
      if (!broken.length) expect(model.listeners).toBe(0);
      model.fromPython({ unit: 1 });
    }
  });
});
