import type { EngineAnswer, EngineRequest, TokenValues, Want } from "./protocol";

/** How long a worker has to say that it runs, in milliseconds. */
const START_WITHIN = 4000;

/** What an engine says of the network that it opened. */
export type OpenAnswer = Extract<EngineAnswer, { kind: "opened" }>;

/** A page's end of the line to an engine. */
export class Connection {
  readonly thread: "worker" | "page";
  readonly #send: (request: EngineRequest) => void;
  readonly #waiting = new Map<number, (values: Float32Array | Uint32Array) => void>();
  #opening: { resolve: (opened: OpenAnswer) => void; reject: (reason: Error) => void } | undefined;
  #id = 0;
  #version = 0;

  /** Called with each answer to the newest want. */
  onValues: (values: TokenValues) => void = () => {};
  /** Called with a sentence where a want cannot be met. */
  onProblem: (reason: string) => void = () => {};

  constructor(send: (request: EngineRequest) => void, thread: "worker" | "page") {
    this.#send = send;
    this.thread = thread;
  }

  /** A connection to a worker that runs this code; null where none starts. */
  static async toWorker(code: string, lifetime: AbortSignal): Promise<Connection | null> {
    // Not as a module: Chromium starts none from a file's blob.
    const script = code.replace(/export\s*\{[^}]*\};?\s*$/, "");
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    try {
      const worker = new Worker(url);
      lifetime.addEventListener("abort", () => worker.terminate(), { once: true });
      const runs = await new Promise<boolean>((resolve) => {
        setTimeout(resolve, START_WITHIN, false);
        worker.onerror = (event) => {
          event.preventDefault();
          resolve(false);
        };
        worker.onmessage = () => resolve(true);
      });
      if (!runs) {
        worker.terminate();
        return null;
      }
      const connection = new Connection((request) => worker.postMessage(request), "worker");
      worker.onmessage = ({ data }: MessageEvent<EngineAnswer>) => connection.receive(data);
      return connection;
    } catch {
      return null;
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /**
   * Opens a network, which proves itself.
   *
   * @throws Error with a sentence for people, where it cannot live here
   */
  open(network: ArrayBuffer, initial: Float32Array<ArrayBuffer>): Promise<OpenAnswer> {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#send({ kind: "open", network, initial });
    });
  }

  /** Says what is wanted from now on, in place of what was. */
  want(want: Omit<Want, "kind" | "version">): void {
    this.#send({ kind: "want", version: ++this.#version, ...want });
  }

  /** `count` units of a state from `first` on, token after token, once the text is read. */
  state(text: string, state: string, first: number, count: number): Promise<Float32Array> {
    return this.#ask((id) => ({ kind: "state", id, text, state, first, count })) as Promise<Float32Array>;
  }

  /** What the network writes on; fewer tokens than asked for, where something else was wanted meanwhile. */
  write(request: Omit<Extract<EngineRequest, { kind: "write" }>, "kind" | "id">): Promise<Uint32Array> {
    return this.#ask((id) => ({ kind: "write", id, ...request })) as Promise<Uint32Array>;
  }

  #ask(make: (id: number) => EngineRequest): Promise<Float32Array | Uint32Array> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(make(id));
    });
  }

  receive(answer: EngineAnswer): void {
    if (answer.kind === "opened") this.#opening?.resolve(answer);
    else if (answer.kind === "refused") {
      this.#opening?.reject(new Error(answer.reason));
      this.onProblem(answer.reason);
    } else if (answer.kind === "values" && answer.version === this.#version) this.onValues(answer);
    else if (answer.kind === "too much" && answer.version === this.#version) this.onProblem(answer.reason);
    else if (answer.kind === "state" || answer.kind === "written") {
      this.#waiting.get(answer.id)?.(answer.kind === "state" ? answer.values : answer.ids);
      this.#waiting.delete(answer.id);
    }
  }
}
