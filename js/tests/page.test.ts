import { afterEach, describe, expect, it } from "vitest";
import { open as openPage } from "../src/page";
import { pageHost } from "../src/saved/host";
import { engineBehind } from "../src/saved/pieces";
import { readOpening } from "../src/saved/start";
import { type PackedJson, unpack } from "../src/saved/unpack";
import { decode } from "../src/store/wire";
import { rawCheckpoint, rawContent, someTraits } from "./content";

type Json = Record<string, unknown>;

/** What the Python side writes: bytes lifted out of the content, joined, compressed, as base64. */
async function pack(value: Json): Promise<PackedJson> {
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
  const lifted = JSON.parse(JSON.stringify(lift(value)));
  const stream = new Blob(buffers as BlobPart[]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const blobs = btoa(String.fromCharCode(...packed));
  return { ...lifted, blobs, lengths: buffers.map(({ length }) => length) };
}

/** Puts a piece into the document, as it stands behind an opening. */
async function addPiece(key: string, value: Json): Promise<void> {
  const script = document.createElement("script");
  script.type = "application/json";
  script.dataset.rnnvizPiece = key;
  script.textContent = JSON.stringify(await pack(value));
  document.body.append(script);
}

const open = async (data: PackedJson) => openPage(await readOpening(data));

const { _content, ...traits } = someTraits({ unit: 2 });

afterEach(() => document.body.replaceChildren());

describe("a saved page", () => {
  it("gives back what was packed, nested buffers included", async () => {
    const label = { name: "q", kind: "bool", values: Uint8Array.from([1, 0, 255, 1]) };
    const content = rawContent({
      labels: [label],
      checkpoints: [rawCheckpoint({ loss: new Float32Array([1, 2, 3, Number.NaN]) })],
    });
    const { host } = await open(await pack({ traits, content }));
    expect(host.get("unit")).toBe(2);
    expect(host.hasKernel).toBe(false);
    const [before, after] = [decode(content), decode(host.get("_content"))];
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

describe("a page whose values stand behind its opening", () => {
  const whole = [
    rawCheckpoint({ name: "early" }),
    rawCheckpoint({ name: "late", loss: Float32Array.of(4, 3, 2, 1) }),
  ];
  const cut = (checkpoint: Json, from: number, to: number): Json => {
    const part = (name: string, size: number) =>
      (checkpoint[name] as Int8Array).slice(from * size, to * size) as ArrayBufferView;
    return {
      values: part("values", 4),
      scales: part("scales", 1),
      limits: part("limits", 1),
      peaks: part("peaks", 1),
    };
  };

  /** Pieces of two units, of the later checkpoint first; the last piece of each has one. */
  async function opened() {
    const key = "k1";
    const checkpoints = whole.map(({ name }) => ({ name, rows: [] }));
    const later = { key, each: 2, order: [1, 0] };
    const opening = await open(await pack({ traits, content: rawContent({ checkpoints }), later }));
    await addPiece(key, { checkpoints: whole.map(({ loss, pinned, top_k }) => ({ loss, pinned, top_k })) });
    for (const i of later.order)
      for (const u of [0, 2, 4]) await addPiece(key, cut(whole[i], u, Math.min(5, u + 2)));
    return opening;
  }

  it.each([
    ["a.h", 0, 0],
    ["a.h", 2, 1],
    ["a.i", 1, 1],
  ])("answers for %s %i at checkpoint %i", async (state, unit, checkpoint) => {
    const { host } = await opened();
    expect(host.hasKernel).toBe(true);
    const [values, numbers] = await host.request({ kind: "unit", state, unit, checkpoint });
    const u = (state === "a.i" ? 3 : 0) + unit;
    expect([...(values as Uint8Array)]).toEqual([0, 1, 2, 3].map((t) => 10 * u + t));
    expect([...new Float32Array(numbers as ArrayBuffer)]).toEqual([1, 1, 0.5]);
  });

  it("has everything in the end, and tells who listens", async () => {
    const { host, rest } = await opened();
    let told = 0;
    host.onChange(() => told++, new AbortController().signal);
    const before = decode(host.get("_content"));
    expect(before.checkpoints.map((one) => one.whole)).toEqual([null, null]);
    await rest();
    expect(told).toBe(2);
    const after = decode(host.get("_content"));
    expect(after.tokens).toBe(before.tokens);
    const expected = decode(rawContent({ checkpoints: whole })).checkpoints;
    after.checkpoints.forEach((checkpoint, i) => {
      expect({ ...checkpoint, rows: expected[i].rows }).toEqual(expected[i]);
    });
  });

  it("says that it was not saved whole where a piece is missing", async () => {
    const { host, rest } = await opened();
    document.body.lastElementChild?.remove();
    await expect(host.request({ kind: "unit", state: "a.i", unit: 1, checkpoint: 0 })).rejects.toThrow(
      "not saved",
    );
    await expect(rest()).rejects.toThrow("not saved");
  });

  it("has its network there, where it is live", async () => {
    await addPiece("n1", { network: Uint8Array.of(1, 2, 3) });
    await expect(engineBehind("n1")).rejects.toThrow("no program");
    const program = document.createElement("script");
    program.type = "text/plain";
    program.dataset.rnnvizEngine = "";
    program.textContent = "the program";
    document.body.append(program);
    const { code, network } = await engineBehind("n1");
    expect([code, ...(network as Uint8Array)]).toEqual(["the program", 1, 2, 3]);
  });
});

it("unpacks what is not compressed", async () => {
  const packed = { a: { $b: 1 }, lengths: [1, 2], plain: btoa("xyz") };
  expect(await unpack(packed)).toEqual({ a: Uint8Array.of(121, 122) });
});

it("unpacks what has no buffers", async () => {
  expect(await unpack(await pack({ a: [1, null] }))).toEqual({ a: [1, null] });
});
