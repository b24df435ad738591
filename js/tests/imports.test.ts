import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** What each room may import: itself, and these. Files at the top are rooms of their own. */
const MAY_IMPORT: Record<string, string[]> = {
  signals: [],
  store: ["host", "dom", "palettes", "signs", "signals"],
  network: ["store"],
  live: ["store", "dom", "host", "signals"],
  extras: ["live", "store", "words"],
  finding: ["live", "store", "words", "host", "signals"],
  editing: ["network", "live", "store", "host", "words", "heights"],
  text: ["store", "dom", "words"],
  panels: ["text", "store", "dom", "words", "heights", "signals"],
  words: ["store"],
  dom: ["signals"],
  host: [],
  theme: ["store", "dom"],
  keys: ["store", "dom"],
  view: ["panels", "text", "store", "dom", "words", "keys", "theme", "host", "live"],
  widget: ["view", "host", "live"],
  saved: ["store", "host", "view", "extras", "finding"],
  page: ["saved"],
  site: ["saved", "store", "host"],
};

/** Whoever knows one host by its name or its library: Jupyter's, a saved page's. */
const ENTRIES = ["widget", "page", "site.ts"];

const files = readdirSync("src", { recursive: true }).filter((file) => file.endsWith(".ts"));
const imports = files.flatMap((file) => {
  const source = readFileSync(`src/${file}`, "utf8");
  return [...source.matchAll(/from "(\.[^"]*)"/g)].map(([, path]) => {
    const target = new URL(path, `file:///${file}`).pathname.slice(1);
    return { file, target };
  });
});
const room = (path: string) => path.split("/")[0].replace(/\.\w+$/, "");

describe("imports", () => {
  it("were found", () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it("run one way", () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        room(file) !== room(target) && !(MAY_IMPORT[room(file)] ?? []).includes(room(target)),
    );
    expect(wrong).toEqual([]);
  });

  it("join no two panels", () => {
    expect(
      imports.filter(({ file, target }) => [file, target].every((p) => p.startsWith("panels/"))),
    ).toEqual([]);
  });

  it("lead from nowhere to the files that know a host", () => {
    expect(imports.filter(({ target }) => ENTRIES.includes(target))).toEqual([]);
  });
});
