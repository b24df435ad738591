import type { Host } from "../host";
import type { Kit, Slots } from "../live";
import { connect } from "../network/connect";
import type { Store } from "../store/store";
import { bar } from "./bar";
import { Desk } from "./desk";
import { Field } from "./field";

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
  network: ArrayBuffer,
  code: string,
  lifetime: AbortSignal,
): Promise<void> {
  const { connection, opened } = await connect(network, code, lifetime);
  if (lifetime.aborted) return;
  const desk = new Desk(kit, store, connection, opened, lifetime);
  const field = new Field(kit, store, desk, lifetime);
  copies.prepend(field.element);
  foot.after(bar(kit, store, desk, field, lifetime));
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
