import { describe, expect, it } from "vitest";
import {
  anchors,
  colourAt,
  contrast,
  ink,
  luminance,
  PALETTES,
  paint,
  quietInk,
  type RGB,
  type Theme,
} from "../src/store/colour";

const every = PALETTES.flatMap((name) => (["light", "dark"] as Theme[]).map((theme) => ({ name, theme })));
const bytes = Array.from({ length: 255 }, (_, i) => i - 127);
const pixel = (pixels: Uint32Array, q: number): number[] => {
  const [r, g, b, a] = new Uint8Array(pixels.buffer, (q + 128) * 4, 4);
  return [r, g, b, a];
};
const parsed = (css: string) => css.match(/\d+/g)?.map(Number) as RGB;

describe("the contrast formula", () => {
  it("gives the ratios that WCAG's own examples give", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 10);
    expect(contrast([119, 119, 119], [255, 255, 255])).toBeCloseTo(4.48, 2);
    expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 2);
  });
});

describe.each(every)("palette $name, $theme", ({ name, theme }) => {
  const ramp = anchors(name, theme);
  const lightness = bytes.map((q) => luminance(colourAt(ramp, q / 127)));

  it("has no colour of its own at zero", () => {
    const zero = colourAt(ramp, 0);
    expect(Math.max(...zero) - Math.min(...zero)).toBeLessThanOrEqual(4);
  });

  it("becomes steadily darker or lighter from zero to each end", () => {
    const rises = (values: number[]) => values.slice(1).every((value, i) => value >= values[i]);
    const falls = (values: number[]) => values.slice(1).every((value, i) => value <= values[i]);
    const [low, high] = [lightness.slice(0, 128), lightness.slice(127)];
    expect(rises(low) || falls(low)).toBe(true);
    expect(rises(high) || falls(high)).toBe(true);
  });

  it("tells high from low", () => {
    const [low, high] = [colourAt(ramp, -1), colourAt(ramp, 1)];
    expect(Math.hypot(...low.map((c, k) => c - high[k]))).toBeGreaterThan(100);
  });

  it("has readable ink on each of the 256 entries", () => {
    const ground: RGB = theme === "dark" ? [24, 24, 27] : [255, 255, 255];
    const table = paint(ramp, ends(1, 1), ground);
    for (let q = -128; q < 128; q++) {
      const back = q === -128 ? ground : (pixel(table.pixels, q).slice(0, 3) as RGB);
      expect(contrast(parsed(table.ink[q + 128]), back)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(parsed(table.quiet[q + 128]), back)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

describe("high values", () => {
  it.each(["light", "dark"] as Theme[])("are red in red-blue and blue in blue-red, %s", (theme) => {
    const [r, , b] = colourAt(anchors("red-blue", theme), 1);
    expect(r).toBeGreaterThan(b + 80);
    expect(colourAt(anchors("blue-red", theme), -1)).toEqual(colourAt(anchors("red-blue", theme), 1));
    const [low, , high] = colourAt(anchors("blue-red", theme), 1);
    expect(high).toBeGreaterThan(low + 60);
  });
});

const ends = (scale: number, limit: number) => ({ scale, low: -limit, high: limit });

describe("paint", () => {
  const ramp = anchors("red-blue", "light");

  it("gives each byte the colour of value over limit", () => {
    const { pixels } = paint(ramp, ends(2, 4), [255, 255, 255]);
    for (const q of [-127, -64, 0, 1, 100, 127])
      expect(pixel(pixels, q)).toEqual([...colourAt(ramp, ((q / 127) * 2) / 4), 255]);
  });

  it("gives what lies beyond the limit the end's colour", () => {
    const { pixels } = paint(ramp, ends(8, 4), [255, 255, 255]);
    expect(pixel(pixels, 127)).toEqual([...colourAt(ramp, 1), 255]);
    expect(pixel(pixels, -100)).toEqual([...colourAt(ramp, -1), 255]);
  });

  it("leaves a missing value without colour", () => {
    expect(pixel(paint(ramp, ends(1, 1), [255, 255, 255]).pixels, -128)[3]).toBe(0);
  });

  it("shows a unit without extent as zero", () => {
    expect(pixel(paint(ramp, ends(0, 1), [255, 255, 255]).pixels, 0)).toEqual([...colourAt(ramp, 0), 255]);
  });

  it("goes from one end to the other wherever zero is", () => {
    const { pixels } = paint(ramp, { scale: 127, low: 10, high: 30 }, [255, 255, 255]);
    for (const [value, place] of [
      [10, -1],
      [20, 0],
      [25, 0.5],
      [30, 1],
      [-5, -1],
    ])
      expect(pixel(pixels, value)).toEqual([...colourAt(ramp, place), 255]);
  });

  it("has the palette's upper half where the scale begins at zero", () => {
    const { pixels } = paint(ramp, { scale: 1, low: 0, high: 1 }, [255, 255, 255]);
    expect(pixel(pixels, 0)).toEqual([...colourAt(ramp, 0), 255]);
    expect(pixel(pixels, 127)).toEqual([...colourAt(ramp, 1), 255]);
  });

  it("falls back to red-blue for a palette that it does not know", () => {
    expect(anchors("constructor-of-dreams", "light")).toEqual(ramp);
  });
});

describe("ink", () => {
  it("is readable on any grey, and quiet ink is nearer to it", () => {
    for (let grey = 0; grey < 256; grey++) {
      const back: RGB = [grey, grey, grey];
      expect(contrast(ink(back), back)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(quietInk(back), back)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(quietInk(back), back)).toBeLessThanOrEqual(contrast(ink(back), back));
    }
  });
});
