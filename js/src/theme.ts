import { atEnd, h, on } from "./dom";
import { luminance, type RGB, type Theme } from "./store/colour";
import type { Store } from "./store/store";

/**
 * Keeps `store.theme` as light or dark as what is around the widget.
 *
 * Hosts name their themes differently, and in a shadow root none of the names can be seen: the background decides.
 */
export function followTheme(store: Store, root: HTMLElement, lifetime: AbortSignal): () => void {
  const look = () => {
    store.setTheme(surroundings(root));
  };
  const observer = new MutationObserver(look);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, {
      attributes: true,
      attributeFilter: ["class", "style", "data-jp-theme-light", "data-theme"],
    });
  on(matchMedia("(prefers-color-scheme: dark)"), "change", look, lifetime);
  atEnd(lifetime, () => observer.disconnect());
  return look;
}

/** VS Code paints white behind widgets whatever its theme: there, and in JupyterLab, the theme's own colour is asked first. */
const HOST_BACKGROUNDS = ["--vscode-editor-background", "--jp-layout-color0"];

function surroundings(root: HTMLElement): Theme {
  const parent = root.parentNode;
  if (!parent) return "light";
  const style = getComputedStyle(root);
  // Beside the root, not in it: there our own colour scheme would answer.
  const probe = h("span", { hidden: true });
  parent.append(probe);
  const resolve = (colour: string) => {
    probe.style.backgroundColor = "";
    probe.style.backgroundColor = colour;
    return parse(getComputedStyle(probe).backgroundColor);
  };
  let found: RGB | null = null;
  for (const name of HOST_BACKGROUNDS) found ??= resolve(style.getPropertyValue(name).trim());
  for (let node = parentOf(root); node && !found; node = parentOf(node))
    found = parse(getComputedStyle(node).backgroundColor);
  found ??= resolve("Canvas");
  probe.remove();
  return found && luminance(found) < 0.18 ? "dark" : "light";
}

function parentOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

/** A computed colour, or null where it lets through what is behind. */
function parse(colour: string): RGB | null {
  const [r, g, b, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return colour.startsWith("rgb") && alpha > 0.5 ? [r, g, b] : null;
}
