import type { AbsolutePath, AsyncReadable, RangeQuery } from "zarrita";

/**
 * Files beside a page, as zarrita reads them: parts of them, where the server gives parts.
 *
 * One that gives only whole files (`python -m http.server`) is asked for each once: the last is kept.
 */
export class Folder implements AsyncReadable {
  readonly #base: URL;
  readonly #whole = new Map<string, Promise<Uint8Array>>();

  constructor(base: URL) {
    this.#base = base;
  }

  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    const response = await this.#fetch(key);
    return response && bytesOf(response);
  }

  async getRange(key: AbsolutePath, range: RangeQuery): Promise<Uint8Array | undefined> {
    const known = this.#whole.get(key);
    if (known) return cut(await known, range);
    const asked = "suffixLength" in range ? `-${range.suffixLength}` : `${range.offset}-${last(range)}`;
    const response = await this.#fetch(key, { Range: `bytes=${asked}` });
    if (!response || response.status === 206) return response && bytesOf(response);
    const whole = bytesOf(response);
    this.#whole.clear();
    this.#whole.set(key, whole);
    return cut(await whole, range);
  }

  async #fetch(key: AbsolutePath, headers: Record<string, string> = {}): Promise<Response | undefined> {
    const response = await fetch(new URL(key.slice(1), this.#base), { headers });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`${key} was answered with ${response.status}`);
    return response;
  }
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

const last = ({ offset, length }: { offset: number; length: number }) => offset + length - 1;

function cut(bytes: Uint8Array, range: RangeQuery): Uint8Array {
  if ("suffixLength" in range) return bytes.subarray(bytes.length - range.suffixLength);
  return bytes.subarray(range.offset, range.offset + range.length);
}
