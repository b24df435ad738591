/** The `index`th of the random numbers in [0, 1) that belong to a seed: the same whenever it is asked for. */
export function random(seed: number, index: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  // The finish of MurmurHash3, twice: each bit of seed and index reaches every bit of the number.
  for (let i = 0; i < 2; i++) {
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
  }
  return (x >>> 0) / 2 ** 32;
}

/**
 * The token that a random number in [0, 1) falls on.
 *
 * @param temperature logits are divided by it; 0 takes the likeliest
 */
export function draw(logits: Float32Array, temperature: number, chance: number): number {
  let likeliest = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[likeliest]) likeliest = id;
  if (!(temperature > 0)) return likeliest;
  // The largest is taken off first, so that no temperature overflows.
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - logits[likeliest]) / temperature));
  let left = chance * weights.reduce((sum, weight) => sum + weight, 0);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id];
    if (left < 0) return id;
  }
  return likeliest;
}
