import { describe, expect, it, vi } from "vitest";
import type { Host, SyncedTraits, Traits } from "../src/host";
import { anchors } from "../src/store/colour";
import { mount } from "../src/view";
import { someTraits } from "./content";

// A palette is one entry of the table; Python's side of it is in tests/unit/test_recipes.py.
vi.mock("../src/palettes.json", async (original) => {
  const { default: table } = await original<{
    default: Record<string, { light: string[]; dark: string[] }>;
  }>();
  const sea = { light: ["#0000ff", ...table["red-blue"].light.slice(1)], dark: table["red-blue"].dark };
  return { default: { ...table, sea } };
});

/** A host is what offers this and knows nothing of the view: here one whose traits stand in the address. */
function addressHost(traits: Traits): Host & { address: string } {
  const listeners = new Set<() => void>();
  return {
    address: "",
    get: (name) => traits[name],
    set(values: Partial<SyncedTraits>) {
      Object.assign(traits, values);
      this.address = `#${new URLSearchParams({ state: traits.state, unit: `${traits.unit}` })}`;
      for (const listener of listeners) listener();
    },
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener));
    },
    request: () => Promise.reject(new Error("nobody answers")),
    hasKernel: false,
    engine: null,
    extras: () => import("../src/extras/main"),
    finder: () => import("../src/finding/main"),
  };
}

function shown(traits: Partial<Traits> = {}) {
  const host = addressHost(someTraits(traits));
  const lifetime = new AbortController();
  const parent = document.createElement("div");
  document.body.append(parent);
  mount(host, parent, lifetime.signal);
  const find = <E extends HTMLElement>(css: string) => parent.querySelector(css) as E;
  return { host, parent, lifetime, find };
}

describe("a host that is added", () => {
  it("is told what a reader changes, and what it changes is seen", () => {
    const { host, find, lifetime } = shown({ state: "a.h", unit: 1 });
    const slider = find<HTMLInputElement>("input[type=range]");
    expect(slider.value).toBe("1");
    slider.value = "2";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    expect(host.address).toBe("#state=a.h&unit=2");
    host.set({ unit: 0 });
    expect(slider.value).toBe("0");
    lifetime.abort();
  });
});

describe("a palette that is added", () => {
  it("is offered, and paints", () => {
    const { host, find, lifetime } = shown({ palette: "sea" });
    const select = find<HTMLSelectElement>("select.rnnviz-palette");
    expect([...select.options].map((option) => option.value)).toContain("sea");
    expect(select.value).toBe("sea");
    select.value = "grey";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(host.get("palette")).toBe("grey");
    expect(anchors("sea", "light")[0]).toEqual([0, 0, 255]);
    lifetime.abort();
  });
});
