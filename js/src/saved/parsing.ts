/** Whether the parser has left an element: all of it is here. */
export function isParsed(element: Element): boolean {
  let node: Node | null = element;
  while (node && !node.nextSibling) node = node.parentNode;
  return node !== null || document.readyState !== "loading";
}

/** Calls `look` now, whenever more of the document is here, and when all is; until it returns true. */
export function whileParsing(look: (all: boolean) => boolean): void {
  const all = () => document.readyState !== "loading";
  if (look(all()) || all()) return;
  const over = new AbortController();
  const again = () => {
    if (look(all()) || all()) over.abort();
  };
  const observer = new MutationObserver(again);
  observer.observe(document, { childList: true, subtree: true });
  over.signal.addEventListener("abort", () => observer.disconnect());
  document.addEventListener("readystatechange", again, { signal: over.signal });
}

/** The text of the `index`th of the elements that a selector finds, as soon as all of it has been parsed. */
export function parsedText(selector: string, index: number): Promise<string> {
  return new Promise((resolve, reject) => {
    whileParsing((all) => {
      const element = document.querySelectorAll(selector)[index];
      const found = element && isParsed(element);
      if (found) resolve(element.textContent ?? "");
      else if (all) reject(new Error("a part of this page is missing: it was not saved or sent whole"));
      return found;
    });
  });
}
