// A bundle of its own: the page imports it where a network lives, and the worker that the page starts runs it.
import { serve } from "../network/connect";

export { connect } from "../network/connect";
export { live } from "./live";

serve();
