import { describe, expect, it } from "vitest";
import { labelled, short, signed, visibly, written } from "../src/words";

describe("a value in words", () => {
  it.each([
    [{ value: 0.84494, exact: true, decimals: 4 }, "+0.8449"],
    [{ value: -0.0356, exact: true, decimals: 4 }, "−0.0356"],
    [{ value: 0, exact: true, decimals: 4 }, "0.0000"],
    [{ value: 0.8425, exact: false, decimals: 2 }, "≈ +0.84"],
    [{ value: -12345.6, exact: true, decimals: -1 }, "−12346"],
    [{ value: 70000, exact: false, decimals: -1 }, "≈ +70000"],
    [{ value: 1e-9, exact: true, decimals: 4 }, "+1.000e-9"],
    [{ value: -1e20, exact: true, decimals: 4 }, "−1.000e+20"],
    [{ value: 3.2e-12, exact: true, decimals: 16 }, "+3.200e-12"],
    [{ value: Number.NaN, exact: true, decimals: 4 }, "missing"],
    [{ value: Number.NEGATIVE_INFINITY, exact: true, decimals: 4 }, "−∞"],
  ])("%o is %s", (value, words) => {
    expect(written(value)).toBe(words);
  });
});

describe("a label in words", () => {
  it.each([
    ["number", 70000, "70000"],
    ["number", 123456, "123456"],
    ["number", Math.fround(0.1), "0.1"],
    ["number", Math.fround(-1e-9), "−1e-9"],
    ["number", Number.NaN, "not known"],
    ["bool", 1, "yes"],
    ["bool", Number.NaN, "not known"],
  ] as const)("of kind %s, %d is %s", (kind, value, words) => {
    expect(labelled({ kind, values: new Float32Array([value]) }, 0)).toBe(words);
  });
});

describe("a token in words", () => {
  it.each([
    [" ", "␣"],
    ["\n", "↵"],
    ["\r\n", "␍↵"],
    ["\tif", "→if"],
    ["\u0301", "◌\u0301"],
    ["\u200b", "U+200B"],
    ["\ud800", "U+D800"],
    ["<b>", "<b>"],
  ])("%j is %s", (token, words) => {
    expect(visibly(token)).toBe(words);
  });
});

describe("an end of the scale", () => {
  it.each([
    [1, "1"],
    [0.3512, "0.351"],
    [12.38, "12.4"],
    [0.000031, "3.1e-5"],
    [1234567, "1.2e+6"],
  ])("%d is %s", (value, words) => {
    expect(short(value)).toBe(words);
  });

  it("has its sign", () => {
    expect([-2, 0, 0.25].map((value) => signed(value))).toEqual(["−2", "0", "+0.25"]);
    expect(signed(10, "")).toBe("10");
  });
});
