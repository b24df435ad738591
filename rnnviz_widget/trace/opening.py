"""Opening the folder of a saved trace: everything that it says is checked before it is believed."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnviz_widget.trace import exchange, storage
from rnnviz_widget.trace.regular import METADATA, DamageError, identity, read_json
from rnnviz_widget.trace.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRIES = 50  # to open a store that is being replaced
_DTYPES = ("<u4", "<u8", "<f4")
_FOLDERS = ("states", "tokens", "vocabulary", "predictions", "loss")
_ARRAY = re.compile(r"[a-z_]+(/[a-z_]+)?")
_OURS = re.compile(
    r"(.*/)?(zarr\.json(\..+\.partial)?|\.DS_Store)"
    r"|states/\d+/c/\d+/0"
    r"|((tokens|vocabulary)/(code_points|ends)|predictions/entropy|loss)/c/\d+"
    r"|predictions/(ids|probabilities)/c/\d+/0"
)


def open_store(path: str | os.PathLike[str]) -> Store:
    """Return the store of the trace at `path`, with all files that its states need.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If what is there is not a trace, one of a version that is not known, or a damaged one.
    """
    where = Path(path).resolve()
    for attempt in range(_TRIES):
        if not where.exists():
            exchange.restore(where)
        if not where.exists():
            msg = f"path {str(path)!r} does not exist{_left_beside(where)}"
            raise FileNotFoundError(msg)
        try:
            return _open(path, where)
        except _ReplacedError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError


class _ReplacedError(ValueError):
    """The store was replaced while it was being opened."""


def _open(path: str | os.PathLike[str], where: Path) -> Store:
    try:
        before = identity(where)
        said = read_json(where, METADATA)["attributes"][storage.KEY]
    except (OSError, LookupError, TypeError, ValueError) as error:
        if not where.exists():
            raise _ReplacedError(str(error)) from error
        raise ValueError(f"path {str(path)!r} is not a saved trace") from error
    _refuse_unreadable(path, said)
    store = Store(where, said, before)
    try:
        check_said(said)
        for number in range(len(said["states"])):
            store.state(number)
    except DamageError as error:
        if not where.exists() or identity(where) != before:
            raise _ReplacedError(str(error)) from error
        if str(where) in str(error):
            raise
        raise DamageError(f"the trace at {str(path)!r} is damaged: {error}") from error
    return store


def _refuse_unreadable(path: str | os.PathLike[str], said: Any) -> None:  # noqa: ANN401  (any JSON)
    if not isinstance(said, dict) or said.get("version") != storage.VERSION:
        found = said.get("version") if isinstance(said, dict) else said
        msg = (
            f"path {str(path)!r} is a trace of layout version {found!r}; this rnnviz-widget reads "
            f"version {storage.VERSION}: update it"
        )
        raise ValueError(msg)
    if said.get("unfinished"):
        msg = (
            f"path {str(path)!r} is a recording that was not finished; rnnviz recover keeps the "
            "tokens that it has"
        )
        raise ValueError(msg)


def recognise(path: Path) -> None:
    """Refuse what is at `path` where it is anything but a trace and what belongs to one.

    Raises
    ------
    FileExistsError
        Naming what else is there.
    """
    try:
        said = read_json(path, METADATA)["attributes"][storage.KEY]
        ours = isinstance(said, dict)
    except (OSError, LookupError, TypeError, ValueError):
        ours = False
    if not ours:
        msg = (
            f"path {str(path)!r} holds something that is not a trace; it is left alone "
            "(overwrite=True replaces it)"
        )
        raise FileExistsError(msg)
    others = sorted(name for name in _names(path) if not _OURS.fullmatch(name))
    if others:
        more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
        msg = (
            f"path {str(path)!r} holds a trace and something else, {others[0]!r}{more}; it is left "
            "alone (overwrite=True replaces all of it)"
        )
        raise FileExistsError(msg)


def _names(path: Path) -> Iterator[str]:
    """Yield the files in a folder, and the folders in it that no trace has."""
    for root, folders, files in os.walk(path):
        here = Path(root).relative_to(path)
        if root == os.fspath(path):
            yield from (folder + "/" for folder in folders if folder not in _FOLDERS)
        yield from ((here / file).as_posix() for file in files)


def _left_beside(target: Path) -> str:
    """Say that a killed recording left something, if it did."""
    if not exchange.leftovers(target):
        return ""
    return "; a recording that was killed left rows beside it: rnnviz recover keeps them"


def check_said(said: Mapping[str, Any]) -> None:
    """Refuse attributes that no trace can have."""
    sealed = "generation" in said
    rest = {key: value for key, value in said.items() if key != "digest"}
    if sealed and said.get("digest") != storage.digest_of_attributes(rest):
        raise DamageError("its description was changed")
    if not isinstance(said.get("generation", "digest" not in said and ""), str):
        raise DamageError("its generation is no text")
    length, states = said.get("length"), said.get("states")
    if type(length) is not int or length < 1:
        raise DamageError(f"its length is {length!r}, not a number of tokens")
    if not isinstance(states, list) or not states:
        raise DamageError("it has no states")
    if not isinstance(said.get("source"), dict):
        raise DamageError("its source is not a JSON object")
    for state in states:
        _check_state(state, length, sealed=sealed)
    for key in ("name", "place") if sealed else ("name",):
        if len({state[key] for state in states}) != len(states):
            raise DamageError(f"two of its states have the same {key}")
    if sealed:
        _check_arrays(said.get("arrays"))


def _check_state(state: Any, length: int, *, sealed: bool) -> None:  # noqa: ANN401  (any JSON)
    if not isinstance(state, dict):
        raise DamageError("a state is not a JSON object")
    name, units, bounds = state.get("name"), state.get("units"), state.get("bounds")
    if not isinstance(name, str) or not name or any("\ud800" <= c <= "\udfff" for c in name):
        raise DamageError(f"a state is named {name!r}")
    if type(units) is not int or units < 1:
        raise DamageError(f"state {name!r} has {units!r} units")
    if bounds is not None and not _is_interval(bounds):
        raise DamageError(f"state {name!r} has the bounds {bounds!r}")
    if sealed:
        rows, dtype, place = state.get("rows"), state.get("dtype"), state.get("place")
        if type(rows) is not int or not 1 <= rows <= length:
            raise DamageError(f"state {name!r} has shards of {rows!r} rows")
        if dtype not in ("float32", "float16") or type(place) is not int:
            raise DamageError(f"state {name!r} is of type {dtype!r} at {place!r}")


def _is_interval(bounds: Any) -> bool:  # noqa: ANN401
    """Whether bounds are two finite numbers, the lower one first."""
    if not isinstance(bounds, list) or [type(end) in (int, float) for end in bounds] != [True] * 2:
        return False
    try:
        low, high = map(float, bounds)
    except OverflowError:
        return False
    return math.isfinite(low) and math.isfinite(high) and low < high


def _check_arrays(arrays: Any) -> None:  # noqa: ANN401
    if not isinstance(arrays, dict):
        raise DamageError("its arrays are not a JSON object")
    for key, entry in arrays.items():
        if not isinstance(entry, dict):
            raise DamageError(f"{key} is not described")
        shape, rows = entry.get("shape"), entry.get("rows")
        numbers = [*shape, rows] if isinstance(shape, list) else []
        if (
            len(numbers) not in (2, 3)
            or any(type(n) is not int for n in numbers)
            or min([*numbers[1:], numbers[0] + 1]) < 1
            or rows > max(1, numbers[0])
            or entry.get("dtype") not in _DTYPES
            or not _ARRAY.fullmatch(key)
        ):
            raise DamageError(f"{key} has a description that no array can have")
