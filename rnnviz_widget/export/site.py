"""A static site: a small page, its program, and beside them the values that it asks for."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz_widget.escaping import for_terminal
from rnnviz_widget.export.pages import STATIC, layout, style
from rnnviz_widget.export.policy import content_policy
from rnnviz_widget.trace import exchange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rnnviz_widget.export.pages import Fragment

INDEX, PROGRAM = "index.html", "site.js"

MARK = '<meta name="generator" content="rnnviz site">'
"""What the page of a site has in it, so that it is known again."""

_OURS = re.compile(
    r"index\.html|site\.js"
    r"|data-[0-9a-f]{16}/(zarr\.json"
    r"|(buffers|values)(/\d+)?/zarr\.json|buffers/\d+/c/\d+|values/\d+/c/\d+/\d+)"
)


@dataclass(frozen=True, repr=False)
class SavedSite(os.PathLike[str]):
    """A site on disk; it can be used wherever a path can.

    Attributes
    ----------
    path
        The folder.
    size
        The bytes of all its files.
    words
        What it shows.
    """

    path: Path
    size: int
    words: str

    @property
    def index(self) -> Path:
        """Its page."""
        return self.path / INDEX

    def __fspath__(self) -> str:
        """Return the path."""
        return os.fspath(self.path)

    def __repr__(self) -> str:
        """Say where the site is, how large, and what it shows."""
        return for_terminal(f"{self.path} ({self.size / 1e6:.2f} MB): {self.words}")


@contextmanager
def replacing_site(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a fresh folder that takes the place of `path` when the block ends without error.

    Raises
    ------
    FileExistsError
        If there is something at `path` that is no site of this package, unless `overwrite`.
    """
    with exchange.replacing(path, recognise_site, overwrite=overwrite) as folder:
        yield folder


def recognise_site(path: Path) -> None:
    """Refuse what is at `path` where it is anything but an empty folder or a site.

    Raises
    ------
    FileExistsError
        Naming what else is there.
    """
    if path.is_dir() and not path.is_symlink():
        names = sorted(
            each.relative_to(path).as_posix()
            for each in path.rglob("*")
            if each.is_symlink() or not each.is_dir()
        )
        index = path / INDEX
        ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")
        others = [name for name in names if not (ours and _OURS.fullmatch(name))]
        if not others:
            return
        found = repr(others[0]) + (f" and {len(others) - 1:,} more" if len(others) > 1 else "")
        what = f"a site and something else, {found}" if ours else "something that is no site"
    else:
        what = "something that is no folder"
    msg = (
        f"path {str(path)!r} holds {what}; it is left alone (--force, or overwrite=True, replaces "
        "all of it)"
    )
    raise FileExistsError(msg)


def write_site_page(folder: Path, fragment: Fragment) -> None:
    """Write the page of a site, and the program that it runs.

    Parameters
    ----------
    folder
        Where; what the page asks for lies there too.
    fragment
        What it opens with.
    """
    head = f'{style()}\n{MARK}\n<script async src="{PROGRAM}"></script>'
    policy = content_policy(head, beside=True)
    html = layout([fragment], fragment.title, head=head, policy=policy)
    (folder / INDEX).write_text(html, encoding="utf-8")
    (folder / PROGRAM).write_bytes((STATIC / PROGRAM).read_bytes())


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
