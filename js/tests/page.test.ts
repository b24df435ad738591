import { describe, expect, it } from "vitest";
import { pageHost, unpack } from "../src/page";
import { decode } from "../src/store/wire";
import { rawCheckpoint, rawContent, someTraits } from "./content";

/** What the Python side writes: bytes lifted out of the content, joined, compressed, as base64. */
async function pack(content: Record<string, unknown>) {
  const buffers: Uint8Array[] = [];
  const lift = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) {
      buffers.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return { $b: buffers.length - 1 };
    }
    if (Array.isArray(value)) return value.map(lift);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, lift(inner)]));
  };
  const lifted = JSON.parse(JSON.stringify(lift(content)));
  const stream = new Blob(buffers as BlobPart[]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const blobs = btoa(String.fromCharCode(...packed));
  const { _content, ...traits } = someTraits({ unit: 2 });
  return { traits, content: lifted, blobs, lengths: buffers.map(({ length }) => length) };
}

describe("a saved page", () => {
  it("gives back what was packed, nested buffers included", async () => {
    const label = { name: "q", kind: "bool", values: Uint8Array.from([1, 0, 255, 1]) };
    const raw = rawContent({
      labels: [label],
      checkpoints: [rawCheckpoint({ loss: new Float32Array([1, 2, 3, Number.NaN]) })],
    });
    const traits = await unpack(await pack(raw));
    expect(traits.unit).toBe(2);
    const [before, after] = [decode(raw), decode(traits._content)];
    expect(after.tokens.text).toBe(before.tokens.text);
    expect(after.checkpoints).toEqual(before.checkpoints);
    expect(after.labels).toEqual(before.labels);
  });

  it("keeps what is set, tells who listens, and has nobody to ask", async () => {
    const host = pageHost(someTraits());
    const heard: number[] = [];
    const lifetime = new AbortController();
    host.onChange(() => heard.push(host.get("unit")), lifetime.signal);
    host.set({ unit: 1 });
    lifetime.abort();
    host.set({ unit: 2 });
    expect(heard).toEqual([1]);
    expect(host.hasKernel).toBe(false);
    await expect(host.request({ kind: "unit", state: "a.h", unit: 0, checkpoint: 0 })).rejects.toThrow(
      "no kernel",
    );
  });
});
