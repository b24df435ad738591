import { pageHost } from "./saved/host";
import { type Opening, type SavedWidget, start } from "./saved/start";
import { type Later, ValuesBeside } from "./site/values";

/** The host of a widget whose values lie in a folder beside its page. */
function open({ traits, later }: Opening<Later>): SavedWidget {
  if (!later) return { host: pageHost(traits), rest: async () => {} };
  const values = new ValuesBeside(traits, later);
  const host = pageHost(traits, values);
  return { host, rest: () => values.all(host) };
}

start(open);
