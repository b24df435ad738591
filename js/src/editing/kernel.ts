import type { Host } from "../host";
import type { Connection, OpenAnswer } from "../network/connection";
import type { TokenValues, Want } from "../network/protocol";
import { toBytes, toFloat32 } from "../store/wire";

/** What a desk asks of a network, wherever that runs. */
export type Line = Pick<Connection, "want" | "state" | "write" | "onValues" | "onProblem">;

/** How long Python may take for a text, in milliseconds. */
const PATIENCE = 60_000;
const SILENT = "Python does not answer: the text stays as it is typed, its colours come when Python is back.";

/** A network that stays in Python: the same questions, answered by message, one after the other, the newest alone. */
export class KernelLine implements Line {
  onValues: (values: TokenValues) => void = () => {};
  onProblem: (reason: string) => void = () => {};
  readonly #host: Host;
  #wanted: Omit<Want, "kind" | "version"> = { texts: {}, visible: 0, units: [] };
  #version = 0;
  #answered = 0;
  #asks = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What Python says of its network. */
  async open(): Promise<OpenAnswer> {
    const [json] = await this.#host.request({ kind: "open", patience: PATIENCE });
    return JSON.parse(new TextDecoder().decode(toBytes(json)));
  }

  want(want: Omit<Want, "kind" | "version">): void {
    this.#wanted = want;
    this.#version++;
    if (!this.#asks) void this.#run();
  }

  async state(text: string, state: string, unit: number): Promise<Float32Array> {
    const { ids = new Uint32Array(), holds = [] } = this.#wanted.texts[text] ?? {};
    return (await this.#read(ids, holds, [{ state, unit }]))[0];
  }

  /** Python does not write here. */
  async write(): Promise<Uint32Array> {
    return new Uint32Array();
  }

  async #run(): Promise<void> {
    this.#asks = true;
    while (this.#answered !== this.#version) {
      const version = this.#version;
      const { texts, units } = this.#wanted;
      try {
        for (const [text, { ids, holds }] of Object.entries(texts)) {
          if (!ids.length) continue;
          const parts = await this.#read(ids, holds, units);
          if (version !== this.#version) break;
          this.onValues(values(text, ids.length, parts, units.length));
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : "";
        this.onProblem(/^no answer|no kernel$/.test(reason) ? SILENT : reason);
      }
      if (version === this.#version) this.#answered = version;
    }
    this.#asks = false;
  }

  async #read(ids: Uint32Array, holds: unknown[], units: Want["units"]): Promise<Float32Array[]> {
    const request = { kind: "read" as const, ids: [...ids], holds, units, patience: PATIENCE };
    const answer = (await this.#host.request(request)).map(toFloat32);
    this.onProblem("");
    return answer;
  }
}

function values(text: string, length: number, parts: Float32Array[], units: number): TokenValues {
  const [loss, ids, probabilities] = parts.slice(units);
  return {
    kind: "values",
    version: 0,
    text,
    start: 0,
    stop: length,
    complete: true,
    units: parts.slice(0, units),
    loss,
    top: ids.length / length,
    ids: Uint32Array.from(ids),
    probabilities,
  };
}
