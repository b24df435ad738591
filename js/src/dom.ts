import { effect } from "./signals";

type Attributes = Record<string, string | number | boolean>;

/**
 * An element with attributes and children; strings become text nodes, never markup.
 *
 * @example h("button", { class: "next", "aria-label": "Next unit" }, "›")
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  element.append(...children);
  return element;
}

/** Calls `run` once, when `signal` aborts. */
export function atEnd(signal: AbortSignal, run: () => void): void {
  signal.addEventListener("abort", run, { once: true });
}

/** Calls `run` at every event of a kind, until `signal` aborts. */
export function on<K extends keyof HTMLElementEventMap>(
  target: EventTarget,
  type: K | "selectionchange" | "beforeprint" | "afterprint" | "loadingdone",
  run: (event: HTMLElementEventMap[K]) => void,
  signal: AbortSignal,
): void {
  target.addEventListener(type, run as EventListener, { signal });
}

/** A button with words on it. */
export function button(
  name: string,
  words: string,
  run: () => void,
  signal: AbortSignal,
  attributes: Attributes = {},
): HTMLButtonElement {
  const element = h("button", { type: "button", class: `rnnviz-${name}`, ...attributes }, words);
  on(element, "click", run, signal);
  return element;
}

/** Runs `run` now and after each change of a signal that it read, until `signal` aborts. */
export function watch(run: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  atEnd(signal, effect(run));
}

/**
 * Like `watch`, but at most once a frame; `read` names the signals, `draw` does the work.
 *
 * `draw` returns false where it had no room. It is then called once more a frame later: JupyterLab hides all for
 * one moment while its theme changes, too short for a ResizeObserver to notice. A longer absence is noticed.
 */
export function watchFrames(read: () => void, draw: () => boolean, signal: AbortSignal): void {
  let waiting = 0;
  const attempt = (again: boolean) => {
    const run = () => {
      cancel();
      if (!draw() && again) attempt(false);
    };
    waiting = requestAnimationFrame(run);
    scheduled.set(waiting, run);
  };
  const cancel = () => {
    cancelAnimationFrame(waiting);
    scheduled.delete(waiting);
    waiting = 0;
  };
  watch(() => {
    read();
    if (!waiting) attempt(true);
  }, signal);
  atEnd(signal, cancel);
}

/** What `watchFrames` will draw in the next frame. */
const scheduled = new Map<number, () => void>();

/** Draws at once what waits for the next frame. */
export function drawNow(): void {
  for (const run of [...scheduled.values()]) run();
}

/** Calls `measured` whenever the element's content box changes, until `signal` aborts. */
export function onResize(element: Element, measured: () => void, signal: AbortSignal): void {
  const observer = new ResizeObserver(measured);
  observer.observe(element);
  atEnd(signal, () => observer.disconnect());
}

/** The 2D context of a canvas; throws where the browser has none. */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser offers no 2D canvas");
  return context;
}

/** Gives a canvas so many pixels, if it has not: setting a size also clears, and costs, when nothing changes. */
export function resizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Gives a canvas one pixel per device pixel of its box; returns the context in CSS pixels, cleared, and the size. */
export function fitCanvas(canvas: HTMLCanvasElement) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  resizeCanvas(canvas, Math.round(width * ratio), Math.round(height * ratio));
  const context = context2d(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The value of one of the widget's own colour variables at `element`. */
export const variable = (element: Element, name: string) =>
  getComputedStyle(element).getPropertyValue(`--rnnviz-${name}`).trim();
