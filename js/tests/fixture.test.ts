import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decode, decodeSaturation, MISSING } from "../src/store/wire";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What `tests/fixtures/wire.py` wrote, its bytes as the host would deliver them. */
function revive(value: Json): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.base64 === "string")
    return Uint8Array.from(atob(value.base64), (character) => character.charCodeAt(0));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]));
}

const steps = Array.from({ length: 12 }, (_, i) => i);

it("decodes every field of what Python writes", () => {
  const fixture = JSON.parse(readFileSync("tests/fixtures/content.json", "utf8"));
  const content = decode(revive(fixture));

  expect(steps.map((t) => content.tokens.string(t))).toEqual([
    ...["a", "\ud800", "🙂", "<b>", "\n", "\t"],
    ...["a", "\ud800", "🙂", "<b>", "\n", "\t"],
  ]);
  expect(content.title).toBe("<b>Everything</b>");
  expect(
    content.states.map(({ name, units, kind, bound, first }) => [name, units, kind, bound, first]),
  ).toEqual([
    ["rnn.l0.h", 2, "signed", 1, 0],
    ["rnn.l0.f", 2, "gate", 1, 2],
    ["<i>free", 1, "signed", null, 4],
  ]);

  expect(content.checkpoints.map(({ name }) => name)).toEqual(["early", "late"]);
  const { whole, loss, predictions } = content.checkpoints[1];
  const value = (unit: number, t: number) =>
    ((whole?.values[unit * 12 + t] ?? Number.NaN) * (whole?.scales[unit] ?? Number.NaN)) / 127;
  for (const t of steps) {
    expect(value(0, t)).toBeCloseTo(t / 12 - 0.5, 2);
    expect(value(2, t)).toBeCloseTo(t / 12, 2);
    expect(value(4, t)).toBeCloseTo(3 * t - 7, 0);
    expect(loss?.[t]).toBe(t < 11 ? t / 4 : Number.NaN);
  }
  expect(whole?.values[12 + 1]).toBe(MISSING);
  expect(predictions?.vocabulary).toEqual(["a", "🙂", "\n"]);
  expect([...(predictions?.ids ?? [])].slice(0, 4)).toEqual([2, 0, 2, 0]);

  const [known, masked, number] = content.labels;
  expect([...known.values]).toEqual(steps.map((t) => (t % 6 === 4 ? 1 : 0)));
  expect([...masked.values]).toEqual(steps.map((t) => (t % 3 === 0 ? Number.NaN : t % 6 === 4 ? 1 : 0)));
  expect([...number.values]).toEqual(steps.map((t) => (t === 7 ? Number.NaN : t - 2.5)));

  expect(content.rankings[0].label).toBe("a newline");
  expect(content.rankings[0].entries[0]).toEqual({
    state: expect.any(String),
    unit: expect.any(Number),
    text: expect.stringMatching(/^AUC /),
    sign: expect.any(Number),
  });
  const saturation = decodeSaturation(content.saturation);
  expect(saturation?.tokens).toBe(12);
  expect(saturation?.gates.map(({ state, ids }) => [state, [...ids]])).toEqual([["rnn.l0.f", [0, 1]]]);
  expect([...(saturation?.gates[0].closed ?? [])][1]).toBeCloseTo(0.5, 6);
});
