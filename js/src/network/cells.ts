import type { CellType } from "./network";

/** Puts the values of units that are held in their place. */
export type Change = (kind: string, values: Float32Array) => void;

/**
 * One step of a cell.
 *
 * @param x `W_ih x + b_ih` of each gate after the other
 * @param h `W_hh h + b_hh`, likewise
 * @param before every kind after the token before, undefined before the first
 * @param now every kind, to be written; both in the order of `KINDS`
 * @param change called with each kind as soon as it is there
 */
type Step = (
  x: Float32Array,
  h: Float32Array,
  before: Float32Array[] | undefined,
  now: Float32Array[],
  change: Change,
) => void;

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));

/** The equations of torch's documentation of `nn.RNN`, `nn.GRU` and `nn.LSTM`. */
export const CELLS: Record<CellType, Step> = {
  RNN_TANH: (x, h, _, now, change) => rnn(x, h, now, change, Math.tanh),
  RNN_RELU: (x, h, _, now, change) => rnn(x, h, now, change, (a) => Math.max(a, 0)),

  GRU(x, from, before, [h, r, z, n], change) {
    const size = h.length;
    for (let i = 0; i < size; i++) {
      r[i] = sigmoid(x[i] + from[i]);
      z[i] = sigmoid(x[size + i] + from[size + i]);
    }
    change("r", r);
    change("z", z);
    for (let i = 0; i < size; i++) n[i] = Math.tanh(x[2 * size + i] + r[i] * from[2 * size + i]);
    change("n", n);
    const last = before?.[0];
    for (let i = 0; i < size; i++) h[i] = n[i] + z[i] * ((last ? last[i] : 0) - n[i]);
    change("h", h);
  },

  LSTM(x, from, before, [h, c, tanhC, i, f, g, o], change) {
    const size = h.length;
    for (let u = 0; u < size; u++) {
      i[u] = sigmoid(x[u] + from[u]);
      f[u] = sigmoid(x[size + u] + from[size + u]);
      g[u] = Math.tanh(x[2 * size + u] + from[2 * size + u]);
      o[u] = sigmoid(x[3 * size + u] + from[3 * size + u]);
    }
    change("i", i);
    change("f", f);
    change("g", g);
    change("o", o);
    const last = before?.[1];
    for (let u = 0; u < size; u++) c[u] = i[u] * g[u] + f[u] * (last ? last[u] : 0);
    change("c", c);
    for (let u = 0; u < size; u++) tanhC[u] = Math.tanh(c[u]);
    change("tanh_c", tanhC);
    for (let u = 0; u < size; u++) h[u] = o[u] * tanhC[u];
    change("h", h);
  },
};

function rnn(
  x: Float32Array,
  from: Float32Array,
  [h, pre]: Float32Array[],
  change: Change,
  nonlinearity: (a: number) => number,
): void {
  for (let i = 0; i < h.length; i++) pre[i] = x[i] + from[i];
  change("pre", pre);
  for (let i = 0; i < h.length; i++) h[i] = nonlinearity(pre[i]);
  change("h", h);
}
