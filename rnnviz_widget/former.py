"""Names that were given up: they go on working, and say the new one."""

from __future__ import annotations

import warnings
from typing import Any


def former(owner: str, name: str, now: str) -> Any:  # noqa: ANN401  (stands for any attribute)
    """Return a property that reads the attribute `now` by its former name.

    Parameters
    ----------
    owner, name
        The class and the former name, for the warning.
    now
        The attribute as it is called now.
    """

    def read(self: object) -> Any:  # noqa: ANN401
        warnings.warn(f"{owner}.{name} is now called {now}", DeprecationWarning, stacklevel=2)
        return getattr(self, now)

    return property(read, doc=f"Return `{now}`, by its former name.")
