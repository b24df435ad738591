"""Progress bars that swallow no Ctrl-C."""

from __future__ import annotations

from tqdm.auto import tqdm


class Bar(tqdm):  # type: ignore[type-arg]  # it takes none when run
    """A `tqdm` whose end is not noticed by Python: it is closed by its ``with`` block.

    An interrupt that Python looks for in a ``__del__`` of its own is printed and lost.
    """

    __del__ = staticmethod(int)  # type: ignore[assignment]  # in C, and does nothing
