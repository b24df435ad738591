import type { Host } from "../host";
import type { Kit } from "../live";
import type { Store } from "../store/store";

/** What a panel needs that looks for units. */
export interface Surroundings {
  kit: Kit;
  host: Host;
  store: Store;
  /** The copies of the text. */
  copies: HTMLElement;
  /** Whether the panel is seen. */
  shown: () => boolean;
  lifetime: AbortSignal;
}
