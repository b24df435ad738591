"""A trace: what a recurrent network's hidden units did while it read one sequence of tokens."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rnnviz_widget.escaping import briefly, for_terminal, listed
from rnnviz_widget.trace import exchange, storage
from rnnviz_widget.trace.arrays import LazyArray
from rnnviz_widget.trace.checks import (
    Bounds,
    checked_bounds,
    checked_loss,
    checked_source,
    checked_tokens,
    checked_values,
)
from rnnviz_widget.trace.opening import open_store, recognise
from rnnviz_widget.trace.predictions import Extras, Predictions, StoredExtras
from rnnviz_widget.trace.shards import ShardWriter, StateFile

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.trace.arrays import StateArray
    from rnnviz_widget.trace.store import Store

__all__ = ["Bounds", "Extras", "Predictions", "Trace", "checked_tokens", "select"]


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """Tokens, and one `(T, U)` array of numbers per recorded state.

    Row `t` is the state *after* token `t` was read. Make one with `record`, `Trace.from_arrays` or
    `Trace.load`. A trace does not change.

    Attributes
    ----------
    tokens
        T non-empty strings; `text` is all of them, joined.
    states
        Names of the states, in the order they were recorded in, such as ``"rnn.l0.h"``.
    predictions
        What was held likely to come after each token, or None.
    loss
        `(T,)` float32, in nats: what token `t + 1` cost, so the last is NaN; or None.
    source
        Where the values come from, as far as is known: a JSON object.
    """

    _tokens: Sequence[str] | _StoredTokens
    _arrays: Mapping[str, StateArray]
    _bounds: Mapping[str, Bounds]
    _extras: Extras | StoredExtras
    source: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        tokens: Sequence[str] | str,
        states: Mapping[str, ArrayLike] | Iterable[tuple[str, ArrayLike]],
        *,
        bounds: Mapping[str, Bounds] | None = None,
        predictions: Predictions | None = None,
        loss: ArrayLike | None = None,
        source: Mapping[str, Any] | None = None,
    ) -> Trace:
        """Return a trace of values from anywhere; they are copied as float32.

        The README shows it for a Keras and for a JAX model.

        Parameters
        ----------
        tokens : sequence of str or str
            T non-empty strings; one string stands for its characters.
        states : dict of str to array_like or iterable of (str, array_like)
            Each state's name and its real numbers `(T, U)`; row `t` is the state after token `t`.
            NaN and infinity are kept, and shown as missing.
        bounds : dict of str to (float, float), optional
            `(low, high)` of the states whose values provably never leave it, such as ``(-1, 1)``
            for a tanh. A bounded state's colour scale is fixed at its bounds.
        predictions : Predictions, optional
            What was held likely to come after each token.
        loss : array_like, optional
            `(T,)` cost of the next token in nats; the last must be NaN.
        source : dict of str to object, optional
            A JSON object that says where the values come from.

        Raises
        ------
        TypeError, ValueError
            Naming the argument, what came and what is allowed.

        Examples
        --------
        >>> trace = Trace.from_arrays("ab", {"encoder.h": [[0.0, 0.5], [1.0, -0.5]]})
        >>> trace.unit("encoder.h", 1).tolist()
        [0.5, -0.5]
        """
        tokens = checked_tokens(tokens)
        pairs = list(states.items() if isinstance(states, Mapping) else states)
        if not pairs:
            msg = "states must hold at least one state, got none"
            raise ValueError(msg)
        arrays: dict[str, StateArray] = {}
        for name, values in pairs:
            if not isinstance(name, str) or not name:
                msg = f"states must be named by non-empty strings, got {briefly(name)}"
                raise TypeError(msg)
            if any("\ud800" <= character <= "\udfff" for character in name):
                msg = f"states must have names without lone surrogates, got {name!r}"
                raise ValueError(msg)
            if name in arrays:
                msg = f"states has the name {name!r} twice"
                raise ValueError(msg)
            arrays[name] = cast("StateArray", checked_values(name, values, len(tokens)))
        if predictions is not None and len(predictions.ids) != len(tokens):
            msg = f"predictions has {len(predictions.ids)} rows for {len(tokens)} tokens"
            raise ValueError(msg)
        extras = Extras(predictions, None if loss is None else checked_loss(loss, len(tokens)))
        known = {name: checked_bounds(name, pair, arrays) for name, pair in (bounds or {}).items()}
        return cls(tokens, arrays, known, extras, checked_source(source))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Trace:
        """Return the trace saved at `path`; its states are read when they are asked for.

        A trace is refused, now or when it is read, where a file is missing, was changed, belongs to
        another trace or is no regular file inside the folder. Where the folder is replaced, what
        was opened before gives nothing more: it raises a ValueError that names the path.

        Parameters
        ----------
        path : path
            The folder.

        Raises
        ------
        FileNotFoundError
            If there is nothing at `path`.
        ValueError
            If what is there is not a trace, or a damaged one; saying what is wrong.
        """
        store = open_store(path)
        arrays: dict[str, StateArray] = {}
        bounds: dict[str, Bounds] = {}
        for i, state in enumerate(store.said["states"]):
            arrays[state["name"]] = LazyArray(store.state(i))
            if pair := state.get("bounds"):
                bounds[state["name"]] = float(pair[0]), float(pair[1])
        length = store.said["length"]
        tokens = _StoredTokens(store, length)
        return cls(tokens, arrays, bounds, StoredExtras(store, length), store.said["source"])

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        dtype: storage.StorageType | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write the trace as a Zarr v3 folder; a trace that is at `path` is replaced in one step.

        Parameters
        ----------
        path : path
            The folder to be, by custom ending in ``.zarr``.
        dtype : str, optional
            ``"float32"`` or ``"float16"``; by default what each state is held in now.
        overwrite : bool
            Replace what is at `path` even where it is not a trace, or holds something else too.

        Raises
        ------
        FileExistsError
            If something that is not a trace is at `path`, or anything beside one in its folder.
        """
        if dtype is not None:
            storage.check_dtype(dtype)
        with (
            exchange.replacing(path, recognise, overwrite=overwrite) as folder,
            ShardWriter() as writer,
        ):
            store = storage.StoreWriter(folder)
            for i, (name, array) in enumerate(self._arrays.items()):
                held = array.stored_dtype if isinstance(array, LazyArray) else "float32"
                file = StateFile(
                    writer, store, f"states/{i}", (len(self), self.num_units(name)), dtype or held
                )
                for start in range(0, len(self), storage.CHUNK):
                    file.write(start, np.asarray(array[start : start + storage.CHUNK]))
            self.save_rest(store)

    def save_rest(self, store: storage.StoreWriter) -> None:
        """Write all but the states' values (for a recording that streams).

        Parameters
        ----------
        store : StoreWriter
            What is being written.
        """
        store.write_strings("tokens", self.tokens)
        if self.predictions is not None:
            store.write_strings("vocabulary", self.predictions.vocabulary)
            store.write_array("predictions/ids", self.predictions.ids)
            store.write_array("predictions/probabilities", self.predictions.probabilities)
            if self.predictions.entropy is not None:
                store.write_array("predictions/entropy", self.predictions.entropy)
        if self.loss is not None:
            store.write_array("loss", self.loss)
        states = [
            {"name": name, "units": self.num_units(name), "bounds": self.bounds(name)}
            for name in self.states
        ]
        store.describe(len(self), states, self.source)

    def __len__(self) -> int:
        """T, the number of tokens."""
        return len(self._tokens)

    def __getitem__(self, name: str) -> StateArray:
        """Return the `(T, U)` float32 values of a state; lazy when they lie on disk.

        Raises
        ------
        KeyError
            Naming the states there are.
        """
        try:
            return self._arrays[name]
        except KeyError:
            msg = f"no state is named {briefly(name)}; the trace has {listed(self._arrays)}"
            raise KeyError(msg) from None

    def __contains__(self, name: object) -> bool:
        """Whether a state has this name."""
        return name in self._arrays

    def __repr__(self) -> str:
        """T and the states with their widths, and where the state was set back."""
        widths = ", ".join(f"{name} ({self.num_units(name)})" for name in self.states)
        reset = f"; set back before tokens {listed(self.resets)}" if self.resets else ""
        return f"Trace({len(self)} tokens; {for_terminal(widths, keep='')}{reset})"

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The T tokens."""
        stored = self._tokens
        return stored.read() if isinstance(stored, _StoredTokens) else tuple(stored)

    @cached_property
    def text(self) -> str:
        """All tokens, joined."""
        return "".join(self.tokens)

    @property
    def states(self) -> tuple[str, ...]:
        """The names of the states, in the order they were recorded in."""
        return tuple(self._arrays)

    @property
    def resets(self) -> tuple[int, ...]:
        """The tokens before which a layer's state was not carried on, as in a loop over segments.

        Row t of a reset at t starts from what the module starts from, not from row t - 1.
        """
        said = self.source.get("resets", ())
        known = isinstance(said, (list, tuple)) and all(type(t) is int for t in said)
        return tuple(t for t in said if 0 <= t < len(self)) if known else ()

    @property
    def predictions(self) -> Predictions | None:
        """What was held likely to come after each token."""
        return self._extras.predictions

    @property
    def loss(self) -> NDArray[np.float32] | None:
        """`(T,)` cost of token `t + 1` in nats; the last is NaN."""
        return self._extras.loss

    def num_units(self, name: str) -> int:
        """Return U, the number of units of a state.

        Parameters
        ----------
        name : str
            A state.
        """
        return int(self[name].shape[1])

    def units(self, name: str) -> int:
        """Return `num_units`, by its former name.

        Parameters
        ----------
        name : str
            A state.
        """
        warnings.warn("Trace.units is now called num_units", DeprecationWarning, stacklevel=2)
        return self.num_units(name)

    def bounds(self, name: str) -> Bounds | None:
        """Return the proven `(low, high)` of a state's values; None if there is none.

        Parameters
        ----------
        name : str
            A state.
        """
        self[name]  # an unknown name is an error, not "no bound"
        return self._bounds.get(name)

    def unit(self, name: str, u: int) -> NDArray[np.float32]:
        """Return the `(T,)` float32 values of one unit, contiguous.

        Parameters
        ----------
        name : str
            A state.
        u : int
            A unit of it, from 0.

        Raises
        ------
        ValueError
            If `u` is not in [0, U).
        """
        array = self[name]
        index = operator.index(u)
        if not 0 <= index < array.shape[1]:
            msg = f"unit must be in [0, {array.shape[1]}), the units of {listed([name])}, got {u}"
            raise ValueError(msg)
        return np.ascontiguousarray(array[:, index])


def select(names: Sequence[str], patterns: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names that match a shell pattern (or any of several), in their own order.

    Raises
    ------
    TypeError
        If they are not one or more strings.
    ValueError
        If a pattern matches none of `names`.
    """
    wanted = checked_patterns(patterns)
    if wanted is None:
        return tuple(names)
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            msg = f"states={briefly(pattern)} matches none of {listed(names)}"
            raise ValueError(msg)
    return tuple(n for n in names if any(fnmatchcase(n, pattern) for pattern in wanted))


def checked_patterns(patterns: str | Sequence[str] | None) -> list[str] | None:
    """Return the shell patterns of ``states=`` as a list, None for all; refuse what are none."""
    if patterns is None:
        return None
    found = [patterns] if isinstance(patterns, str) else patterns
    if isinstance(found, Sequence) and found and all(isinstance(each, str) for each in found):
        return list(found)
    msg = f"states must be one or more shell patterns, got {briefly(patterns)}"
    raise TypeError(msg)


@dataclass(frozen=True)
class _StoredTokens:
    store: Store
    length: int

    def __len__(self) -> int:
        return self.length

    def read(self) -> tuple[str, ...]:
        tokens = self.store.strings("tokens", least=1)
        if len(tokens) != self.length:
            raise self.store.damage(f"it has {len(tokens):,} tokens, not {self.length:,}")
        return tokens
