import type { Kit } from "../live";
import type { Store } from "../store/store";

/** From one checkpoint to the next while it plays, in milliseconds. */
const STEP = 900;

/** A slider over the checkpoints of a training, where there are several, and a button that runs through them. */
export function trainingPanel(
  { atEnd, button, h, on, watch }: Kit,
  store: Store,
  lifetime: AbortSignal,
): HTMLElement {
  const slider = h("input", {
    type: "range",
    class: "rnnviz-slider",
    min: 0,
    step: 1,
    "aria-label": "checkpoint",
  });
  const name = h("span", { class: "rnnviz-checkpoint" });
  const play = button("step", "", () => toggle(), lifetime);
  const panel = h(
    "div",
    { class: "rnnviz-training", role: "group", "aria-label": "training" },
    h("span", { "aria-hidden": "true" }, "training"),
    play,
    slider,
    name,
  );
  let timer: ReturnType<typeof setInterval> | undefined;
  const last = () => store.content.value.checkpoints.length - 1;
  const show = () => {
    play.textContent = timer === undefined ? "▶" : "❚❚";
    play.setAttribute("aria-label", timer === undefined ? "play the training" : "pause");
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    show();
  };
  const step = () => {
    // What has not come yet is waited for.
    if (store.copies.value.some(({ loading }) => loading.value)) return;
    store.setCheckpoint(store.checkpoint.value + 1);
    if (store.checkpoint.value === last()) stop();
  };
  const toggle = () => {
    if (timer !== undefined) return stop();
    if (store.checkpoint.value === last()) store.setCheckpoint(0);
    timer = setInterval(step, STEP);
    show();
  };
  on(
    slider,
    "input",
    () => {
      stop();
      store.setCheckpoint(slider.valueAsNumber);
    },
    lifetime,
  );
  atEnd(lifetime, stop);
  show();
  watch(() => {
    const { checkpoints } = store.content.value;
    panel.hidden = checkpoints.length < 2;
    slider.max = String(last());
    slider.value = String(store.checkpoint.value);
    const words = `${store.moment.value.name} (${store.checkpoint.value + 1} of ${checkpoints.length})`;
    name.textContent = words;
    slider.setAttribute("aria-valuetext", words);
  }, lifetime);
  return panel;
}
