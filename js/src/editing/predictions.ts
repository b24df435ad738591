import type { Desk } from "./desk";
import { GUESS, type Under } from "./field";
import type { Parts } from "./more";
import { BLANK, NEWLINE, TAB } from "./words";

/** Paints the likeliest next characters, one under the other, redder the likelier; the one that comes is framed. */
export function predictionsUnder({ kit, desk, field }: Parts): Under {
  return (context, token, left, right, y) => {
    const { top, ids, probabilities } = desk.expected.peek();
    const next = desk.ids[token + 1];
    const fg = kit.variable(field.element, "fg");
    context.font = `11px ${field.font}`;
    context.textAlign = "center";
    for (let k = 0; k < top; k++) {
      const id = ids[token * top + k];
      const probability = probabilities[token * top + k];
      if (Number.isNaN(probability)) break;
      const at = y + k * GUESS;
      context.fillStyle = `rgb(190 24 60 / ${probability})`;
      context.fillRect(left, at, right - left, GUESS);
      context.fillStyle = probability > 0.5 ? "#fff" : fg;
      context.fillText(visibly(desk, id), (left + right) / 2, at + GUESS / 2);
      if (id !== next) continue;
      context.strokeStyle = fg;
      context.lineWidth = 1;
      context.strokeRect(left + 0.5, at + 0.5, right - left - 1, GUESS - 1);
    }
    context.textAlign = "left";
  };
}

function visibly({ alphabet }: Desk, id: number): string {
  const character = alphabet.vocabulary[id];
  return character === "\n" ? NEWLINE : character === " " ? BLANK : character === "\t" ? TAB : character;
}
