/** Tokens `[start, stop)` that somebody marked. */
export type Stretch = [start: number, stop: number];

/** Stretches in order, those that meet joined into one, as Python's `stretches_of` has it. */
export function joined(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [start, stop] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], stop);
    else found.push([start, stop]);
  }
  return found;
}

/** The stretch that a token is in, if it is in one. */
export const stretchAt = (stretches: readonly Stretch[], token: number): Stretch | undefined =>
  stretches.find(([start, stop]) => start <= token && token < stop);

/** How many tokens are in stretches. */
export const tokensIn = (stretches: readonly Stretch[]): number =>
  stretches.reduce((sum, [start, stop]) => sum + stop - start, 0);

/** What of some stretches lies in `[from, to)`, counted from `from`. */
export const within = (stretches: readonly Stretch[], from: number, to: number): Stretch[] =>
  stretches.flatMap(([start, stop]): Stretch[] => {
    const cut: Stretch = [Math.max(start, from) - from, Math.min(stop, to) - from];
    return cut[0] < cut[1] ? [cut] : [];
  });
