import type { Bytes, Engine, Host } from "../host";
import type { Kit, Slots } from "../live";
import { connect } from "../network/connect";
import type { Store } from "../store/store";
import { toBytes, toFloat32 } from "../store/wire";
import { bar } from "./bar";
import { Desk } from "./desk";
import { Field } from "./field";
import type * as More from "./more";

/** How long after the last key Python hears of the text, in milliseconds. */
const TELL_AFTER = 400;

/**
 * Makes a text editable, by the network that reads it.
 *
 * @throws Error with a sentence for people, where the network cannot live here
 */
export async function live(
  kit: Kit,
  host: Host,
  store: Store,
  { copies, foot }: Slots,
  engine: Engine,
  lifetime: AbortSignal,
): Promise<void> {
  const network = own(engine.network);
  const { connection, opened } = network.byteLength
    ? await connect(network, engine.code, lifetime, toFloat32(engine.initial))
    : await (await kit.load<typeof More>(engine.more)).askPython(host);
  if (lifetime.aborted) return;
  const desk = new Desk(kit, store, connection, opened, lifetime);
  const field = new Field(kit, store, desk, lifetime);
  copies.prepend(field.element);
  const tools = bar(kit, store, desk, field, foot, lifetime);
  // What is computed in Python is not written there.
  tools.panel.classList.toggle("rnnviz-asking", !network.byteLength);
  foot.after(tools.panel);
  followKeys(field, foot, lifetime);
  let whole = false;
  const reached = kit.signal(false);
  // Whoever comes to the chart may pull at it.
  foot.addEventListener(
    "pointerover",
    () => {
      reached.value = true;
    },
    { signal: lifetime, once: true },
  );
  kit.watch(() => {
    const text = desk.text.value;
    const changed = text !== desk.original.value || desk.holds.value.length || desk.comparing.value;
    if (
      whole ||
      !(
        changed ||
        reached.value ||
        field.predictions.value ||
        store.help.value ||
        desk.alphabet.strangers(text).length
      )
    )
      return;
    whole = true;
    void kit
      .load<typeof More>(engine.more)
      .then(({ extend }) => extend({ kit, store, desk, field, tools, foot, lifetime }));
  }, lifetime);
  kit.watch(() => {
    // The text is shown once: as it is edited, with the copies of other units under it.
    copies.classList.toggle("rnnviz-alone", store.copies.value.length < 2);
  }, lifetime);
  let timer: ReturnType<typeof setTimeout> | undefined;
  kit.watch(() => {
    const text = desk.text.value;
    clearTimeout(timer);
    if (text !== host.get("text")) timer = setTimeout(() => host.set({ text }), TELL_AFTER);
  }, lifetime);
}

/** A letter for what stands here alone, wherever the focus is but where one types. */
function followKeys(field: Field, foot: HTMLElement, signal: AbortSignal): void {
  foot.closest<HTMLElement>(".rnnviz")?.addEventListener(
    "keydown",
    (event) => {
      const target = event.composedPath()[0] as HTMLElement;
      const types = target.matches("input:not([type=range]), select, textarea:not([readonly])");
      if (event.key !== "e" || event.ctrlKey || event.metaKey || event.altKey || types) return;
      field.predictions.value = !field.predictions.value;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
}

/** The bytes in a buffer of their own. */
const own = (bytes: Bytes): ArrayBuffer => toBytes(bytes).slice().buffer;
