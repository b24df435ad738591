"""JSON with bytes in it, as a script element carries it: the bytes apart, compressed, in base64."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Packer:
    """Compresses bytes one after the other, and gives up once they will not fit.

    Parameters
    ----------
    limit
        Most bytes of base64.
    expected
        How many bytes will be added, for an estimate of what does not fit.
    """

    def __init__(self, limit: float, expected: int) -> None:
        self._limit, self._expected = limit, expected
        self._compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
        self._packed = bytearray()
        self._lengths: list[int] = []

    def add(self, chunks: Iterable[bytes]) -> dict[str, int]:
        """Take the bytes of one buffer in; return what stands for it in the JSON.

        Raises
        ------
        TooLargeError
            As soon as all that was added is larger than the limit.
        """
        length = 0
        for chunk in chunks:
            self._packed += self._compressor.compress(chunk)
            length += len(chunk)
            size = len(self._packed) * 4 / 3
            if size > self._limit:
                added = sum(self._lengths) + length
                raise TooLargeError(size * max(1.0, self._expected / added))
        self._lengths.append(length)
        return {"$b": len(self._lengths) - 1}

    def lift(self, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
        """Return `value` with every bytes object taken in, and what stands for it in its place."""
        match value:
            case bytes():
                return self.add([value])
            case dict():
                return {key: self.lift(item) for key, item in value.items()}
            case list():
                return [self.lift(item) for item in value]
            case _:
                return value

    def finish(self) -> dict[str, Any]:
        """Return the buffers as JSON values; nothing can be added any more."""
        packed = bytes(self._packed) + self._compressor.flush()
        return {"lengths": self._lengths, "blobs": base64.b64encode(packed).decode("ascii")}


def json_for_script(data: Any) -> str:  # noqa: ANN401  (any JSON value)
    """Return JSON that no text in it can end the script element of."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
