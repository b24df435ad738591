"""JSON with bytes in it, as a script element carries it: the bytes apart, compressed, in base64."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_GZIP = 31  # zlib's code for a window of 32 KiB in gzip's format, which browsers undo by themselves
_LEVEL = 6


class TooLargeError(ValueError):
    """What is packed does not fit.

    Attributes
    ----------
    estimate
        About how many bytes all of it would be.
    """

    def __init__(self, estimate: float) -> None:
        super().__init__(f"about {estimate / 1e6:,.0f} MB")
        self.estimate = estimate


class Budget:
    """Counts what is packed, and gives up once all of it will not fit.

    Parameters
    ----------
    limit
        Most bytes of base64.
    expected
        How many bytes will be packed in all, for an estimate of what does not fit.
    """

    def __init__(self, limit: float, expected: int) -> None:
        self._limit, self._expected = limit, expected
        self._raw = self._packed = 0.0

    def take(self, raw: int, packed: int) -> None:
        """Count bytes before and after they were packed.

        Raises
        ------
        TooLargeError
            As soon as all that was packed is larger than the limit.
        """
        self._raw += raw
        self._packed += packed
        if self._packed > self._limit:
            raise TooLargeError(self._packed * max(1.0, self._expected / self._raw))


def pack(value: dict[str, Any], budget: Budget) -> dict[str, Any]:
    """Return `value` as JSON values, what is bytes in it apart.

    In place of each bytes object stands ``{"$b": i}``: the i-th buffer. ``blobs`` has all buffers,
    one after the other, as base64 of their gzip; ``lengths`` says how long each is.
    """
    lifted, raw = _apart(value)
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    blobs = base64.b64encode(packer.compress(raw) + packer.flush()).decode("ascii")
    budget.take(len(raw), len(blobs))
    return lifted | {"blobs": blobs}


def pack_plain(value: dict[str, Any], budget: Budget) -> dict[str, Any]:
    """Return the same less the compression, ``plain`` in place of ``blobs``.

    A browser decompresses only while it waits, and would read on in the page meanwhile.
    """
    lifted, raw = _apart(value)
    plain = base64.b64encode(raw).decode("ascii")
    budget.take(len(raw), len(plain))
    return lifted | {"plain": plain}


def _apart(value: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the JSON with its ``lengths``, and all buffers, one after the other."""
    buffers: list[bytes] = []
    lifted = {key: _lift(item, buffers) for key, item in value.items()}
    return lifted | {"lengths": [len(buffer) for buffer in buffers]}, b"".join(buffers)


def _lift(value: Any, buffers: list[bytes]) -> Any:  # noqa: ANN401  (any JSON value)
    match value:
        case bytes():
            buffers.append(value)
            return {"$b": len(buffers) - 1}
        case dict():
            return {key: _lift(item, buffers) for key, item in value.items()}
        case list():
            return [_lift(item, buffers) for item in value]
        case _:
            return value


def json_for_script(data: Any) -> str:  # noqa: ANN401  (any JSON value)
    """Return JSON that no text in it can end the script element of."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
