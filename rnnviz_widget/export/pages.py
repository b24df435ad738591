"""A page of its own: one HTML file, the code in it once, however many widgets it shows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rnnviz_widget.escaping import for_terminal
from rnnviz_widget.export.documents import document
from rnnviz_widget.export.policy import content_policy
from rnnviz_widget.export.still import escape
from rnnviz_widget.trace.exchange import replacing_file

if TYPE_CHECKING:
    from collections.abc import Sequence

STATIC = Path(__file__).parents[1] / "static"
"""Where the build puts the frontend."""

LIMIT = 25.0
"""Megabytes that a page may have unless told otherwise: what mail and course servers take."""

_BODY = """\
<main>
{heading}{fragments}
{notes}</main>
{pieces}"""

_OWN, _FRAMED = "rnnviz-body", "rnnviz-body rnnviz-framed"

_MARKS = (b'<body class="rnnviz-body', b'<body class="lecture')  # of pages of all versions
_HEAD_BYTES = 2**22  # the code stands before

# Text that is not run. The code looks for it when it is asked for what is in it.
_PIECE = '<script type="application/json" data-rnnviz-piece="{key}">{data}</script>'

# What stands beside the data is there until the script, where one may run, puts the widget there.
_FRAGMENT = """\
<figure class="rnnviz-figure">{heading}
<div class="rnnviz-page"><script type="application/json" data-rnnviz>{data}</script>
<div>{still}
<p class="rnnviz-caption">{words}</p></div></div>{notes}
{pieces}</figure>"""


@dataclass(frozen=True, repr=False)
class Fragment:
    """What one widget brings to a page; the page brings the code.

    Attributes
    ----------
    title, caption, source
        Plain text above and below the widget.
    words
        What is shown, in a sentence.
    data
        JSON that the code opens with.
    height
        About how many CSS pixels it needs in a column of ordinary width.
    still
        HTML of the opening picture, for where no script may run.
    live
        Whether a network runs in it: the page then has the program for it, see `head`.
    pieces
        JSON texts that the code asks for later, see `pieces_of`.
    key
        Names them.
    """

    title: str
    caption: str
    source: str
    words: str
    data: str
    height: int
    still: str = ""
    live: bool = False
    pieces: tuple[str, ...] = ()
    key: str = ""

    @property
    def html(self) -> str:
        """The element to put into a page of one's own that has `head()` in it once."""
        return self._element("h2", pieces_of([self]))

    def with_heading(self, tag: str) -> str:
        """Return the element with its title as a heading; without one where `tag` is empty.

        What `pieces_of` returns must stand at the end of the page.
        """
        return self._element(tag, "")

    def _element(self, tag: str, pieces: str) -> str:
        return _FRAGMENT.format(
            heading=_element(tag, "rnnviz-heading", self.title) if tag else "",
            data=self.data,
            still=self.still,
            words=escape(self.words),
            notes=_notes("figcaption", self.caption, self.source),
            pieces=pieces,
        )

    def __repr__(self) -> str:
        """Say what is shown and how large it is."""
        size = len(self.data) + sum(map(len, self.pieces))
        return for_terminal(f"Fragment of {size / 1e6:.2f} MB: {self.words}")


class PageItem(Protocol):
    """What can be shown on a page: a widget."""

    def fragment(self, *, limit: float) -> Fragment:
        """Return what it brings to a page of at most `limit` megabytes."""


@dataclass(frozen=True, repr=False)
class SavedPage(os.PathLike[str]):
    """A page on disk; it can be used wherever a path can.

    Attributes
    ----------
    path
        The file.
    size
        Its bytes.
    words
        What it shows.
    """

    path: Path
    size: int
    words: str

    def __fspath__(self) -> str:
        """Return the path."""
        return os.fspath(self.path)

    def __repr__(self) -> str:
        """Say where the page is, how large, and what it shows."""
        return for_terminal(f"{self.path} ({self.size / 1e6:.2f} MB): {self.words}")


@dataclass(frozen=True, repr=False)
class Page:
    """A self-contained HTML page: no kernel, no network, any browser of 2023 or later.

    Attributes
    ----------
    html
        All of it.
    title
        Its title.
    words
        What it shows, in a sentence for each widget.
    """

    html: str
    title: str
    words: str

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.html.encode())

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> SavedPage:
        """Write the page to `path`, replacing an older one only once all is written.

        Raises
        ------
        FileExistsError
            If there is a file at `path` that is no page of this package, unless `overwrite`.
        """
        target = Path(path)
        if not overwrite:
            refuse_to_replace(target)
        data = self.html.encode()
        with replacing_file(target) as fresh:
            fresh.write_bytes(data)
        return SavedPage(target, len(data), self.words)

    def __repr__(self) -> str:
        """Say how large the page is, and what it shows."""
        return for_terminal(f"Page of {self.size / 1e6:.2f} MB: {self.words}")


def page(
    shown: PageItem | Fragment | Iterable[PageItem | Fragment],
    *,
    title: str | None = None,
    caption: str = "",
    source: str = "",
    limit: float = LIMIT,
) -> Page:
    """Return one page of one or several widgets, which share one copy of the code.

    Parameters
    ----------
    shown : PageItem, Fragment or iterable of PageItem or Fragment
        Widgets as they now are, or what their `fragment` method chose of them.
    title, caption, source : str
        Plain text for the page: its heading, what stands under the widgets, and where the text or
        the model comes from. A single widget's own title is the page's.
    limit : float
        Most megabytes (10**6 bytes) that the page may have.

    Raises
    ------
    ValueError
        If the page would be larger than `limit`, or shows nothing.

    Examples
    --------
    >>> rnnviz.page([quotes, lines.fragment(stop=2000)], title="Two cells").save("cells.html")
    cells.html (1.84 MB): ...
    """
    items = list(shown) if isinstance(shown, Iterable) else [shown]
    if not items:
        msg = "a page must show at least one widget, got none"
        raise ValueError(msg)
    fragments = [_as_fragment(item, limit) for item in items]
    if title is None:
        title = fragments[0].title if len(fragments) == 1 else ""
    return _assemble(fragments, title, _notes("footer", caption, source), limit, _OWN)


def framed(fragment: Fragment, limit: float = LIMIT) -> Page:
    """Return a page of one widget that is to be shown inside another page."""
    return _assemble([fragment], fragment.title, "", limit, _FRAMED)


def _assemble(
    fragments: Sequence[Fragment], title: str, notes: str, limit: float, body: str
) -> Page:
    live = any(fragment.live for fragment in fragments)
    code = head(live=live)
    result = Page(
        layout(
            fragments,
            title,
            notes=notes,
            head=code,
            policy=content_policy(code, live=live),
            body=body,
        ),
        title,
        "\n".join(fragment.words for fragment in fragments),
    )
    if result.size > limit * 1e6:
        msg = (
            f"the page would be {result.size / 1e6:.1f} MB, over limit={limit:g} MB; show fewer "
            "widgets, choose less of them with fragment(units=, states=, start=, stop=), or raise "
            "limit="
        )
        raise ValueError(msg)
    return result


def layout(
    fragments: Sequence[Fragment],
    title: str,
    *,
    head: str,
    policy: str,
    notes: str = "",
    body: str = _OWN,
) -> str:
    """Return the HTML of a page of fragments.

    Parameters
    ----------
    head, policy
        What stands in its head, and what that may do, see `content_policy`.
    notes
        HTML under the fragments.
    body
        Classes of its body.
    """
    tag = "" if len(fragments) == 1 and title == fragments[0].title else "h2"
    content = _BODY.format(
        heading=_element("h1", "rnnviz-heading", title),
        fragments="\n".join(fragment.with_heading(tag) for fragment in fragments),
        notes=notes,
        pieces=pieces_of(fragments),
    )
    return document(title or "Hidden units", content, head=head, policy=policy, classes=body)


def refuse_to_replace(path: Path) -> None:
    """Refuse a place at which there is something that is no page of this package.

    Raises
    ------
    FileExistsError
        If there is.
    """
    if path.exists() and not is_page(path):
        msg = (
            f"path {str(path)!r} holds something that is no page of rnnviz; it is left alone "
            "(--force, or overwrite=True, replaces it)"
        )
        raise FileExistsError(msg)


def is_page(path: Path) -> bool:
    """Whether a file is a page that this package wrote, or empty."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(_HEAD_BYTES)
    return not start or any(mark in start for mark in _MARKS)


def pieces_of(fragments: Iterable[Fragment]) -> str:
    """Return what stands at the end of a page of fragments: what none of them opens with.

    Elements of text that is not run. Of fragments that are alike it is there once.
    """
    alike = {fragment.key: fragment.pieces for fragment in fragments}
    return "\n".join(
        _PIECE.format(key=key, data=data) for key, pieces in alike.items() for data in pieces
    )


def head(*, live: bool = False) -> str:
    """Return the style and the code that all fragments of a page share, for a page of one's own.

    Parameters
    ----------
    live
        Whether to add the program that runs networks, for fragments that are live.
    """
    code = (STATIC / "page.js").read_text(encoding="utf-8")
    # At once, not when all has been read: it draws what is there already.
    scripted = f'{style()}\n<script type="module" async>{code}</script>'
    if not live:
        return scripted
    # Text, not run where it stands: it is started from a blob, there and in a worker.
    engine = [f'<script type="text/plain" data-rnnviz-engine>{p}</script>' for p in programs()]
    return "\n".join([scripted, *engine])


def programs() -> list[str]:
    """Return the sources of what runs a network: what opens it, and what is loaded when used."""
    return [(STATIC / name).read_text(encoding="utf-8") for name in ("network.js", "more.js")]


def style() -> str:
    """Return the style that all pages have."""
    css = (STATIC / "widget.css").read_text(encoding="utf-8")
    return f"<style>{css}</style>"


def _as_fragment(item: PageItem | Fragment, limit: float) -> Fragment:
    if isinstance(item, Fragment):
        return item
    if not hasattr(item, "fragment"):
        msg = f"a page shows widgets and fragments of widgets, got {type(item).__name__}"
        raise TypeError(msg)
    return item.fragment(limit=limit)


def _notes(tag: str, caption: str, source: str) -> str:
    """Return what stands under a widget or a page, if there is anything."""
    notes = _element("p", "rnnviz-caption", caption)
    notes += _element("p", "rnnviz-source", source and f"Source: {source}")
    return f"\n<{tag}>{notes}</{tag}>" if notes else ""


def _element(tag: str, name: str, text: str) -> str:
    return f'<{tag} class="{name}">{escape(text)}</{tag}>' if text else ""
