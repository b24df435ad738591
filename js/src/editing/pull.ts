import { lane as LANE_HEIGHT, line as LINE_HEIGHT } from "../heights.json";
import { LANE_HEAD, PAD } from "../store/lanes";
import type { Store } from "../store/store";
import type { Desk } from "./desk";

/** So far must a pointer move up or down, in CSS pixels, for it to be no click. */
const FAR = 5;

/** Lets a unit be pulled in the chart: its line is held where the pointer is, from the token on that it was taken at. */
export function pullable(store: Store, desk: Desk, plot: HTMLElement, lifetime: AbortSignal): void {
  let taken: { y: number; lane: number; from: number; pulls: boolean } | null = null;
  const listen = { signal: lifetime };
  const several = () => store.copies.peek().length > 1;
  const height = () => (several() ? LANE_HEIGHT : LINE_HEIGHT);

  /** The value at a height of a lane. */
  const valueAt = (y: number, lane: number): number => {
    const head = several() ? LANE_HEAD : 0;
    const copy = store.copies.peek()[lane];
    const limit = copy.row.peek().limit || 1;
    const share = 1 - (y - lane * height() - head - PAD) / (height() - head - 2 * PAD);
    const up = Math.max(0, Math.min(1, share));
    return Math.round((copy.state.peek().kind === "gate" ? up : 2 * up - 1) * limit * 100) / 100;
  };
  const yOf = (event: PointerEvent) => event.clientY - plot.getBoundingClientRect().top;

  plot.addEventListener(
    "pointerdown",
    (event) => {
      const y = yOf(event);
      const lane = Math.floor(y / height());
      // A finger scrolls the page: it has the handle.
      if (event.pointerType === "touch" || event.button || lane >= store.copies.peek().length) return;
      taken = { y, lane, from: Math.max(0, store.hover.peek()), pulls: false };
    },
    listen,
  );
  plot.addEventListener(
    "pointermove",
    (event) => {
      if (!taken) return;
      const y = yOf(event);
      const { lane, from } = taken;
      if (!taken.pulls && Math.abs(y - taken.y) < FAR) return;
      if (!taken.pulls) plot.setPointerCapture(event.pointerId);
      taken.pulls = true;
      const { state, unit } = store.copies.peek()[lane];
      desk.hold(state.peek().name, unit.peek(), valueAt(y, lane), from);
    },
    listen,
  );
  for (const end of ["pointerup", "pointercancel"])
    plot.addEventListener(
      end,
      () => {
        taken = null;
      },
      listen,
    );
}
