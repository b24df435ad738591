"""The rival that a unit is a switch: some tokens turn it on, others off, the rest leave it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnviz_widget.counters.sample import LONGEST_DELAY, listed
from rnnviz_widget.counters.scans import automaton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.sample import Reading, Sample

_MOST_RULES = 12  # of a machine that toggles; a latch may have more, see `latch`
_LEAST_TIMES = 2  # a rule must have been seen to hold
_WORTH = 0.005  # R2 that a rule, or what a toggle does by context, has to add
_SETTLED = 0.9  # of a toggle's occurrences behind one token leave it in the same state, ...
_ENOUGH = 12  # ... of at least so many: by chance about once in two hundred


class Rule(NamedTuple):
    """A token that, read in one state (0 or 1), leads to the other some tokens later."""

    code: int
    state: int
    delay: int


@dataclass(frozen=True)
class Switch:
    """A machine of one bit, and a value for either state.

    Attributes
    ----------
    rules : tuple of Rule
        At most one for each token and state; a token with two is a toggle.
    start : int
        The state before the first token.
    contexts : dict of (int, int) to int
        The state that a pair (token before, toggle) leads to, from either state.
    levels : (float, float)
        The values.

    """

    rules: tuple[Rule, ...]
    start: int
    contexts: dict[tuple[int, int], int]
    levels: tuple[float, float] = (0.0, 0.0)

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Run the machine."""
        return np.where(self.on(reading), self.levels[1], self.levels[0])

    def on(self, reading: Reading) -> NDArray[np.bool_]:
        """Return the state that is seen after each token, shape (T,)."""
        leaves = np.zeros((2, len(reading.vocabulary)), np.bool_)
        delays = np.zeros((2, len(reading.vocabulary)), np.intp)
        for rule in self.rules:
            leaves[rule.state, rule.code] = True
            delays[rule.state, rule.code] = rule.delay
        on, off = leaves[:, reading.codes]
        before = reading.delayed(1)
        for (earlier, code), leads_to in self.contexts.items():
            here = (reading.codes == code) & (before == earlier)
            on[here], off[here] = leads_to == 1, leads_to == 0
        flip, to_one, to_zero = on & off, on & ~off, off & ~on
        first = reading.starts
        to_one[first] = on[first] if self.start == 0 else ~off[first]
        to_zero[first], flip[first] = ~to_one[first], False
        state = automaton(to_one, to_zero, flip)
        # What is seen at t is the state after the last change whose delay has passed by then.
        changes = np.flatnonzero(first | (np.diff(state, prepend=state[0]) != 0))
        left = 1 - state[changes].astype(np.intp)
        delay = np.where(first[changes], 0, delays[left, reading.codes[changes]])
        shown = np.zeros(len(state), np.intp)
        np.maximum.at(shown, np.minimum(changes + delay, len(state) - 1), changes)
        return np.asarray(state[np.maximum.accumulate(shown)])

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say which tokens turn it."""
        apart = abs(scale * (self.levels[1] - self.levels[0]))
        toggles = {code for _, code in self.contexts}
        plain = [rule for rule in self.rules if rule.code not in toggles]
        on, off = (_named(vocabulary, [r for r in plain if r.state == left]) for left in (0, 1))
        if not toggles:
            said = f"turned on by {on or 'nothing found'}, off by {off or 'nothing found'}"
        else:
            names = _named(vocabulary, [r for r in self.rules if r.code in toggles])
            said = f"turned on or off by {names}, which of the two depends on the token before"
            said += f"; on by {on}" * bool(on) + f"; off by {off}" * bool(off)
        return f"{said}; on and off are {apart:.2f} apart"


def fit_switch(sample: Sample) -> Switch | None:
    """Return the best switch, or None if no token turns the unit on or off.

    The values are cut in two levels; each jump from one to the other is put down to a token, up to
    three tokens before, that is seldom read in that state without a jump. Which rules to keep is
    decided by running the machine from tokens alone.
    """
    high = sample.values > _threshold(sample.target)
    rules = _rules(sample, high)
    start = int(high[sample.reading.starts].mean() > 0.5)  # noqa: PLR2004 - the majority
    best, reached = None, 0.0
    for count in range(1, len(rules) + 1):
        machine = Switch(tuple(rules[:count]), start, {})
        contexts = _contexts(machine, sample, high)
        # What keeps itself in step comes first: an unclosed quote puts a toggle out for good.
        for tried in [replace(machine, contexts=contexts), machine] if contexts else [machine]:
            switch, fitted = _levelled(tried, sample)
            if fitted > reached + _WORTH:
                best, reached = switch, fitted
    return None if best is None else _pruned(best, reached, sample)


def _named(vocabulary: Sequence[str], rules: Sequence[Rule]) -> str:
    """Name the tokens of some rules, and how many tokens later they act."""
    later = [f" ({rule.delay} later)" if rule.delay else "" for rule in rules]
    names = [f"{vocabulary[r.code]!r}{delay}" for r, delay in zip(rules, later, strict=True)]
    return listed(list(dict.fromkeys(names)), "")


def _pruned(switch: Switch, reached: float, sample: Sample) -> Switch:
    """Drop the rules that add nothing, the last found first."""
    for rule in reversed(switch.rules):
        rules = tuple(kept for kept in switch.rules if kept != rule)
        codes = {code for code, _, _ in rules}
        contexts = {pair: to for pair, to in switch.contexts.items() if pair[1] in codes}
        fewer, fitted = _levelled(replace(switch, rules=rules, contexts=contexts), sample)
        if rules and fitted > reached - _WORTH:
            switch, reached = fewer, max(reached, fitted)
    return switch


def _levelled(switch: Switch, sample: Sample) -> tuple[Switch, float]:
    """Give a machine its two values, and return how well it then fits."""
    on = switch.on(sample.reading)
    shown, target = on[sample.rows], sample.target
    if shown.all() or not shown.any():
        return replace(switch, levels=(float(target.mean()),) * 2), 0.0
    levels = (float(target[~shown].mean()), float(target[shown].mean()))
    return replace(switch, levels=levels), sample.fitted(np.where(on, levels[1], levels[0]))


def _threshold(values: NDArray[np.float64]) -> float:
    """Return the cut between two levels with the least squares within (Otsu 1979)."""
    values = np.sort(values)
    below = np.arange(1, len(values))
    sums = np.cumsum(values)
    left, right = sums[:-1] / below, (sums[-1] - sums[:-1]) / (len(values) - below)
    cut = int((below * (len(values) - below) * (left - right) ** 2).argmax())
    return float(values[cut] + values[cut + 1]) / 2


def _rules(sample: Sample, high: NDArray[np.bool_]) -> list[Rule]:
    """Explain jumps by tokens, the token that explains most of them first."""
    size, lags = len(sample.reading.vocabulary), LONGEST_DELAY + 1
    rows = sample.rows[sample.reading.into_block[sample.rows] >= 1]
    rows = rows[rows + LONGEST_DELAY < len(high)]
    state = high[rows - 1].astype(np.intp)
    left = np.stack([high[rows + d] != high[rows - 1] for d in range(lags)])  # (lags, rows)
    lag = np.where(left.any(axis=0), left.argmax(axis=0), lags)  # of the first jump; lags: none
    codes = sample.reading.codes[rows]
    cell = (codes * 2 + state) * (lags + 1) + lag
    shape = (size, 2, lags + 1)
    read = np.bincount(cell, minlength=size * 2 * (lags + 1)).reshape(shape).sum(axis=2)
    explained = np.zeros(len(high) + lags, np.bool_)
    taken = np.zeros((size, 2), np.bool_)
    rules: list[Rule] = []
    while len(rules) < _MOST_RULES:
        new = cell[(lag < lags) & ~explained[rows + lag]]
        times = np.bincount(new, minlength=size * 2 * (lags + 1)).reshape(shape)[..., :lags]
        gain = times - (read[..., None] - times)  # jumps explained, less false alarms
        gain[taken | (times.max(axis=2) < _LEAST_TIMES)] = 0
        code, left_state, delay = map(int, np.unravel_index(int(gain.argmax()), gain.shape))
        if gain[code, left_state, delay] <= 0:
            break
        rules.append(Rule(code, left_state, delay))
        taken[code, left_state] = True
        its = (codes == code) & (state == left_state) & (lag == delay)
        explained[rows[its] + delay] = True
    return rules


def _contexts(
    machine: Switch, sample: Sample, high: NDArray[np.bool_]
) -> dict[tuple[int, int], int]:
    """Return what each toggle leads to behind each token, where that is always the same."""
    delays = {(code, state): delay for code, state, delay in machine.rules}
    toggles = [code for code, state in delays if state == 0 and (code, 1) in delays]
    before = sample.reading.delayed(1)
    rows = sample.rows[sample.rows + LONGEST_DELAY < len(high)]
    found: dict[tuple[int, int], int] = {}
    for code in toggles:
        read = rows[sample.reading.codes[rows] == code]
        after = high[read + max(delays[code, 0], delays[code, 1])]
        for earlier in np.unique(before[read]).tolist():
            states = after[before[read] == earlier]
            share = float(states.mean())
            if len(states) >= _ENOUGH and max(share, 1 - share) >= _SETTLED:
                found[earlier, code] = int(share > 0.5)  # noqa: PLR2004 - the majority
    return found
