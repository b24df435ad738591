// Bundles src/ into ../rnnviz_widget/static/, where the Python package reads it.
// `node build.mjs --watch` goes on: it bundles again at every change (npm run dev).
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { context } from "esbuild";
import { minify } from "terser";
import { assembly } from "./assembly.mjs";
import { digest } from "./stamp.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../rnnviz_widget/static/", import.meta.url));
const watch = process.argv.includes("--watch");

// Quarto and saved pages write the bundle unescaped into HTML: these strings would end or open a script there.
async function refuseMarkup() {
  for (const name of [
    "widget.js",
    "page.js",
    "site.js",
    "network.js",
    "more.js",
    "extras.js",
    "finding.js",
    "widget.css",
  ]) {
    const text = await readFile(out + name, "utf8");
    for (const forbidden of ["<!--", "<script", "</script", "</style"]) {
      if (text.toLowerCase().includes(forbidden)) throw new Error(`${name} contains ${forbidden}`);
    }
  }
}

// What only our own classes call: short in the bundle. A name that Python, a host or the browser uses too must not be here.
const OWN =
  "revealed ramp ground paint valueAt failed wish hover help problem moment unitIndex offers offerOf setOffer setState setUnit setUnitIndex setStateAndUnit activate addCopy removeCopy setFlipped setPalette setCheckpoint setGuess setPresent setLabel setTheme setHelp setHover setView setCursor selectTo revealSegment revealRow goToSegment beginsAt lastLine fetchRows fetchExact even foot strip scroller gauge invalidate decorate tokenAt scrollToRow reveal fromInput fromState inputBias stateBias likeliest normaliser alphabet strangers nearest freeLoss comparing expected editable resume setRelabel onValues onProblem viewport setProblem hasKernel readers sources notify probabilities decimals wanted segments copies loading predictions characters cells places visible layout pending whole setMarked setFinding finding finder";

// The same in every bundle: the program that is loaded where a network lives calls the classes of the ordinary one.
const SHORT = Object.fromEntries(OWN.split(" ").map((name, i) => [name, `$${i.toString(36)}`]));

// A notebook keeps the bundle once per widget: a second look saves a twentieth of it.
async function shrink() {
  for (const name of ["widget.js", "page.js", "site.js", "network.js", "more.js", "finding.js"]) {
    const options = { module: name !== "site.js", compress: { passes: 3 }, format: { comments: false } };
    const { code } = await minify(await readFile(out + name, "utf8"), options);
    await writeFile(out + name, code);
  }
}

const finish = {
  name: "finish",
  setup(build) {
    build.onStart(() => rm(`${out}sources.sha256`, { force: true }));
    build.onEnd(async ({ errors }) => {
      if (errors.length) return;
      if (!watch) await shrink();
      await refuseMarkup();
      // Colours, signs and heights are data that the Python side reads too (figures, frames): one source for both.
      for (const name of ["palettes.json", "signs.json", "heights.json"])
        await copyFile(`${here}src/${name}`, out + name);
      // Last: a bundle without it is not whole.
      await writeFile(`${out}sources.sha256`, `${await digest(here)}\n`);
      if (watch) console.log(`built ${new Date().toLocaleTimeString()}`);
    });
  },
};

// What we write is compressed by gzip, which browsers undo by themselves: zarrita's other codecs are megabytes of WebAssembly.
const oneCodec = {
  name: "one codec",
  setup(build) {
    build.onResolve({ filter: /^numcodecs\/(blosc|lz4|zstd)$/ }, ({ path }) => ({
      path,
      namespace: "left-out",
    }));
    build.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "export default undefined;" }));
  },
};

const options = {
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  minify: true,
  mangleProps: new RegExp(`^(${OWN.replaceAll(" ", "|")})$`),
  mangleCache: SHORT,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  // anywidget's bundle is imported from a blob: an AMD loader on the page must not be taken up.
  define: { "define.amd": "false" },
  legalComments: "none",
};

await mkdir(out, { recursive: true });
const builds = [
  // A file beside a page: a browser takes it from a disk only where it is no module.
  await context({
    ...options,
    entryPoints: [{ in: "src/site.ts", out: "site" }],
    format: "iife",
    plugins: [oneCodec],
  }),
  await context({
    ...options,
    entryPoints: [
      { in: "src/widget.ts", out: "widget" },
      { in: "src/page.ts", out: "page" },
      // Loaded only where a network lives in the page.
      { in: "src/editing/main.ts", out: "network" },
      { in: "src/editing/more.ts", out: "more" },
      // Loaded only where its panels are shown.
      { in: "src/extras/main.ts", out: "extras" },
      // Loaded only once somebody looks for units.
      { in: "src/finding/main.ts", out: "finding" },
      { in: "src/widget.css", out: "widget" },
    ],
    format: "esm",
    plugins: [assembly, finish],
  }),
];
for (const build of builds) {
  if (watch) await build.watch();
  else {
    await build.rebuild();
    await build.dispose();
  }
}
