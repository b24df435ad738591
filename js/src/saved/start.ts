import type { Host, Traits } from "../host";
import { mount } from "../view";
import { isParsed, whileParsing } from "./parsing";
import { type PackedJson, unpack } from "./unpack";

/** What a page opens with. */
export interface Opening<L> {
  traits: Traits;
  /** Where the rest is, if that is not all. */
  later: L | undefined;
}

/** A saved widget, and what takes in the rest of it once it is on screen. */
export interface SavedWidget {
  host: Host;
  rest(): Promise<void>;
}

export async function readOpening<L>(data: PackedJson): Promise<Opening<L>> {
  const { traits, content, later } = await unpack<{ traits: Traits; content: unknown; later?: L }>(data);
  const none = new ArrayBuffer(0);
  const here = { _content: content, _network: none, _initial: none, _engine: [], _extras: "here" };
  return { traits: { ...traits, ...here }, later };
}

/** After the next painting. */
const painted = () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));

async function show<L>(
  script: HTMLElement,
  root: HTMLElement,
  open: (opening: Opening<L>) => SavedWidget,
): Promise<void> {
  try {
    const { host, rest } = open(await readOpening<L>(JSON.parse(script.textContent ?? "")));
    root.replaceChildren(script); // what stands there for where no script may run
    mount(host, root, new AbortController().signal);
    await painted();
    await rest();
  } catch (error) {
    const said = document.createElement("p");
    said.setAttribute("role", "alert");
    said.textContent = `Not all of this can be shown: ${error instanceof Error ? error.message : error}`;
    root.append(said);
  }
}

/** Mounts each saved widget of the document, as soon as all of it is here. Two programs in a page share the work. */
export function start<L>(open: (opening: Opening<L>) => SavedWidget): void {
  whileParsing(() => {
    for (const script of document.querySelectorAll<HTMLElement>("script[data-rnnviz]")) {
      const root = script.parentElement;
      if (!root || root.dataset.mounted || !isParsed(root)) continue;
      root.dataset.mounted = "true";
      void show(script, root, open);
    }
    return false;
  });
}
