import { vi } from "vitest";

// happy-dom has no canvas. What is painted is tested in a real browser; here, that nothing falls over.
const context = new Proxy(
  {},
  {
    get: (_, name) => (name === "measureText" ? () => ({ width: 8.4 }) : () => undefined),
    set: () => true,
  },
);
HTMLCanvasElement.prototype.getContext = vi.fn(() => context) as never;
globalThis.ImageData ??= class {
  readonly data: Uint8ClampedArray;
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Uint8ClampedArray(width * height * 4);
  }
} as never;
