"""Holding units at values of one's own while a model runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from rnnviz_widget.interventions.targets import find, values_for
from rnnviz_widget.recurrent import interrupts
from rnnviz_widget.recurrent.interrupts import unbreakable
from rnnviz_widget.recurrent.intervention import install, remove
from rnnviz_widget.stats.direction import Direction
from rnnviz_widget.trace.blocks import Columns, as_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor, nn

    from rnnviz_widget.interventions.targets import Target, Units
    from rnnviz_widget.recurrent.hold import Hold
    from rnnviz_widget.recurrent.stepwise import Edit, Where
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.blocks import Recording

_STRETCH = 1 << 14  # tokens read at a time

To = Literal["mean", "zero", "resample"]


class Clamp(contextlib.ContextDecorator, contextlib.AbstractContextManager[None]):
    """What `clamp` and `ablate` return: in force inside a ``with`` block, or a function.

    Parameters
    ----------
    target, edit
        What is replaced, and by what.
    """

    def __init__(self, target: Target, edit: Edit) -> None:
        self._target, self._edit = target, edit
        self._holds: list[Hold] = []  # one for each block that is entered

    @unbreakable
    def __enter__(self) -> None:
        """Have the module's forward make the edit."""
        interrupts.begin()
        hold = self._target.hold(self._edit)
        self._holds.append(hold)
        try:
            install(self._target.site, hold)
            interrupts.deliver()
        except BaseException:
            self.__exit__()
            raise

    @unbreakable
    def __exit__(self, *_: object) -> None:
        """Take this edit away, and no other."""
        remove(self._target.site.module, self._holds.pop())
        interrupts.end()


def clamp(
    model: nn.Module,
    state: str,
    units: Units,
    value: float | ArrayLike | Tensor,
    *,
    where: Where = "recurrence",
) -> Clamp:
    """Hold units of a recorded state at a value, inside a ``with`` block.

    Within the block ``model(...)``, `record` and `sample` see the change; after it the model is
    what it was, also on an error or Ctrl-C. Blocks nest and may overlap, also in several threads: a
    later one acts on what an earlier one left, and each takes away only its own change.

    Parameters
    ----------
    model : torch.nn.Module
        Any module with `torch.nn.RNN`, `GRU` or `LSTM` layers in it, such as a `CharLM`, or with
        their cells, or cells that `register_cell` was told of.
    state : str
        As in a trace: ``"rnn.l0.h"``, ``"encoder.lstm.l1_reverse.c"``. Every kind can be changed.
    units : int, sequence of int or Direction
        A unit, or several different ones; or a `Direction`, such as that of a probe: then what the
        units say along it is replaced, and the rest is left.
    value : float, array_like or Tensor
        A number, or one for each of n units, `(n,)`. Also one for each of T steps, `(T,)` for a
        single unit or a direction, or `(T, n)`: then every call must have T steps.
    where : {"recurrence", "readout"}
        ``"recurrence"``: at every step from the first on (the state that a sequence starts from is
        left as it is given), before anything is computed from the value: what the layer remembers
        changes too. ``"readout"``: only what leaves the layer, for the layers above and the head,
        while its recurrence, and the state it returns at the end, go on as if nothing had been
        done. `h` has a readout, and what `h` of the same step is computed from: `c`, `tanh_c` and
        `o` of an LSTM, `pre` of an RNN. The others only act through what is remembered. A cell that
        a loop of the model's own steps has no readout: the loop reads and passes on one output.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit the model; the message names them. Within the block, by a call
        with another number of steps than `value` has, or with packed sequences.

    Notes
    -----
    A trace recorded within the block holds the values as they leave the layer, and says in
    ``trace.source["interventions"]`` what was done.

    Examples
    --------
    >>> with clamp(model, "rnn.l0.h", 152, 0.9):  # doctest: +SKIP
    ...     print(sample(model, "The ", 200))
    """
    target = find(model, state, where)
    numbers = target.units(units)
    values = values_for(value, units, state)
    target.check(values)
    what = f"{len(values)} values" if values.ndim > 1 else _shortened("{:.4g}", values)
    which = "along a direction" if isinstance(units, Direction) else _shortened("{}", numbers)
    said = f"{state}[{which}] = {what} ({where})"
    return Clamp(target, target.edit(units, values, where, said))


def ablate(
    model: nn.Module,
    state: str,
    units: Units,
    *,
    to: To = "mean",
    trace: Trace | Sequence[Trace] | None = None,
    seed: int = 0,
    where: Where = "recurrence",
) -> Clamp:
    """Take away what units of a recorded state tell, inside a ``with`` block.

    Each is held at its mean over `trace`, or at zero, or gets the values that it has elsewhere in
    the trace. The mean is the milder value: a network that never saw a unit at zero may stumble
    over the zero itself, not over the loss of what the unit told. A unit that is nearly always on
    or off never stood at its mean either: resampled values are all its own, at the wrong places
    (A. Geiger et al., Causal abstractions of neural networks, 2021).

    Parameters
    ----------
    to : {"mean", "zero", "resample"}
        ``"mean"``, ``"zero"`` or ``"resample"``: those of random tokens of `trace`, several units'
        from the same ones. Then every call must have as many steps as the trace has tokens.
    trace : Trace or sequence of Trace, optional
        What the mean is taken over, or what is resampled: one recording of `state`, or several.
    seed : int
        Of the random tokens.
    model, state, units, where
        As in `clamp`, which holds units at any value.

    Raises
    ------
    TypeError, ValueError
        As `clamp`; and if a mean is asked for and there is no `trace`.

    Examples
    --------
    >>> with ablate(model, "rnn.l0.h", 152, trace=trace):  # doctest: +SKIP
    ...     without = record(model, text)
    """
    numbers = find(model, state, where).units(units)
    among = units if isinstance(units, Direction) else numbers
    if to != "resample":
        return clamp(model, state, among, level(state, among, to, trace), where=where)
    recording = as_recording(needed(trace, to))
    places = np.random.default_rng(seed).permutation(recording.length)
    return clamp(model, state, among, said_by(recording, state, among)[places], where=where)


def level(
    state: str, units: Sequence[int] | Direction, to: To, trace: Trace | Sequence[Trace] | None
) -> NDArray[np.float64]:
    """Return what n units are ablated to, `(n,)`; what is said along a direction, `(1,)`."""
    if to not in get_args(To):
        allowed = ", ".join(map(repr, get_args(To)))
        raise ValueError(f"to must be one of {allowed}, got {to!r}; for other values use clamp")
    if to == "zero":
        return np.zeros(1 if isinstance(units, Direction) else len(units))
    recording = as_recording(needed(trace, to))
    if isinstance(units, Direction):
        return np.array([said_by(recording, state, units).mean()])
    columns = (recording.read(Columns(state, unit, unit + 1)) for unit in units)
    return np.array([column.mean(dtype=np.float64) for column in columns])


def said_by(
    recording: Recording, state: str, units: Sequence[int] | Direction
) -> NDArray[np.float64]:
    """Return recorded values of n units, `(T, n)`, or of what they say along a direction, `(T,)`.

    Raises
    ------
    ValueError
        If the direction has not one weight for each recorded unit.
    """
    if not isinstance(units, Direction):
        columns = [recording.read(Columns(state, unit, unit + 1))[0] for unit in units]
        return np.stack(columns, axis=1).astype(np.float64)
    if len(units.weights) != recording.num_units[state]:
        raise ValueError(
            f"trace must hold the {len(units.weights)} units of {state}, got "
            f"{recording.num_units[state]}"
        )
    along = np.empty(recording.length)
    for start in range(0, recording.length, _STRETCH):
        stop = min(start + _STRETCH, recording.length)
        along[start:stop] = recording.rows([state], start, stop) @ units.weights
    return along


def needed(trace: Trace | Sequence[Trace] | None, to: To) -> Trace | Sequence[Trace]:
    """Return a trace that something is taken from, or say that there must be one."""
    if trace is None:
        what = "over which the mean is taken" if to == "mean" else "of which values are drawn"
        raise TypeError(f"to={to!r} needs trace=, a recording {what}; or ablate to='zero'")
    return trace


def _shortened(form: str, values: Iterable[object], most: int = 8) -> str:
    shown = [form.format(value) for value in values]
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
