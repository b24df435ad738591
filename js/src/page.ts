import { pageHost } from "./saved/host";
import { engineBehind, type Later, ValuesBehind } from "./saved/pieces";
import { type Opening, type SavedWidget, start } from "./saved/start";

/** The host of a widget whose page carries all it has. */
export function open({ traits, later }: Opening<Later>): SavedWidget {
  const rest = async () => {};
  if (!later) return { host: pageHost(traits), rest };
  if (!("each" in later)) return { host: pageHost(traits, { engine: engineBehind(later.key) }), rest };
  const values = new ValuesBehind(traits, later);
  const host = pageHost(traits, values);
  return { host, rest: () => values.all(host) };
}

start(open);
