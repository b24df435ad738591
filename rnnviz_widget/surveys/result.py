"""What `survey` returns: findings that can be saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnviz_widget.surveys.report import Findings
from rnnviz_widget.surveys.site import write_site
from rnnviz_widget.surveys.store import load, save

if TYPE_CHECKING:
    import os
    from pathlib import Path


class Survey(Findings):
    """Every unit of a network over a corpus; see `survey` and `Findings`."""

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the survey as a Zarr v3 folder; one that is there is replaced in one step.

        Its exact rankings are not kept, but what they say is.

        Parameters
        ----------
        path : str or path-like
            The folder to be, by custom ending in ``.zarr``.
        overwrite : bool
            Replace what is there even where it is not a survey.

        Raises
        ------
        FileExistsError
            If something else is there.

        """
        save(self, path, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Survey:
        """Return the survey saved at `path`; torch is not needed.

        Parameters
        ----------
        path : str or path-like
            What `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is nothing.
        ValueError
            If it is not a survey, or a damaged one.

        """
        return cls(**load(path))

    def to_site(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        home: tuple[str, str] | None = None,
    ) -> Path:
        """Write an atlas: plain files, a table of all units and a page for each; return its index.

        It needs no server and no network: it works from a disk, and on any host for static files.
        The table can be searched and sorted; a link holds what was asked.

        Parameters
        ----------
        path : str or path-like
            The folder to be; an older atlas there is replaced in one step.
        overwrite : bool
            Replace what is there even where it is not an atlas.
        home : (str, str), optional
            Where a link above the table leads, and its words: to the page that the atlas is part
            of.

        Raises
        ------
        FileExistsError
            If something else is there.

        """
        return write_site(self, path, overwrite=overwrite, home=home)
