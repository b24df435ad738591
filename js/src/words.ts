import { BLANK, signOf } from "./store/signs";
import type { Label } from "./store/wire";

/** A label's value at a token, in words. */
export function labelled({ kind, values }: Pick<Label, "kind" | "values">, token: number): string {
  const value = values[token];
  if (Number.isNaN(value)) return "not known";
  if (kind === "bool") return value ? "yes" : "no";
  // A float32 is good for seven figures; a whole number is right as it is.
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(7))).replace("-", "−");
}

/** A token with signs for what has no shape: blanks, newlines, tabs and other controls. */
export function visibly(token: string): string {
  return Array.from(token, (character) => {
    if (character === " ") return BLANK;
    const code = character.codePointAt(0) ?? 0;
    // What a dotted circle alone would not tell apart has its number.
    return code > 0x7f && /^[\p{C}\u2028\u2029\u00a0]$/u.test(character)
      ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
      : (signOf(character) ?? character);
  }).join("");
}

/** A number with its sign, to the decimals that mean something; "≈" says that it was rounded on its way. */
export function written({
  value,
  exact,
  decimals,
}: {
  value: number;
  exact: boolean;
  decimals: number;
}): string {
  if (Number.isNaN(value)) return "missing";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  const size = Math.abs(value);
  const fixed = size.toFixed(Math.max(0, Math.min(8, decimals)));
  // Of another magnitude than the rest, it would read as 0, or as a row of digits that mean nothing.
  const other = decimals > 8 || size >= 1e7 || Number(fixed) === 0;
  const digits = size && other ? size.toExponential(3) : fixed;
  const sign = value > 0 ? "+" : value < 0 ? "−" : "";
  return `${exact ? "" : "≈ "}${sign}${digits}`;
}

/** A number in few characters, with its sign; `plus` is what stands before those above 0. */
export const signed = (value: number, plus = "+") =>
  `${value < 0 ? "−" : value > 0 ? plus : ""}${short(Math.abs(value))}`;

/** A positive number in few characters: 1, 0.35, 12.4, 3.1e-5. */
export function short(value: number): string {
  if (value !== 0 && (value < 1e-3 || value >= 1e5)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}
