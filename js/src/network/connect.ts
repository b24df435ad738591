import wasm from "./assembly/products.wasm";
import { Connection, type OpenAnswer } from "./connection";
import { Engine } from "./engine";
import type { EngineAnswer, EngineRequest } from "./protocol";

/** How long the engine computes without a pause: on a thread of its own, and on the page's. */
const SLICE = { worker: 25, page: 6 };

/**
 * Opens a network: in a worker, or where none starts on the page's own thread.
 *
 * @param network a portable network, as `rnnviz_widget/portable` writes it
 * @param code this bundle's own source
 * @param initial every state before the first token, in the order of the network's states; none are zeros
 * @throws Error with a sentence for people, where the network cannot live here
 */
export async function connect(
  network: ArrayBuffer,
  code: string,
  lifetime: AbortSignal,
  initial = new Float32Array(),
): Promise<{ connection: Connection; opened: OpenAnswer }> {
  const connection = (await Connection.toWorker(code, lifetime)) ?? onThisThread();
  return { connection, opened: await connection.open(network, initial) };
}

function onThisThread(): Connection {
  const thread = {
    post: (answer: EngineAnswer) => connection.receive(answer),
    slice: SLICE.page,
    pause: (run: () => void) => setTimeout(run),
  };
  const engine = new Engine(thread, wasm);
  const connection = new Connection((request) => engine.receive(request), "page");
  return connection;
}

/** Answers the page that started this worker. */
function answer(scope: DedicatedWorkerGlobalScope): void {
  const { port1, port2 } = new MessageChannel();
  let next = () => {};
  port1.onmessage = () => next();
  const thread = {
    post: (answer: EngineAnswer) => scope.postMessage(answer),
    slice: SLICE.worker,
    // A message to oneself comes behind those of the page, and at once; a timer would wait.
    pause(run: () => void) {
      next = run;
      port2.postMessage(0);
    },
  };
  const engine = new Engine(thread, wasm);
  scope.onmessage = ({ data }: MessageEvent<EngineRequest>) => engine.receive(data);
  scope.postMessage({ kind: "ready" });
}

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<EngineRequest>) => void) | null;
  postMessage(message: unknown): void;
}

/** In a worker, answers the page that started it. */
export function serve(): void {
  if (typeof document === "undefined") answer(globalThis as unknown as DedicatedWorkerGlobalScope);
}
