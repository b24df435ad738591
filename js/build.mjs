// Bundles src/ into ../rnnviz_widget/static/, where the Python package reads it.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../rnnviz_widget/static/", import.meta.url));

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ["src/widget.ts", "src/page.ts", "src/widget.css"],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  // anywidget's bundle is imported from a blob: an AMD loader on the page must not be taken up.
  define: { "define.amd": "false" },
  legalComments: "none",
});
// The colours are data that the Python side reads too (figures, tests): one source for both.
await copyFile(`${here}src/palettes.json`, `${out}palettes.json`);

// Quarto and saved pages write the bundle unescaped into HTML: these strings would end or open a script there.
for (const name of ["widget.js", "page.js", "widget.css"]) {
  const text = await readFile(out + name, "utf8");
  for (const forbidden of ["<!--", "<script", "</script", "</style"]) {
    if (text.toLowerCase().includes(forbidden)) throw new Error(`${name} contains ${forbidden}`);
  }
}
