"""Keeping what a recording to disk had written when it was killed."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.trace import Trace, exchange, storage
from rnnviz_widget.trace.arrays import LazyArray
from rnnviz_widget.trace.layout import shard_path
from rnnviz_widget.trace.opening import check_said
from rnnviz_widget.trace.predictions import Extras
from rnnviz_widget.trace.regular import METADATA, DamageError, identity, read_json
from rnnviz_widget.trace.store import Store, StoredState

if TYPE_CHECKING:
    from rnnviz_widget.trace.arrays import StateArray


def recover(path: str | os.PathLike[str], out: str | os.PathLike[str] | None = None) -> Trace:
    """Return the tokens that a killed ``record(..., out=path)`` had whole shards of, saved.

    A recording that is interrupted keeps them by itself; one that is killed (no memory, no power,
    ``kill -9``) leaves a hidden folder beside `path`. It is removed once what it holds is saved;
    the next recording to `path` removes it too. Predictions are not in it.

    Parameters
    ----------
    path
        What was recorded to.
    out
        Where to save the trace; `path` unless told otherwise.

    Returns
    -------
    Trace
        Of the first tokens; ``source["interrupted_of"]`` says of how many. A state that had no
        whole shard of 32,768 tokens yet is left out.

    Raises
    ------
    FileNotFoundError
        If no killed recording left anything beside `path`.
    FileExistsError
        If something is at `out` already.
    ValueError
        If what was left holds no whole shard.
    """
    target = Path(path).resolve()
    place = target if out is None else Path(out)
    if os.path.lexists(place):
        msg = f"path {str(place)!r} exists; save what is recovered elsewhere: out= (or -o)"
        raise FileExistsError(msg)
    left = exchange.leftovers(target)
    if not left:
        msg = f"no recording that was killed left anything beside {str(target)!r}"
        raise FileNotFoundError(msg)
    reasons = []
    for folder in left:
        try:
            trace = _kept(folder)
        except (OSError, ValueError) as error:
            reasons.append(str(error))
            continue
        with exchange.held(folder):
            trace.save(place)
            shutil.rmtree(folder, ignore_errors=True)
        return Trace.load(place)
    msg = f"nothing beside {str(target)!r} can be kept: {'; '.join(reasons)}"
    raise ValueError(msg)


def _kept(folder: Path) -> Trace:
    """Return the trace of what an unfinished folder holds, read from there."""
    try:
        said = read_json(folder, METADATA)["attributes"][storage.KEY]
        check_said(said)
    except (LookupError, TypeError) as error:
        msg = f"{folder.name} has no state yet"
        raise DamageError(msg) from error
    store = Store(folder, said, identity(folder))
    states = {}
    for number, described in enumerate(said["states"]):
        state = store.state(number, whole=False)
        rows = _whole_rows(state)
        if rows:
            states[described["name"]] = (state, rows, described.get("bounds"))
    if not states:
        msg = f"{folder.name} has no whole shard"
        raise DamageError(msg)
    length = min(rows for _, rows, _ in states.values())
    arrays: dict[str, StateArray] = {
        name: LazyArray(
            dataclasses.replace(state, layout=dataclasses.replace(state.layout, length=length))
        )
        for name, (state, _, _) in states.items()
    }
    bounds = {
        name: (low, high) for name, (_, _, pair) in states.items() if pair for low, high in [pair]
    }
    tokens = store.strings("tokens", least=1)[:length]
    return Trace(tokens, arrays, bounds, Extras(), {"interrupted_of": said["length"]})


def _whole_rows(state: StoredState) -> int:
    """Return how many rows from the start on are whole."""
    layout = state.layout
    for number in range(layout.shards):
        try:
            state.store.expect(shard_path(state.key, number), layout.file_bytes)
            state[number * layout.chunk]  # reads the whole shard, and its checksums
        except DamageError:
            return number * layout.chunk
    return layout.length
