/** JSON with bytes apart: in place of each buffer stands `{"$b": i}`. */
export interface PackedJson extends Record<string, unknown> {
  lengths: number[];
  /** base64 of all buffers, one after the other: of their gzip, or as they are. */
  blobs?: string;
  plain?: string;
}

/** The JSON with its buffers in their places. For what is not compressed nothing is waited for. */
export async function unpack<T>({ blobs, plain, lengths, ...rest }: PackedJson): Promise<T> {
  const bytes = plain === undefined ? await gunzip(fromBase64(blobs ?? "")) : fromBase64(plain);
  let at = 0;
  const buffers = lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (value === null || typeof value !== "object") return value;
    if ("$b" in value) return buffers[value.$b as number];
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  };
  return fill(rest) as T;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

declare global {
  interface Uint8ArrayConstructor {
    /** In browsers of 2025 and later. */
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Three times as fast: a page may have 25 MB.
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  // A loop: `Uint8Array.from` with a function takes twenty times as long.
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
