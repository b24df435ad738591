import { afterEach, describe, expect, it, vi } from "vitest";
import { Folder } from "../src/site/folder";

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
const folder = () => new Folder(new URL("http://host.example/site/data/"));

/** A server of one file, that gives parts of it or not. */
function serve(parts: boolean) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: URL, { headers }: { headers: Record<string, string> }) => {
    asked.push(`${url.pathname} ${headers.Range ?? ""}`.trim());
    if (url.pathname.endsWith("missing")) return new Response(null, { status: 404 });
    if (url.pathname.endsWith("broken")) return new Response(null, { status: 500 });
    const [, from, to] = /bytes=(\d*)-(\d*)/.exec(headers.Range ?? "") ?? [];
    if (!parts || to === undefined) return new Response(BYTES, { status: 200 });
    const part = from === "" ? BYTES.slice(-Number(to)) : BYTES.slice(Number(from), Number(to) + 1);
    return new Response(part, { status: 206 });
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe("the files beside a page", () => {
  it.each([true, false])("are read in parts, whether the server gives parts (%s) or not", async (parts) => {
    serve(parts);
    const files = folder();
    expect([...((await files.getRange("/c/0", { offset: 10, length: 3 })) ?? [])]).toEqual([10, 11, 12]);
    expect([...((await files.getRange("/c/0", { suffixLength: 2 })) ?? [])]).toEqual([98, 99]);
    expect((await files.get("/c/0"))?.length).toBe(100);
  });

  it("are asked for once where they come whole, and the last of them is kept", async () => {
    const asked = serve(false);
    const files = folder();
    for (const key of ["/c/0", "/c/0", "/c/1", "/c/0"] as const)
      await files.getRange(key, { offset: 0, length: 1 });
    expect(asked).toEqual([
      "/site/data/c/0 bytes=0-0",
      "/site/data/c/1 bytes=0-0",
      "/site/data/c/0 bytes=0-0",
    ]);
  });

  it("may be missing, but not broken", async () => {
    serve(true);
    expect(await folder().get("/missing")).toBeUndefined();
    expect(await folder().getRange("/missing", { suffixLength: 4 })).toBeUndefined();
    await expect(folder().get("/broken")).rejects.toThrow("500");
  });
});
