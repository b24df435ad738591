// The digest that says which sources a bundle was made from; hatch_build.py computes the same.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** All that the bundle is made from, below `js`, sorted by name. */
async function sources(js) {
  const entries = await readdir(join(js, "src"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = files.map((file) => relative(js, file).split(sep).join("/"));
  // By bytes, as Python sorts: `localeCompare` depends on the machine.
  return [...names, "assembly.mjs", "build.mjs", "package-lock.json"].sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
}

/** SHA-256 of names, lengths and contents, in hexadecimal. */
export async function digest(js) {
  const sha = createHash("sha256");
  for (const name of await sources(js)) {
    const content = await readFile(join(js, name));
    sha.update(`${name}\0${content.length}\0`).update(content);
  }
  return sha.digest("hex");
}
