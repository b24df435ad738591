import palettes from "../palettes.json";
import { MISSING } from "./wire";

/** Red, green and blue, 0 to 255. */
export type RGB = [number, number, number];
export type Theme = "light" | "dark";
export type PaletteName = keyof typeof palettes;

/** What shows where no value is painted: near enough to the background for the choice of a readable ink. */
export const GROUND: Record<Theme, RGB> = { light: [255, 255, 255], dark: [24, 24, 27] };

export const PALETTES = Object.keys(palettes) as PaletteName[];

/** A palette's colours from -1 to +1, equally spaced; between two of them, linear in sRGB. */
export function anchors(name: string, theme: Theme): RGB[] {
  const palette = palettes[name as PaletteName] ?? palettes["red-blue"];
  return palette[theme].map((hex) => {
    const number = Number.parseInt(hex.slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  });
}

/** The colour at `position` in [-1, 1]; what lies beyond has the end's colour. */
export function colourAt(ramp: RGB[], position: number): RGB {
  const x = ((Math.min(1, Math.max(-1, position)) + 1) / 2) * (ramp.length - 1);
  const i = Math.min(Math.floor(x), ramp.length - 2);
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(ramp[i][channel] + (x - i) * (ramp[i + 1][channel] - ramp[i][channel]));
  return [mix(0), mix(1), mix(2)];
}

/** Relative luminance as WCAG 2 defines it. */
export function luminance(colour: RGB): number {
  const [r, g, b] = colour.map((c) => (c <= 10.31475 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio as WCAG 2 defines it, 1 to 21. */
export function contrast(a: RGB, b: RGB): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const READABLE = 4.5;
const DARK: RGB = [24, 24, 27];
const BLACK: RGB = [0, 0, 0];
const WHITE: RGB = [255, 255, 255];
/** How near to the ink the line is where a token begins. */
const EDGE = 0.4;

/** The colours that letters may have, see `Paint.tones`; the style sheet has them too. */
export const INKS: readonly RGB[] = [DARK, WHITE, BLACK];

/**
 * The colour of a text on `background`; its contrast is 4.5 or more.
 *
 * White as soon as it can be read: to the eye, black on a saturated blue of the same ratio is worse.
 */
export function ink(background: RGB): RGB {
  if (contrast(WHITE, background) >= READABLE) return WHITE;
  return contrast(DARK, background) >= READABLE ? DARK : BLACK;
}

/** `share` of the way from one colour to another. */
const mixed = (from: RGB, to: RGB, share: number) =>
  from.map((c, k) => Math.round(c + share * (to[k] - c))) as RGB;

/** A softer ink, for marks that stand for a newline or a tab: as near the background as 4.5 allows. */
export function quietInk(background: RGB): RGB {
  const full = ink(background);
  for (let share = 0.5; share > 0; share -= 0.1) {
    const soft = mixed(full, background, share);
    if (contrast(soft, background) >= READABLE) return soft;
  }
  return full;
}

const css = ([r, g, b]: RGB) => `rgb(${r} ${g} ${b})`;

/** How one unit's bytes are painted: tables indexed by `q + 128`. */
export interface Paint {
  /** Pixels as putImageData wants them; a missing value is transparent. */
  pixels: Uint32Array;
  /** The same of the line where a token of several characters begins; never transparent. */
  edges: Uint32Array;
  /** Which of `INKS` the letters have. */
  tones: Uint8Array;
  ink: string[];
  quiet: string[];
}

/**
 * Tables for a unit with `value = q * scale / 127`.
 *
 * `ground` is the colour that shows where a value is missing; `turn` says where on the scale a position has its colour.
 */
export function paint(ramp: RGB[], row: Ends, ground: RGB, turn = straight): Paint {
  const pixels = new Uint8ClampedArray(256 * 4);
  const edges = new Uint8ClampedArray(256 * 4);
  const tones = new Uint8Array(256);
  const inks: string[] = [];
  const quiets: string[] = [];
  for (let i = 0; i < 256; i++) {
    const missing = i - 128 === MISSING;
    const colour = missing ? ground : colourAt(ramp, turn(position(i - 128, row)));
    pixels.set([...colour, missing ? 0 : 255], i * 4);
    const letters = ink(colour);
    edges.set([...mixed(colour, letters, EDGE), 255], i * 4);
    tones[i] = INKS.indexOf(letters);
    inks.push(css(letters));
    quiets.push(css(quietInk(colour)));
  }
  return {
    pixels: new Uint32Array(pixels.buffer),
    edges: new Uint32Array(edges.buffer),
    tones,
    ink: inks,
    quiet: quiets,
  };
}

/** Where on the colour scale a position has its colour: there, or, of a unit that is flipped, at the other end. */
export type Turn = (position: number) => number;
export const straight: Turn = (position) => position;
export const flipped = (gate: boolean): Turn => (gate ? (position) => 1 - position : (position) => -position);

/** How a unit's bytes are read, and where its colour scale ends. */
export interface Ends {
  scale: number;
  low: number;
  high: number;
}

/** Where between the ends a byte lies, 0 to 1 and beyond. */
export const shareOf = (q: number, { scale, low, high }: Ends) => ((q * scale) / 127 - low) / (high - low);

/** Where on the palette a byte lies, -1 to 1; from 0 up where the scale begins at 0. */
export const position = (q: number, row: Ends) => (row.low === 0 ? shareOf(q, row) : 2 * shareOf(q, row) - 1);
