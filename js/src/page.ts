import type { Host, SyncedTraits, Traits } from "./host";
import { mount } from "./view";

interface SavedPage {
  traits: SyncedTraits;
  content: unknown;
  /** A network that runs in the page. */
  network?: unknown;
  /** base64 of the gzip of all buffers, one after the other. */
  blobs: string;
  lengths: number[];
}

/** A host without a kernel: values live in this page, nobody answers. */
export function pageHost(traits: Traits): Host {
  const listeners = new Set<() => void>();
  return {
    get: (name) => traits[name],
    set(values) {
      Object.assign(traits, values);
      for (const listener of listeners) listener();
    },
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    request: () => Promise.reject(new Error("this page has no kernel")),
    hasKernel: false,
    get engine() {
      const code = document.querySelector("script[data-rnnviz-engine]")?.textContent;
      return code && traits._network ? { code, network: traits._network } : null;
    },
  };
}

/** The saved traits, with each `{"$b": i}` replaced by the i-th buffer. */
export async function unpack({ traits, content, network, blobs, lengths }: SavedPage): Promise<Traits> {
  const stream = new Blob([fromBase64(blobs)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
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
  return { ...traits, _content: fill(content), _network: fill(network) as Uint8Array, _engine: "" };
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

/** Mounts every saved widget of the document that is not mounted yet: this code may be in a page twice. */
async function start(): Promise<void> {
  for (const script of document.querySelectorAll<HTMLElement>("script[data-rnnviz]")) {
    const root = script.parentElement;
    if (!root || root.dataset.mounted) continue;
    root.dataset.mounted = "true";
    try {
      const traits = await unpack(JSON.parse(script.textContent ?? ""));
      root.replaceChildren(script); // what stands there for where no script may run
      mount(pageHost(traits), root, new AbortController().signal);
    } catch (error) {
      root.append(`This page cannot be shown: ${error instanceof Error ? error.message : error}`);
    }
  }
}

void start();
