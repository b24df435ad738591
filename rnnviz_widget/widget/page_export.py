"""The ways in which a widget becomes a page."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Unpack

if TYPE_CHECKING:
    import os

    from rnnviz_widget.export import Fragment, Frame, SavedPage
    from rnnviz_widget.export.site import SavedSite
    from rnnviz_widget.widget.publishing import Choice, Publisher, SiteChoice


class PageExport:
    """Gives pages to a widget that can tell what it shows."""

    @abstractmethod
    def _publisher(self) -> Publisher:
        """Return what makes pages of what is now shown."""

    def save_html(
        self, path: str | os.PathLike[str], *, overwrite: bool = False, **choice: Unpack[Choice]
    ) -> SavedPage:
        """Write one self-contained HTML file; say how large it is.

        It needs neither network nor kernel: slider, hover, keyboard and chart work in any browser
        of 2023 or later (it uses `DecompressionStream`). It opens as the widget now is.

        Parameters
        ----------
        path : path
            The file; an older page of this package is replaced once all is written.
        overwrite : bool
            Replace any other file too.
        title, caption, source : str
            Plain text: the heading (by default the widget's title), a line under the widget, and
            where the text or the model comes from.
        states : str or sequence of str, optional
            States that go in, as shell patterns such as ``"*.c"``; by default all that the widget
            offers.
        units : iterable of int or dict of str to iterable of int, optional
            Units that go in: numbers such as ``[152, 17]``, the same of every state, or numbers by
            state. The slider moves among them. By default all.
        start, stop : int
            Tokens that go in, `stop` not included. Tokens, lines and columns keep their numbers,
            values their colours.
        limit : float
            Most megabytes (10**6 bytes) that the page may have; 25 unless told otherwise.
        live : bool
            Whether the network travels with the page, which then can be edited, and computes the
            values itself; for a widget that was made with a model.

        Returns
        -------
        SavedPage
            `path`, `size` in bytes, and in words what is shown; usable as a path.

        Raises
        ------
        FileExistsError
            If there is a file at `path` that is no page of this package.
        ValueError
            If the page would be larger than `limit` (the message says how large, and what lowers
            it), or the choice is not one that the trace allows.
        """
        return self._publisher().page(**choice).save(path, overwrite=overwrite)

    def save_site(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: bool | None = None,
        **choice: Unpack[SiteChoice],
    ) -> SavedSite:
        """Write a static site: a folder of plain files, for a trace that no page could carry.

        Its page opens with the beginning of the text and asks for the rest, and for each unit when
        it is chosen, by ordinary HTTP requests of parts of the files beside it: any web server will
        do, none of ours is needed. From a disk a browser shows only the beginning; the page then
        says how to see the rest.

        Parameters
        ----------
        path : path
            The folder; an older site is replaced in one step once all is written.
        overwrite : bool
            Replace whatever else is there, too.
        progress : bool, optional
            Show a bar over the units; by default where somebody may see it.
        title, caption, source, states, units, start, stop
            As for `save_html`.

        Returns
        -------
        SavedSite
            `path`, the bytes of all files as `size`, and in words what is shown.

        Raises
        ------
        FileExistsError
            If there is something at `path` that is no site of this package.
        ValueError
            If the choice is not one that the trace allows.

        Notes
        -----
        Values are kept in eight bits, as in a page. Next tokens, losses and near-exact values of
        the unit that the page opens on are kept as long as they are at most 16 MiB together.
        """
        return self._publisher().site(path, overwrite=overwrite, progress=progress, **choice)

    def to_html(self, **choice: Unpack[Choice]) -> str:
        """Return the page that `save_html`, which explains the arguments, writes."""
        return self._publisher().page(**choice).html

    def to_iframe(self, *, height: int | None = None, **choice: Unpack[Choice]) -> Frame:
        """Return the page in an iframe, for notebooks that will be published.

        Where a notebook becomes a page (``nbconvert --to html``, ``--to slides``, MyST and Jupyter
        Book, Quarto, nbviewer), a live widget is blank or needs the network; this stays alive. It
        is sandboxed: it can do nothing to the page around it.

        Parameters
        ----------
        height : int, optional
            In CSS pixels; by default what the text needs in a column of ordinary width.
        **choice
            As for `save_html`.
        """
        return self._publisher().frame(height, **choice)

    def fragment(self, **choice: Unpack[Choice]) -> Fragment:
        """Return what this widget brings to a page of several, see `export.page`.

        The arguments are those of `save_html`.
        """
        return self._publisher().fragment(**choice)
