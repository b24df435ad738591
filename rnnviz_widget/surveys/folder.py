"""The finished tasks of a survey on disk, so that a run that was killed can go on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz_widget.trace.exchange import replacing_file

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST = 64  # hexadecimal digits


@dataclass(frozen=True)
class TaskFolder:
    """A folder with a file for each task that is done.

    A file begins with the digest of the task and that of the rest of it. One that is of another
    job, or damaged, counts as none.
    """

    path: Path

    def __post_init__(self) -> None:
        """Make the folder, or refuse what is none of ours.

        Raises
        ------
        FileExistsError
            If there is something else.

        """
        if self.path.exists() and not self._ours():
            msg = f"{str(self.path)!r} is there and is not the work of a survey; it is left alone"
            raise FileExistsError(msg)
        self.path.mkdir(parents=True, exist_ok=True)

    def find(self, index: int, digest: str) -> bytes | None:
        """Return the result of a task, None where it is not there."""
        try:
            data = self._file(index).read_bytes()
        except FileNotFoundError:
            return None
        task, own, result = data[:_DIGEST], data[_DIGEST : 2 * _DIGEST], data[2 * _DIGEST :]
        fits = task == digest.encode() and own == _sha(result)
        return result if fits else None

    def keep(self, index: int, digest: str, result: bytes) -> None:
        """Write the result of a task, in one step."""
        with replacing_file(self._file(index)) as partial:
            partial.write_bytes(digest.encode() + _sha(result) + result)

    def remove(self) -> None:
        """Remove the folder with what is in it."""
        for file in self.path.glob("task-*.bin"):
            file.unlink()
        self.path.rmdir()

    def _file(self, index: int) -> Path:
        return self.path / f"task-{index:08d}.bin"

    def _ours(self) -> bool:
        return self.path.is_dir() and all(
            each.name.lstrip(".").startswith("task-") for each in self.path.iterdir()
        )


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
