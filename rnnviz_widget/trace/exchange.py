"""Putting a new folder or file in the place of an old one, so that one of the two is always there.

A folder is built beside the old one, under a name that says what it is for, is brought to the disk,
and is exchanged with it in one step where the system can (Linux: `renameat2`). Elsewhere the old
one is moved aside first; a run that is killed just then leaves both, and the next one that looks
for it moves it back.

Whoever builds a folder holds a lock on it. One without is what a killed run left.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows: nothing is swept there, since nobody can tell what is in use
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXCHANGE = 2  # RENAME_EXCHANGE of linux/fs.h
_AT_FDCWD = -100
_TRIES = 100
_AT_ONCE = 16


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str], check: Callable[[Path], None], *, overwrite: bool = False
) -> Iterator[Path]:
    """Give a fresh folder beside `path` that takes its place when the block ends without error.

    The name `path` is bound to the old folder or to the new one, never to a half-written one. What
    killed runs left beside it is removed, and told as a warning.

    Parameters
    ----------
    path
        The folder to be.
    check
        Called with what is at `path`, if there is anything, before the block and after it; raises
        where that must not be replaced.
    overwrite
        Replace it whatever it is.

    Raises
    ------
    FileNotFoundError
        If the folder that is to hold `path` does not exist.
    """
    target = Path(path).resolve()

    def refuse_others() -> None:
        if not overwrite and os.path.lexists(target):
            check(target)

    refuse_others()
    if not target.parent.is_dir():
        msg = f"path {str(path)!r} lies in a folder that does not exist: {str(target.parent)!r}"
        raise FileNotFoundError(msg)
    restore(target)
    sweep(target)
    fresh, lock = _build_beside(target)
    try:
        yield fresh
        refuse_others()
        sync(fresh)
        _take_place(fresh, target)
        _sync_file(target.parent)
    finally:
        _remove(fresh)  # the old one, or what was not finished
        if lock is not None:
            os.close(lock)


def leftovers(target: Path) -> tuple[Path, ...]:
    """Return the folders that killed runs left beside `target`, the latest first."""
    pattern = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{8}\.new")
    with contextlib.suppress(OSError):
        found = [each for each in target.parent.iterdir() if pattern.fullmatch(each.name)]
        return tuple(sorted(filter(_is_left, found), key=_changed, reverse=True))
    return ()


def sweep(target: Path) -> None:
    """Remove what killed runs left beside `target`; warn of what that was."""
    for folder in leftovers(target):
        size = sum(each.lstat().st_size for each in folder.rglob("*"))
        shutil.rmtree(folder, ignore_errors=True)
        warnings.warn(
            f"removed {str(folder)!r} ({size / 1e6:,.1f} MB), which a run that was killed had left",
            stacklevel=4,
        )


def restore(target: Path) -> None:
    """Move back what was moved aside by a run that was killed before the new one was in place."""
    pattern = re.compile(re.escape(f".{target.name}.") + r"[0-9a-f]{8}\.old")
    with contextlib.suppress(OSError):
        aside = [each for each in target.parent.iterdir() if pattern.fullmatch(each.name)]
        for each in sorted(aside, key=_changed, reverse=True):
            if os.path.lexists(target):
                _remove(each)
            else:
                each.rename(target)


def sync(folder: Path) -> None:
    """Return when a folder and all in it are on the disk, not only in the system's memory."""
    files, folders = [], []
    for root, _, names in os.walk(folder):
        folders.append(Path(root))
        files += [Path(root, name) for name in names]
    with ThreadPoolExecutor(_AT_ONCE) as threads:  # the disk takes several at once
        for paths in (files, folders):
            list(threads.map(_sync_file, paths))


@contextlib.contextmanager
def replacing_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a name beside `path`; the file that the block writes there takes its place at the end.

    After an error `path` is as it was, and nothing is left.
    """
    target = Path(path)
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        yield fresh
        _sync_file(fresh)
        if target.exists():
            shutil.copymode(target, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _build_beside(target: Path) -> tuple[Path, int | None]:
    """Return a new folder beside `target`, and the lock that says it is in use."""
    while True:
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
        fresh.mkdir()
        if fcntl is None:
            return fresh, None
        lock = os.open(fresh, os.O_RDONLY)
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if fresh.exists():  # nobody took it for a leftover before it was locked
            return fresh, lock
        os.close(lock)


def _is_left(folder: Path) -> bool:
    """Whether nobody is building a folder any more."""
    if fcntl is None or not stat.S_ISDIR(folder.lstat().st_mode):
        return False
    try:
        with held(folder):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep others from taking a folder for a leftover.

    Raises
    ------
    OSError
        If somebody else does so.
    """
    if fcntl is None:
        yield
        return
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _changed(path: Path) -> int:
    return path.lstat().st_mtime_ns


def _take_place(fresh: Path, target: Path) -> None:
    """Bind the name `target` to `fresh`; what was there, if anything, is then called `fresh`."""
    for _ in range(_TRIES):  # others may do the same meanwhile
        try:
            if not os.path.lexists(target):
                fresh.rename(target)
            elif not exchanged(fresh, target):
                _move_aside(fresh, target)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            return
    msg = f"path {str(target)!r} is replaced by another process again and again"
    raise OSError(msg)


def exchanged(one: Path, other: Path) -> bool:
    """Exchange what two names are bound to, in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):  # the kernel, or this file system
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


def _move_aside(fresh: Path, target: Path) -> None:
    """Replace `target` in two steps; after the first, `restore` finds the old one."""
    aside = fresh.with_suffix(".old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.rename(target)
        raise
    aside.rename(fresh)


def _remove(path: Path) -> None:
    """Remove a folder or a file, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync_file(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk, where the system lets us."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
