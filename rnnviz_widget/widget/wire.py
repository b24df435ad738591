"""A trace as the frontend gets it: one int8 row per unit, tokens as UTF-16, small things as float.

The layout of the content is written down once more in ``js/src/store/wire.ts``, its only reader.
Nothing that is ranked, plotted for print or read out exactly goes through these bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.labels.reading import read_label
from rnnviz_widget.pieces import readable, readable_vocabulary
from rnnviz_widget.quantise import (
    LEVELS,
    MISSING,
    QuantisedUnit,
    colour_limit,
    kind,
    quantise,
)
from rnnviz_widget.widget.label_rules import label_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.trace import Predictions, Trace
    from rnnviz_widget.trace.excerpt import Excerpt

VERSION = 2

UNKNOWN = 255
"""Stands in a label of bools where it is not known."""

WHOLE_LIMIT = 16 * 2**20
"""Bytes up to which a state is read at once, and the predictions of several checkpoints travel."""

LIVE_LIMIT = 2**19
"""Bytes of int8 values up to which a trace travels whole while there is a kernel.

A larger one is asked for by unit: a notebook keeps all that has travelled.
"""


def shared_limits(traces: Sequence[Trace], excerpt: Excerpt) -> list[float]:
    """Return the end of the colour scale of each unit of an excerpt, over the whole text."""
    limits: list[float] = []
    for name, chosen in excerpt.units.items():
        bounds, count = traces[0].bounds(name), excerpt.count(traces[0], name)
        # Where it is bounded nothing need be read.
        columns = [() if bounds else _columns(trace, name, chosen) for trace in traces]
        rows = zip(*columns, strict=True) if bounds is None else ((),) * count
        limits += [colour_limit(row, bounds) for row in rows]
    return limits


def encode_tokens(tokens: Sequence[str]) -> tuple[bytes, bytes | None]:
    """Return the text as UTF-16LE bytes, and the tokens' offsets `(T + 1,)` uint32 in code units.

    The offsets are None where every token is one code unit. A lone surrogate travels as it is,
    which JSON would not allow.
    """
    encoded = [token.encode("utf-16-le", "surrogatepass") for token in tokens]
    lengths = np.fromiter(map(len, encoded), dtype=np.uint32, count=len(encoded)) // 2
    offsets = None
    if (lengths != 1).any():
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype("<u4").tobytes()
    return b"".join(encoded), offsets


def encode_text(trace: Trace, excerpt: Excerpt) -> dict[str, Any]:
    """Return what all checkpoints of an excerpt have in common.

    Tokens and units keep the numbers that they have in the whole trace: ``origin`` says where the
    excerpt begins, and a state's ``ids`` which of its ``of`` units are here.
    """
    tokens = readable(trace.tokens)
    text, offsets = encode_tokens(tokens[excerpt.span])
    return {
        "version": VERSION,
        "length": excerpt.stop - excerpt.start,
        "text": text,
        "offsets": offsets,
        "origin": _origin(tokens, excerpt.start),
        "states": [_describe_state(trace, excerpt, name) for name in excerpt.units],
    }


def encode_checkpoints(checkpoints: Mapping[str, Trace], excerpt: Excerpt) -> list[dict[str, Any]]:
    """Return what is each checkpoint's own in an excerpt, less the values of its units.

    Of several checkpoints whose predictions are many, none have theirs.
    """
    traces = checkpoints.values()
    predicted = sum(0 if t.predictions is None else t.predictions.ids.nbytes for t in traces)
    few = len(traces) == 1 or predicted <= WHOLE_LIMIT
    return [
        {
            "name": json_safe(name),
            "values": None,
            "scales": None,
            "limits": None,
            "peaks": None,
            "pinned": [],
            "rows": [],
            "loss": None if trace.loss is None else _float32(trace.loss[excerpt.span]),
            **_encode_predictions(trace.predictions if few else None, trace.tokens, excerpt),
        }
        for name, trace in checkpoints.items()
    ]


def encode_values(
    trace: Trace, excerpt: Excerpt, limits: Sequence[float] | None = None
) -> dict[str, bytes]:
    """Return the values of an excerpt, unit after unit, and how they are read."""
    units = list(quantised_units(trace, excerpt, limits))
    return {"values": b"".join(unit.values.tobytes() for unit in units), **encode_scales(units)}


def encode_scales(units: Sequence[QuantisedUnit]) -> dict[str, bytes]:
    """Return what a reader must know of each unit beside its eight bits."""
    return {
        "scales": _float32([unit.scale for unit in units]),
        "limits": _float32([unit.limit for unit in units]),
        "peaks": _float32([unit.peak for unit in units]),
    }


def quantised_units(
    trace: Trace, excerpt: Excerpt, limits: Sequence[float] | None = None
) -> Iterator[QuantisedUnit]:
    """Yield the units of an excerpt; their colours are those that they have in the whole text.

    Parameters
    ----------
    limits
        The end of each unit's colour scale, where other checkpoints share it, see `shared_limits`.
    """
    columns = (
        (column, trace.bounds(name))
        for name, chosen in excerpt.units.items()
        for column in _columns(trace, name, chosen)
    )
    for i, (column, bounds) in enumerate(columns):
        limit = None if limits is None else limits[i]
        yield _cut(quantise(column, bounds, limit), excerpt.span)


def _columns(
    trace: Trace, name: str, chosen: Sequence[int] | None
) -> Iterable[NDArray[np.float32]]:
    units = range(trace.num_units(name)) if chosen is None else chosen
    if chosen is None and len(trace) * len(units) <= WHOLE_LIMIT:
        # One read of the whole state: a column of a row-major array is slow to gather.
        return np.ascontiguousarray(np.asarray(trace[name]).T)
    return (trace.unit(name, unit) for unit in units)


def _cut(unit: QuantisedUnit, span: slice) -> QuantisedUnit:
    values = unit.values[span]
    if len(values) == len(unit.values):
        return unit
    known = values[values != MISSING].astype(np.int16)
    clipped = bool((np.abs(known) == LEVELS).any())
    # What lies beyond the scale counts only where some of it is left.
    peak = unit.peak if clipped else float(np.abs(known).max(initial=0)) * unit.scale / LEVELS
    return QuantisedUnit(values, unit.scale, unit.limit, peak)


def encode_label(name: str, label: LabelLike, trace: Trace, excerpt: Excerpt) -> dict[str, Any]:
    """Return a label as the frontend draws it: bools as uint8, numbers as float32.

    What is not known of it is 255 among bools, NaN among numbers.

    Raises
    ------
    ValueError
        If it is not one bool or real number per token.
    """
    read = read_label(label, trace, f"labels[{name!r}]")
    numbers = read.numbers[excerpt.span]
    fields = {"name": json_safe(name), "rule": label_rule(label)}
    if read.values.dtype == np.bool_:
        values = np.where(np.isnan(numbers), UNKNOWN, numbers).astype(np.uint8).tobytes()
        return fields | {"kind": "bool", "values": values}
    return fields | {"kind": "number", "values": _float32(numbers)}


def pin(trace: Trace, excerpt: Excerpt, units: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Return near-exact values of some units, for the readout of a page without kernel.

    They are float16; float32 where the one cannot hold some of a unit's values.
    """
    return [
        {
            "state": state,
            "unit": unit,
            "values": _near_exact(trace.unit(state, unit)[excerpt.span]).tobytes(),
        }
        for state, unit in dict.fromkeys(units)
    ]


def _near_exact(values: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    half = np.finfo(np.float16)
    fits = ((sizes >= half.smallest_normal) & (sizes <= half.max)).all()
    return values.astype("<f2" if fits else "<f4")


def encode_row(
    trace: Trace,
    state: str,
    unit: int,
    limit: float | None = None,
    span: slice = slice(None),
) -> dict[str, Any]:
    """Return one unit in eight bits: what a page opens with, or a view asks for.

    Parameters
    ----------
    limit
        The end of its colour scale, where other checkpoints share it.
    span
        The tokens; their colours are those that they have in the whole text.
    """
    row = _cut(quantise(trace.unit(state, unit), trace.bounds(state), limit), span)
    scales = _float32([row.scale, row.limit, row.peak])
    return {"state": state, "unit": unit, "values": row.values.tobytes(), "scales": scales}


def _origin(tokens: Sequence[str], start: int) -> dict[str, int]:
    """Return the first token's number, from 0, and its line and column, from 1."""
    before = "".join(tokens[:start])
    return {
        "token": start,
        "line": before.count("\n") + 1,
        "column": len(before) - before.rfind("\n"),
    }


def _describe_state(trace: Trace, excerpt: Excerpt, name: str) -> dict[str, Any]:
    bounds, chosen = trace.bounds(name), excerpt.units[name]
    return {
        "name": name,
        "units": excerpt.count(trace, name),
        "ids": None if chosen is None else list(chosen),
        "of": trace.num_units(name),
        "kind": kind(bounds),
        "bound": None if bounds is None else max(abs(end) for end in bounds),
    }


def _encode_predictions(
    predictions: Predictions | None, tokens: Sequence[str], excerpt: Excerpt
) -> dict[str, Any]:
    if predictions is None:
        return {"vocabulary": None, "top_ids": None, "top_probs": None, "top_k": 0}
    return {
        "vocabulary": list(map(json_safe, readable_vocabulary(predictions.vocabulary, tokens))),
        "top_ids": predictions.ids[excerpt.span].astype("<u4").tobytes(),
        "top_probs": predictions.probabilities[excerpt.span].astype("<f2").tobytes(),
        "top_k": predictions.ids.shape[1],
    }


def json_safe(text: str) -> str:
    """Return `text` with lone surrogates replaced: no JSON message could carry them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _float32(values: Any) -> bytes:  # noqa: ANN401  (whatever numpy takes)
    return np.asarray(values).astype("<f4").tobytes()
