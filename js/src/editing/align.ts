import { common } from "./rows";

/** A place in both texts; -1 where one of them has nothing. */
export type Pair = [old: number, now: number];

/** So many comparisons are made at most: beyond, what differs counts as replaced. */
const MOST = 4e6;

/** Two texts side by side: what they have in common stands in the same place, as much of it as there can be. */
export function align(old: string[], now: string[]): Pair[] {
  const { start, end } = common(old, now);
  const pairs: Pair[] = [];
  for (let i = 0; i < start; i++) pairs.push([i, i]);
  pairs.push(...between(old.slice(start, old.length - end), now.slice(start, now.length - end), start));
  for (let i = end; i > 0; i--) pairs.push([old.length - i, now.length - i]);
  return pairs;
}

/** A longest common subsequence, by the table of their lengths. */
function between(old: string[], now: string[], first: number): Pair[] {
  const [rows, columns] = [old.length, now.length];
  const width = columns + 1;
  const lengths = rows * columns <= MOST ? new Uint16Array((rows + 1) * width) : null;
  if (lengths)
    for (let i = rows - 1; i >= 0; i--)
      for (let j = columns - 1; j >= 0; j--)
        lengths[i * width + j] =
          old[i] === now[j]
            ? lengths[(i + 1) * width + j + 1] + 1
            : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < rows || j < columns) {
    if (lengths && i < rows && j < columns && old[i] === now[j]) pairs.push([first + i++, first + j++]);
    else if (
      j >= columns ||
      (i < rows && (!lengths || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]))
    )
      pairs.push([first + i++, -1]);
    else pairs.push([-1, first + j++]);
  }
  return pairs;
}
