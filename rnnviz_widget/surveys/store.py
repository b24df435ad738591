"""A survey on disk: a Zarr v3 folder, arrays and one JSON object."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.surveys.report import LabelReport
from rnnviz_widget.surveys.rows import LabelScore, UnitRow
from rnnviz_widget.surveys.snippets import Snippets
from rnnviz_widget.trace.exchange import replacing
from rnnviz_widget.trace.regular import METADATA, read_json

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from rnnviz_widget.surveys.report import Findings

KEY = "rnnviz_survey"
_VERSION = 1
_ARRAYS = ("edges", "counts", "limits", "strips")
_SAID = ("tokens", "blocks", "measured", "exact", "texts", "unread", "columns", "sample", "title")


def save(survey: Findings, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a survey, replacing an older one only once all is written; see `Survey.save`."""
    import zarr  # noqa: PLC0415 - slow to import

    with replacing(path, recognise, overwrite=overwrite) as folder:
        group = zarr.open_group(str(folder), mode="a", zarr_format=3)
        for name in _ARRAYS:
            group.create_array(name, data=np.ascontiguousarray(getattr(survey, name)))
        for name, array in survey.snippets.arrays().items():
            group.create_array(f"snippets/{name}", data=_as_numbers(array))
        said = {name: getattr(survey, name) for name in _SAID}
        said["units"] = [vars(row) for row in survey.units]
        said["labels"] = [asdict(report) for report in survey.labels]
        # As one string: JSON has no NaN, and Zarr's own would refuse a lone surrogate.
        group.attrs[KEY] = {"version": _VERSION, "said": json.dumps(said)}


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of the survey saved at a path; see `Survey.load`."""
    import zarr  # noqa: PLC0415 - slow to import

    place = Path(path)
    if not place.exists():
        msg = f"there is nothing at {str(path)!r}"
        raise FileNotFoundError(msg)
    try:
        held = read_json(place, METADATA)["attributes"][KEY]
        if held["version"] != _VERSION:
            msg = f"its version is {held['version']!r}, and {_VERSION} can be read"
            raise ValueError(msg)  # noqa: TRY301 - said with the path below
        said = json.loads(held["said"])
        group = zarr.open_group(str(place), mode="r", zarr_format=3)
        arrays = {name: np.asarray(group[name]) for name in _ARRAYS}
        names = [f"snippets/{name}" for name in Snippets.empty(1).arrays()]
        snippets = {name: np.asarray(group[name]) for name in names}
        snippets["snippets/texts"] = _as_text(snippets["snippets/texts"])
        return _fields(said, arrays, Snippets.from_arrays(snippets, "snippets/"))
    except (OSError, LookupError, TypeError, ValueError) as error:
        msg = f"{str(path)!r} is not a survey, or a damaged one: {error}"
        raise ValueError(msg) from error


def recognise(path: Path) -> None:
    """Refuse what is at a path where it is anything but a survey.

    Raises
    ------
    FileExistsError
        If it is.

    """
    try:
        ours = isinstance(read_json(path, METADATA)["attributes"][KEY], dict)
    except (OSError, LookupError, TypeError, ValueError):
        ours = False
    if not ours:
        msg = (
            f"path {str(path)!r} holds something that is not a survey; it is left alone "
            "(overwrite=True replaces it)"
        )
        raise FileExistsError(msg)


def _fields(
    said: dict[str, Any], arrays: dict[str, NDArray[Any]], snippets: Snippets
) -> dict[str, Any]:
    columns = tuple((str(state), int(unit)) for state, unit in said["columns"])
    count = len(columns)
    for name, array in (*arrays.items(), ("snippets", snippets.scores[0])):
        if len(array) != count:
            msg = f"{name} has {len(array)} columns of {count}"
            raise ValueError(msg)
    labels = (
        LabelReport(**{**each, "facts": tuple(map(tuple, each["facts"]))})
        for each in said["labels"]
    )
    fields: dict[str, Any] = {name: said[name] for name in _SAID}
    return {
        **fields,
        "units": tuple(_row(row) for row in said["units"]),
        "labels": tuple(labels),
        "texts": tuple(said["texts"]),
        "unread": tuple((name, why) for name, why in said["unread"]),
        "columns": columns,
        "snippets": snippets,
        **arrays,
    }


def _row(said: dict[str, Any]) -> UnitRow:
    return UnitRow(**{**said, "scores": tuple(LabelScore(*each) for each in said["scores"])})


def _as_numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of strings as their code points, and any other as it is."""
    if array.dtype.kind != "U":
        return np.ascontiguousarray(array)
    width = array.dtype.itemsize // 4
    return np.ascontiguousarray(array).view(np.uint32).reshape(*array.shape, width)


def _as_text(codes: NDArray[np.uint32]) -> NDArray[np.str_]:
    if codes.max(initial=0) > 0x10FFFF:  # noqa: PLR2004 - the last code point
        msg = "a text has what is no character"
        raise ValueError(msg)
    return np.ascontiguousarray(codes).view(f"<U{codes.shape[-1]}")[..., 0]
