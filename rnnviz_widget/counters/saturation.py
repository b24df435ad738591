"""`gate_saturation`: how often each gate is closed or open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from rnnviz_widget.escaping import for_html, for_terminal, listed
from rnnviz_widget.tables import data_frame, html_table, plain_table
from rnnviz_widget.trace.blocks import as_recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace

GATES = {
    "i": "input gate",
    "f": "forget gate",
    "o": "output gate",
    "r": "reset gate",
    "z": "update gate",
}
"""The kinds whose values lie in (0, 1), and their names."""

_LEFT, _RIGHT = 0.1, 0.9
_MOSTLY = 0.9
_NAMES = (0, 1)


@dataclass(frozen=True)
class GateUnit:
    """One point of the scatter: a unit of a gate.

    Attributes
    ----------
    state, unit : str, int
        The column: ``trace.unit(state, unit)``.
    layer, gate : str
        The two halves of ``state``; ``gate`` is one of ``i f o r z``.
    left, right : float
        The share of the time, in [0, 1], that the gate is below 0.1, and above 0.9; NaN for a
        unit that is always NaN.

    """

    state: str
    unit: int
    layer: str
    gate: str
    left: float
    right: float

    @property
    def name(self) -> str:
        """The unit in words, such as ``rnn.l0.f[152]``."""
        return f"{self.state}[{self.unit}]"


@dataclass(frozen=True, eq=False, repr=False)
class Saturation(Sequence[GateUnit]):
    """How often each gate of each unit is left-saturated (< 0.1) or right-saturated (> 0.9).

    A sequence of `GateUnit`, gate after gate in the order of the trace. Printed, and in a
    notebook, it is a summary by gate.

    Attributes
    ----------
    points : tuple of GateUnit
        One for each unit of each gate.
    tokens : int
        How many tokens were counted.

    """

    points: tuple[GateUnit, ...]
    tokens: int

    @overload
    def __getitem__(self, index: int) -> GateUnit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[GateUnit, ...]: ...
    def __getitem__(self, index: int | slice) -> GateUnit | tuple[GateUnit, ...]:
        """Return a point, or several as a tuple."""
        return self.points[index]

    def __len__(self) -> int:
        """Return the number of points: units of all gates."""
        return len(self.points)

    @property
    def states(self) -> tuple[str, ...]:
        """The gates, such as ``("rnn.l0.r", "rnn.l0.z")``."""
        return tuple(dict.fromkeys(point.state for point in self.points))

    def of(self, state: str) -> tuple[GateUnit, ...]:
        """Return the points of one gate, unit after unit.

        Raises
        ------
        KeyError
            Naming the gates there are.

        """
        if state not in self.states:
            msg = f"no gate is named {state!r}; there are {listed(self.states)}"
            raise KeyError(msg)
        return tuple(point for point in self.points if point.state == state)

    def nearest(self, left: float, right: float, state: str | None = None) -> GateUnit:
        """Return the point nearest to a place in the scatter, of one gate or of all."""
        points = self.points if state is None else self.of(state)
        places = np.array([(point.left, point.right) for point in points])
        distance = np.nan_to_num(np.hypot(*(places - (left, right)).T), nan=np.inf)
        return points[int(distance.argmin())]

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return the points as a ``pandas.DataFrame``.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(vars(point) for point in self.points)

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"How often gates are saturated, over {self.tokens:,} tokens"

    def __str__(self) -> str:
        """Return a summary by gate, as plain text."""
        return for_terminal(
            "\n".join([self.title, "", *plain_table(self.rows(), left=_NAMES), "", _NOTE])
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f'<div class="rnnviz-saturation"><p><strong>{for_html(self.title)}</strong></p>'
            f"{html_table(self.rows(), left=_NAMES)}<p>{for_html(_NOTE)}</p></div>"
        )

    def rows(self) -> list[list[str]]:
        """Return the table's head and a row per gate, as text."""
        head = ["gate", "", "units", "mean < 0.1", "mean > 0.9", "mostly < 0.1", "mostly > 0.9"]
        return [head, *(self._row(state) for state in self.states)]

    def _row(self, state: str) -> list[str]:
        points = self.of(state)
        shares = np.array([(point.left, point.right) for point in points])
        shares = shares[~np.isnan(shares[:, 0])]
        means = [f"{mean:.3f}" for mean in shares.mean(axis=0)] if len(shares) else ["-", "-"]
        mostly = [f"{count:,}" for count in (shares > _MOSTLY).sum(axis=0)]
        return [state, GATES[points[0].gate], f"{len(points):,}", *means, *mostly]


_NOTE = (
    "Means are shares of the time, over units. Mostly: units that are so for more than "
    f"{100 * _MOSTLY:.0f} % of the time."
)


def gate_saturation(trace: Trace | Sequence[Trace]) -> Saturation:
    """Return how much of the time each unit of each gate is below 0.1 and above 0.9.

    Plotted against each other these are the points of figure 2 of Karpathy, Johnson and Fei-Fei,
    *Visualizing and Understanding Recurrent Networks* (2015). A forget gate that is always
    right-saturated belongs to a cell that remembers for long; a gate that is never saturated
    belongs to one that works in between.

    Parameters
    ----------
    trace : Trace or sequence of Trace
        With recorded gates: the kinds ``i f o`` of an LSTM, ``r z`` of a GRU.

    Returns
    -------
    Saturation
        A sequence of `GateUnit`. Values that are NaN are not counted.

    Raises
    ------
    ValueError
        If no gate was recorded; the message names the states there are.

    Examples
    --------
    >>> saturation = gate_saturation(trace)  # doctest: +SKIP
    >>> saturation.nearest(left=0, right=1, state="rnn.l0.f")  # doctest: +SKIP
    GateUnit(state='rnn.l0.f', unit=213, layer='rnn.l0', gate='f', left=0.0, right=0.998)

    """
    recording = as_recording(trace)
    states = [state for state in recording.num_units if recording.layer_and_kind(state)[1] in GATES]
    if not states:
        msg = (
            f"trace must hold gates, states whose names end in .{', .'.join(GATES)}; it has "
            f"{listed(recording.num_units)}"
        )
        raise ValueError(msg)
    points: list[GateUnit] = []
    for columns in recording.batches(states):
        values = recording.read(columns)
        known = np.isfinite(values).sum(axis=1)
        shares = [
            _share(np.count_nonzero(values < _LEFT, axis=1), known),
            _share(np.count_nonzero(values > _RIGHT, axis=1), known),
        ]
        layer, gate = recording.layer_and_kind(columns.state)
        points += [
            GateUnit(columns.state, columns.start + i, layer, gate, left, right)
            for i, (left, right) in enumerate(zip(*(s.tolist() for s in shares), strict=True))
        ]
    return Saturation(tuple(points), recording.length)


def _share(count: NDArray[np.intp], of: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.asarray(count / np.where(of > 0, of, np.nan), np.float64)
