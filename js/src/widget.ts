import type { AnyModel, Render } from "@anywidget/types";
import {
  type Bytes,
  DEFAULTS,
  type Host,
  type NetworkRequest,
  REPLY_TIMEOUT,
  type Request,
  type SyncedTraits,
  type Traits,
} from "./host";
import { load } from "./live";
import { mount } from "./view";

type Model = AnyModel<Traits>;
const TRAITS = [...Object.keys(DEFAULTS), "_content"] as (keyof Traits)[];

/** At most this often does the kernel hear of changes, in milliseconds; of the last one always. */
const SAVE_EVERY = 50;

/** How long the kernel may take to send a program: it may be busy, in milliseconds. */
const PROGRAM_PATIENCE = 8000;

/** MyST's model throws where it has no kernel to talk to: what it cannot do is not done. */
function attempt(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

/** The host behind an anywidget model: Jupyter, Colab, marimo, MyST and others, who differ in what works. */
export function modelHost(model: Model, lifetime: AbortSignal): Host {
  // Replies reach every view, in every browser window, of the same model: ids must not meet.
  let id = Math.floor(Math.random() * 2 ** 30);
  const pending = new Map<number, (reply: { error?: string }, buffers: Bytes[]) => void>();
  const listeners = new Set<() => void>();
  let hasKernel = true;

  const changed = () => {
    for (const listener of listeners) listener();
  };
  const received = (message: unknown, buffers?: Bytes[]) => {
    const reply = message as { id?: number; error?: string } | null;
    if (typeof reply?.id === "number") pending.get(reply.id)?.(reply, buffers ?? []);
  };
  for (const name of TRAITS) model.on(`change:${name}`, changed);
  model.on("msg:custom", received);

  let saved = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    timer = undefined;
    saved = performance.now();
    attempt(() => model.save_changes());
  };

  lifetime.addEventListener(
    "abort",
    () => {
      if (timer !== undefined) {
        clearTimeout(timer);
        save();
      }
      for (const name of TRAITS) attempt(() => model.off(`change:${name}`, changed));
      attempt(() => model.off("msg:custom", received));
    },
    { once: true },
  );

  return {
    get: (name) => model.get(name),
    set(values: Partial<SyncedTraits>) {
      for (const [name, value] of Object.entries(values)) model.set(name as keyof SyncedTraits, value);
      // Not every host tells us of our own changes.
      changed();
      timer ??= setTimeout(save, Math.max(0, saved + SAVE_EVERY - performance.now()));
    },
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    request(message: Request | NetworkRequest) {
      const mine = id++;
      return new Promise<Bytes[]>((resolve, reject) => {
        const timeout = setTimeout(
          () => {
            pending.delete(mine);
            reject(new Error(`no answer within ${REPLY_TIMEOUT} ms`));
          },
          "patience" in message ? message.patience : REPLY_TIMEOUT,
        );
        pending.set(mine, (reply, buffers) => {
          clearTimeout(timeout);
          pending.delete(mine);
          if (reply.error !== undefined) reject(new Error(reply.error));
          else resolve(buffers);
        });
        hasKernel = attempt(() => model.send({ id: mine, ...message }));
        if (!hasKernel) pending.get(mine)?.({ error: "this host has no kernel" }, []);
      });
    },
    get hasKernel() {
      return hasKernel;
    },
    extras: () => load(model.get("_extras")),
    async finder() {
      const [code] = await this.request({ kind: "program", patience: PROGRAM_PATIENCE });
      return load(new TextDecoder().decode(code));
    },
    get engine() {
      const [code, more] = model.get("_engine") ?? [];
      return code ? { code, more, network: model.get("_network"), initial: model.get("_initial") } : null;
    },
  };
}

const render: Render<Traits> = ({ model, el }) => {
  const lifetime = new AbortController();
  mount(modelHost(model, lifetime.signal), el, lifetime.signal);
  return () => lifetime.abort();
};

export default { render };
