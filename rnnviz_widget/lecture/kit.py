"""`write_lecture`: the folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.escaping import listed
from rnnviz_widget.export.pages import is_page
from rnnviz_widget.lecture.atlas import ATLAS, write_atlas
from rnnviz_widget.lecture.demos import DEMOS
from rnnviz_widget.lecture.materials import Materials
from rnnviz_widget.lecture.pages import INDEX, MARK, KitPage, demo_page, index_page
from rnnviz_widget.progress import Bar
from rnnviz_widget.surveys.site import is_atlas

if TYPE_CHECKING:
    import os


def write_lecture(
    folder: str | os.PathLike[str], *, progress: bool | None = None
) -> tuple[Path, int]:
    """Write all demos and an index of them; return the index and the bytes of all files.

    Beside them an atlas of the prose model, of the texts of its demos. Each page is written whole
    or not at all, and the index last: an interruption leaves pages that work. In the folder of
    an earlier kit they are replaced.

    Parameters
    ----------
    folder : path
        New, empty, or with an earlier kit in it.
    progress : bool, optional
        Show a bar over the pages.

    Raises
    ------
    ValueError
        If the folder holds anything else.
    """
    folder = Path(folder)
    _check(folder)
    folder.mkdir(parents=True, exist_ok=True)
    materials = Materials()
    saved = []
    with Bar(DEMOS, desc="demos", unit="page", disable=progress is False) as bar:
        for demo in bar:
            bar.set_postfix_str(demo.name)
            shown = demo.build(materials)
            page = demo_page(demo, shown, DEMOS, shown.model)
            saved.append(KitPage(demo, shown, page.save(folder / f"{demo.name}.html")))
    atlas = write_atlas(materials.prose, folder)
    models = dict.fromkeys(one.shown.model for one in saved)
    index = index_page(saved, models, atlas.link).save(folder / INDEX)
    return index.path, index.size + sum(one.page.size for one in saved) + atlas.size


def _check(folder: Path) -> None:
    """Refuse a place whose files a kit would be mixed with, or would replace."""
    if not folder.exists():
        return
    if not folder.is_dir():
        msg = f"folder must be a folder, got the file {folder}"
        raise ValueError(msg)
    index = folder / INDEX
    kit = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")
    own = {f"{demo.name}.html": is_page for demo in DEMOS}  # of a kit that was interrupted
    own[ATLAS] = is_atlas
    foreign = sorted(
        path.name for path in folder.iterdir() if not own.get(path.name, lambda _: kit)(path)
    )
    if foreign:
        more = ", ..." if len(foreign) > 3 else ""  # noqa: PLR2004
        msg = (
            "folder must be new, empty, or one that an earlier kit is in; got "
            f"{folder} with {listed(foreign[:3])}{more}"
        )
        raise ValueError(msg)
