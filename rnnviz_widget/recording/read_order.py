"""What each step of each recurrent layer read: where among the tokens its row belongs.

Most layers read the embedding of token t at step t, and that is seen by comparing their input with
the inputs of the module. Where something stands between, or the order is another (sequences sorted
by length, a layer that reads backwards, a start token put before), a `Probe` finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from rnnviz_widget.recording.axes import choose, one_sequence
from rnnviz_widget.recording.comparison import is_palindrome, same, ways
from rnnviz_widget.recording.probe import NONE, SEVERAL, Probe, Seen, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from torch import Tensor, nn


class OrderConflict(Exception):  # noqa: N818  (no error: it asks for another run)
    """A layer of which calls were written in order reads in another, as a later call shows."""


class UnclearOrder(Exception):  # noqa: N818  (no error: it becomes a warning)
    """It cannot be told what a layer reads; with the reason, which follows its path."""


class ReadOrder:
    """What the layers read in one call of a module.

    Parameters
    ----------
    module, inputs
        What is called.
    lengths
        Of the sequences, in tokens.
    first
        How many tokens were read by earlier calls of the module.
    doubted
        Layers that must not be taken to read in order because their first calls do.
    by_steps
        Take row t to be step t of a layer, whatever it read.

    Attributes
    ----------
    sources
        What of the inputs holds something for each token.
    notes
        What people must be told of.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Any],
        lengths: Sequence[int],
        *,
        first: int = 0,
        doubted: Collection[str] = (),
        by_steps: bool = False,
    ) -> None:
        self.module, self.inputs, self.lengths, self.first = module, inputs, lengths, first
        self.steps, self.batch = max(lengths), len(lengths)
        self.notes: list[str] = []
        self._doubted, self._by_steps = doubted, by_steps
        self._real = torch.arange(self.steps)[:, None] < torch.tensor(lengths)
        self._probes: dict[bool, Probe] = {}
        self._calls: dict[str, int] = {}
        self._plain: dict[str, list[tuple[int, int]]] = {}  # first and steps of calls in order
        self._found: dict[str, list[Tensor] | None] = {}  # None: unknown
        self._outputs: dict[str, tuple[Tensor, Tensor | None, int]] = {}
        self.sources = choose(module, inputs, lengths)
        # Read backwards, such sequences look as they do read forwards.
        self._same_backwards = any(is_palindrome(each.values(), lengths) for each in self.sources)
        self._ways = list(ways(module, self.sources))
        self._way: dict[str, int] = {}

    @property
    def ids(self) -> Tensor | None:
        """The ids that were read, `(B, T)`, None if there are none among the inputs."""
        ids = next((source.values() for source in self.sources if source.is_ids), None)
        return None if ids is None else ids.T.long()

    def of(self, path: str, x: Tensor, first: int) -> Tensor | None:
        """Return what a call of a layer reads.

        Parameters
        ----------
        path
            The layer's.
        x
            What it is given, `(steps, B, I)`.
        first
            How many tokens the layer has read before.

        Returns
        -------
        None if step s reads token `first` + s; else `(steps, B)`, the number ``t * B + b`` of a
        token, `NONE` where a step reads none.

        Raises
        ------
        OrderConflict
            If earlier calls of this layer were taken to read in order, and did not.
        """
        number = self._calls.get(path, 0)
        self._calls[path] = number + 1
        if self._by_steps or not self.sources:
            return None
        if path not in self._found:
            if path not in self._doubted and not self._same_backwards:
                plain, where = self._seen_plainly(path, x, first)
                if plain:
                    self._plain.setdefault(path, []).append((first, len(x)))
                    return where
            self._find(path)
        found = self._found[path]
        if found is None or number >= len(found) or len(found[number]) != len(x):
            return None
        where = found[number]
        return None if self._in_place(where, first) else self._shifted(where)

    def is_plain(self, path: str, x: Tensor, first: int) -> bool:
        """Whether `x` is what inputs, or a layer before, hold for the tokens from `first` on."""
        return self._seen_plainly(path, x, first)[0]

    def keep(self, path: str, output: Tensor, where: Tensor | None, first: int) -> None:
        """Note what a layer returned, `(steps, B, ·)`, for layers that read it."""
        self._outputs[path] = (output, where, first)

    def of_output(
        self, candidates: Sequence[Callable[[Any], Tensor | None]]
    ) -> tuple[int, Tensor | None] | None:
        """Return which of some views of a module's output has its rows in an order, and which.

        Parameters
        ----------
        candidates
            Each makes `(T, B, V)` of what a module returned.

        Returns
        -------
        The number of the candidate, and what `of` does; None if it cannot be told.
        """
        other = any(
            not self._in_place(where, self.first)
            for found in self._found.values()
            for where in found or ()
        )
        if len(candidates) == 1 and (not other or self._by_steps or not self.sources):
            return 0, None
        if not self.sources:
            return None
        rows = [_rows_of(candidate) for candidate in candidates]
        try:
            for number, each in enumerate(rows):
                if self._probe().in_order(each, whole=True):
                    return number, None
            for number, each in enumerate(rows):
                token = self._probe().decode(each, whole=True)
                if token is not None and self._is_clear([token]):
                    return number, token
        except Exception:  # noqa: BLE001  (of the user's module, with changed inputs)
            return None
        return None

    # --- by comparing -----------------------------------------------------------------------------

    def _seen_plainly(self, path: str, x: Tensor, first: int) -> tuple[bool, Tensor | None]:
        """Return whether rows are what the inputs or a layer's output hold, and what `of` does."""
        for output, where, at in self._outputs.values():
            if (where is not None or at == first) and same(output, x):
                return True, where
        at = first - self.first
        if x.shape[1] != self.batch or at < 0 or at + len(x) > self.steps:
            return False, None
        order = list(range(len(self._ways)))
        if path in self._way:
            order.remove(self._way[path])
            order.insert(0, self._way[path])
        real = self._real[at : at + len(x)]
        for way in order:
            if self._ways[way](x, slice(at, at + len(x)), real):
                self._way[path] = way
                return True, None
        return False, None

    # --- by probing -------------------------------------------------------------------------------

    def _probe(self, *, inner: bool = False) -> Probe:
        if inner not in self._probes:
            made = Probe(self.module, self.inputs, self.sources, self.lengths, inner=inner)
            self._probes[inner] = made
        return self._probes[inner]

    def _find(self, path: str) -> None:
        """Find what all calls of a layer read."""
        try:
            found = self._probed(path)
        except UnclearOrder as reason:
            found = None
            self.notes.append(
                f"{path}: {reason}; so row t is what its step t left, whatever it read "
                '(order="steps" says that this is meant)'
            )
        for (first, steps), where in zip(self._plain.get(path, ()), found or (), strict=False):
            if len(where) != steps or not self._in_place(where, first):
                raise OrderConflict(path)
        self._found[path] = found

    def _probed(self, path: str) -> list[Tensor]:
        """Return what each call of a layer reads.

        Raises
        ------
        UnclearOrder
            If it cannot be told.
        """
        try:
            calls = self._probe().base().calls.get(path, [])
            token = self._token(path)
        except UnclearOrder:
            raise
        except Exception as error:
            short = str(error).partition("\n")[0][:100]
            reason = f"what its steps read cannot be told (with changed inputs: {short})"
            raise UnclearOrder(reason) from error
        found = list(torch.split(token, [len(each) for each in calls]))
        if not self._is_clear(found):
            reason = "its steps read tokens of several sequences in a row"
            raise UnclearOrder(reason)
        for where in found:
            read = where[where >= 0].tolist()
            if len(set(read)) < len(read):
                reason = "several of its steps read the same token"
                raise UnclearOrder(reason)
        return found

    def _token(self, path: str) -> Tensor:
        def rows(seen: Seen) -> Tensor | None:
            return seen.of(path)

        if self._probe().in_order(rows):
            before = rows(self._probe().base())
            return self._in_order(0 if before is None else len(before))
        token = self._probe().decode(rows)
        if token is None or bool((token == SEVERAL).any()):
            # The module may look for a mark at the end, which decides how it reads the others.
            inner = self._probe(inner=True).decode(rows)
            if inner is not None and bool((inner >= NONE).all()) and self._extend(inner):
                return inner
        if token is None:
            reason = "what its steps read cannot be told (it runs otherwise on other tokens)"
            raise UnclearOrder(reason)
        if bool((token == NONE).all()):
            reason = "its steps do not depend on the inputs"
            raise UnclearOrder(reason)
        if bool((token >= NONE).all()):
            return token
        arguments = [source.argument for source in self.sources]
        for argument in arguments if len(arguments) > 1 else ():
            alone = self._probe().decode(rows, only=argument)
            if alone is not None and bool((alone >= NONE).all()) and bool((alone >= 0).any()):
                return alone
        return self._windows(path, rows)

    def _extend(self, token: Tensor) -> bool:
        """Tell of the last token of each sequence where it must have been read; whether all are."""
        slopes = {int(step) for column in token.T for step in column[column >= 0].diff()}
        if len(slopes) != 1 or abs(by := slopes.pop()) != self.batch:
            return False
        for column in token.T:  # views
            known = (column >= 0).nonzero()[:, 0]
            if not len(known):
                continue
            sequence = int(column[known[0]]) % self.batch
            last = (self.lengths[sequence] - 1) * self.batch + sequence
            place = int(known[-1]) + 1 if by > 0 else int(known[0]) - 1
            if 0 <= place < len(column):
                column[place] = last
        return len(set(token[token >= 0].tolist())) == sum(self.lengths)

    def _windows(self, path: str, rows: Callable[[Seen], Tensor | None]) -> Tensor:
        """Return what steps read that read several tokens each, in order or backwards."""
        probe = self._probe()
        before, sequence = rows(probe.base()), probe.decode(rows, sequences=True)
        if before is None or sequence is None or not self._is_clear([sequence]):
            reason = "its steps depend on several sequences at once"
            raise UnclearOrder(reason)
        of_column = sequence.amax(dim=0)  # (B,)
        lengths = torch.tensor(self.lengths)[of_column]
        offsets: dict[bool, set[tuple[int, int]]] = {False: set(), True: set()}
        reaches_end = True
        for share in (0.25, 0.5, 0.75):
            tokens = (torch.tensor(self.lengths) * share).long()
            where = torch.arange(self.steps)[:, None] == tokens
            after = rows(probe.run(where, whole=False))
            if after is None or after.shape != before.shape:
                break
            for b in range(self.batch):
                changed = (after[:, b] != before[:, b]).nonzero()[:, 0]
                if not len(changed):
                    continue
                low, high = int(changed[0]), int(changed[-1])
                reaches_end &= high >= int(lengths[b]) - 1
                token = int(tokens[of_column[b]])
                for backwards, at in ((False, token), (True, int(lengths[b]) - 1 - token)):
                    offsets[backwards].add((low - at, high - at))
        for backwards, found in offsets.items():
            ahead = {low for low, _ in found}
            fixed = len(found) == 1 or reaches_end
            if len(before) == self.steps and len(ahead) == 1 and fixed:
                late = max(0, min(ahead))
                if not (reaches_end and min(ahead) >= 0):
                    self._tell_of_window(path, found, backwards=backwards)
                steps = torch.arange(self.steps)[:, None] - late
                t = lengths - 1 - steps if backwards else steps.expand(-1, self.batch)
                inside = (t >= 0) & (t < lengths) & (steps >= 0)
                return torch.where(inside, t * self.batch + of_column, NONE)
        reason = "each of its steps reads many tokens"
        raise UnclearOrder(reason)

    def _tell_of_window(self, path: str, found: set[tuple[int, int]], *, backwards: bool) -> None:
        low, high = min(low for low, _ in found), max(high for _, high in found)
        first, last = (low, high) if backwards else (-high, -low)
        self.notes.append(
            f"{path} reads several tokens at each step: row t is the step that read tokens "
            f"{_around(first)} to {_around(last)}"
        )

    # --- what is found ----------------------------------------------------------------------------

    def _in_order(self, count: int) -> Tensor:
        steps = torch.arange(count)[:, None] % self.steps
        return steps * self.batch + torch.arange(self.batch)

    def _in_place(self, where: Tensor, first: int) -> bool:
        """Whether step s reads token `first` + s, apart from padding."""
        at = first - self.first
        if at < 0 or at + len(where) > self.steps:
            return False
        expected = self._in_order(self.steps)[at : at + len(where)]
        real = self._real[at : at + len(where)]
        return bool(((where == expected) | ~real & (where < 0)).all())

    def _shifted(self, where: Tensor) -> Tensor:
        """Return numbers of tokens of this call as numbers of all tokens."""
        return torch.where(where >= 0, where + self.first * self.batch, where)

    def _is_clear(self, found: Sequence[Tensor]) -> bool:
        """Whether each row was made of one token or of none, and a column of one sequence."""
        return all(one_sequence(where % self.batch, where) for where in found) and all(
            bool((where > SEVERAL).all()) for where in found
        )


def _rows_of(candidate: Callable[[Any], Tensor | None]) -> Callable[[Seen], Tensor | None]:
    def rows(seen: Seen) -> Tensor | None:
        values = candidate(seen.output)
        return None if values is None else numbers(values)

    return rows


def _around(offset: int) -> str:
    return "t" if not offset else f"t{offset:+d}"
