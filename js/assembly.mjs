// Compiles the engine's AssemblyScript to WebAssembly, for esbuild.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("node_modules/.cache/rnnviz/", import.meta.url));
const LOCK = fileURLToPath(new URL("package-lock.json", import.meta.url));
const OPTIONS = ["--optimizeLevel", "3", "--shrinkLevel", "1", "--converge", "--noAssert"];
const TARGET = ["--runtime", "stub", "--enable", "simd", "--importMemory"];

/** An import of `name.wasm` is the bytes of what `name.ts`, beside it, compiles to. */
export const assembly = {
  name: "assembly",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => ({
      path: fileURLToPath(new URL(path.replace(/wasm$/, "ts"), `file://${resolveDir}/`)),
      namespace: "assembly",
    }));
    onLoad({ filter: /.*/, namespace: "assembly" }, async ({ path }) => ({
      contents: await compile(path),
      loader: "binary",
    }));
  },
};

/** Compiling takes seconds: what came of the same source is kept. */
async function compile(path) {
  const [source, lock] = await Promise.all([readFile(path, "utf8"), readFile(LOCK, "utf8")]);
  const key = createHash("sha256").update(JSON.stringify([lock, OPTIONS, TARGET, source]));
  const kept = `${CACHE}${key.digest("hex")}.wasm`;
  const known = await readFile(kept).catch(() => null);
  if (known) return known;
  const { default: asc } = await import("assemblyscript/asc");
  let binary = null;
  const { error, stderr } = await asc.main(["main.ts", "--outFile", "main.wasm", ...OPTIONS, ...TARGET], {
    readFile: (name) => (name === "main.ts" ? source : null),
    writeFile: (name, contents) => {
      if (name === "main.wasm") binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${path} does not compile: ${error?.message}\n${stderr}`);
  await mkdir(CACHE, { recursive: true });
  await writeFile(kept, binary);
  return binary;
}
