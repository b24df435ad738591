"""Trace folders as they were written before there were checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, ShardingCodec

if TYPE_CHECKING:
    from pathlib import Path

    from rnnviz_widget.trace import Trace


def save_as_before(trace: Trace, folder: Path, chunk: int, dtype: str = "float32") -> None:
    """Write a trace in shards of `chunk` rows, through zarr alone."""
    group = zarr.open_group(str(folder), mode="w-", zarr_format=3)
    for i, name in enumerate(trace.states):
        rows = min(chunk, len(trace))
        units = trace.num_units(name)
        group.create_array(
            f"states/{i}",
            shape=(len(trace), units),
            dtype=dtype,
            chunks=(rows, units),
            serializer=ShardingCodec(
                chunk_shape=(rows, 1), codecs=[BytesCodec()], index_codecs=[BytesCodec()]
            ),
            filters=None,
            compressors=None,
            fill_value=float("nan"),
        )[...] = np.asarray(trace[name], dtype)
    _write_strings(group, "tokens", trace.tokens)
    found = trace.predictions
    if found is not None:
        _write_strings(group, "vocabulary", found.vocabulary)
        _write(group, "predictions/ids", found.ids)
        _write(group, "predictions/probabilities", found.probabilities)
        if found.entropy is not None:
            _write(group, "predictions/entropy", found.entropy)
    if trace.loss is not None:
        _write(group, "loss", trace.loss)
    states = [
        {"name": name, "units": trace.num_units(name), "bounds": trace.bounds(name)}
        for name in trace.states
    ]
    said = {"length": len(trace), "states": states, "source": dict(trace.source)}
    group.attrs["rnnviz_trace"] = {"version": 1, **said}


def _write_strings(group: Any, key: str, strings: tuple[str, ...]) -> None:
    codes = "".join(strings).encode("utf-32-le", "surrogatepass")
    _write(group, f"{key}/code_points", np.frombuffer(codes, dtype="<u4"))
    lengths = np.array([len(string) for string in strings], dtype=np.uint64)
    if np.any(lengths != 1):
        _write(group, f"{key}/ends", np.cumsum(lengths, dtype=np.uint64))


def _write(group: Any, key: str, values: Any) -> None:
    group.create_array(key, data=values, chunks=(min(131072, len(values)), *values.shape[1:]))
