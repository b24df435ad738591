import type { Host, NetworkRequest } from "../host";

/** How often it is asked how far Python is, in milliseconds. */
const EVERY = 300;
/** How long a kernel may take to say that it is there, and how far it is: longer, and it does something else. */
const SILENCE = 3000;
/** How long the answer itself may take. */
const PATIENCE = 3_600_000;
/** So often in a row may Python not say how far it is: it may be in the middle of something, or gone. */
const SILENT = 20;

type Question = NetworkRequest extends infer R ? (R extends unknown ? Omit<R, "patience"> : never) : never;

/** Whether a kernel answers. */
export async function answers(host: Host): Promise<boolean> {
  try {
    await host.request({ kind: "progress", patience: SILENCE });
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks Python for what may take long; meanwhile says how far it is.
 *
 * @throws Error where Python says why not, or has fallen silent; the signal's reason, once it aborts: Python stops, too
 */
export async function ask<T>(
  host: Host,
  question: Question,
  advance: (done: number) => void,
  signal: AbortSignal,
): Promise<T> {
  let over = false;
  const answer = host.request({ ...question, patience: PATIENCE } as NetworkRequest).finally(() => {
    over = true;
  });
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => {
      over = true;
      host.request({ kind: "stop", patience: SILENCE }).catch(() => {});
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  const watched = async (): Promise<never> => {
    for (let missed = 0; missed < SILENT; ) {
      await new Promise((next) => setTimeout(next, EVERY));
      if (over) return new Promise(() => {});
      try {
        const { done } = read<{ done: number }>(await host.request({ kind: "progress", patience: SILENCE }));
        if (!over) advance(done);
        missed = 0;
      } catch {
        missed++;
      }
    }
    throw new Error("Python does not answer any more.");
  };
  try {
    return read(await Promise.race([answer, stopped, watched()]));
  } finally {
    over = true;
    answer.catch(() => {});
    stopped.catch(() => {});
  }
}

/** JSON, as Python sends it. */
const read = <T>([json]: readonly (DataView | Uint8Array | ArrayBuffer)[]): T =>
  JSON.parse(new TextDecoder().decode(json));
