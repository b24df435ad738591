"""An atlas: a survey as plain files, a table of all units and a page for each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.coloured import coloured_text, escape
from rnnviz_widget.export import content_policy, document, style_sheet
from rnnviz_widget.tables import html_facts
from rnnviz_widget.trace.exchange import replacing

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.surveys.report import Findings
    from rnnviz_widget.surveys.rows import UnitRow

INDEX = "index.html"
_MARK = '<meta name="generator" content="rnnviz atlas">'
_HERE = Path(__file__).parent
_PALETTE = "red-blue"
_SORTS = {"highest": "Highest", "lowest": "Lowest", "changes": "Changes most"}
_BARS = 48  # of a histogram
_WIDTH, _HEIGHT, _FOOT = 640, 120, 20
_SHADE = re.compile(r'<span style="(background:#[0-9a-f]{6};color:#[0-9a-f]{6})">')

_COLUMNS = (
    # name, words, class of the cells
    ("unit", "unit", ""),
    ("label", "nearest label", ""),
    ("score", "held out", "number"),
    ("shown", "shown", ""),
    ("mean", "mean", "number optional"),
    ("spread", "spread", "number optional"),
    ("saturated", "saturated", "number optional"),
    ("kind", "kind", "optional"),
)


def write_site(
    found: Findings,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    home: tuple[str, str] | None = None,
) -> Path:
    """Write an atlas, replacing an older one only once all is written; return its index."""
    names = _file_names(found.units)
    with replacing(path, recognise, overwrite=overwrite) as folder:
        (folder / "units").mkdir()
        for i, row in enumerate(found.units):
            around = (names[i - 1] if i else "", names[i + 1] if i + 1 < len(names) else "")
            _write(folder / "units" / names[i], row.name, _unit(found, row, around))
        _write(folder / INDEX, found.title or "Atlas of units", _index(found, names, home))
    return Path(path) / INDEX


def recognise(path: Path) -> None:
    """Refuse what is at a path where it is anything but an atlas.

    Raises
    ------
    FileExistsError
        If it is.

    """
    if not is_atlas(path):
        msg = (
            f"path {str(path)!r} holds something that is not an atlas; it is left alone "
            "(overwrite=True replaces it)"
        )
        raise FileExistsError(msg)


def is_atlas(path: Path) -> bool:
    """Whether there is an atlas at a path, and nothing else."""
    try:
        text = (path / INDEX).read_text(encoding="utf-8")
        return _MARK in text and {each.name for each in path.iterdir()} <= {INDEX, "units"}
    except (OSError, UnicodeError):
        return False


def _write(path: Path, title: str, body: str) -> None:
    code = (_HERE / "atlas.js").read_text("utf-8")
    body, shades = _with_shades(body)
    styles = f"{style_sheet(_HERE / 'atlas.css')}\n<style>{shades}</style>"
    head = f'{styles}\n<script type="module">{code}</script>'
    page = document(title, body, head=head, policy=content_policy(head), mark=_MARK)
    path.write_text(page, encoding="utf-8")


def _with_shades(body: str) -> tuple[str, str]:
    """Return HTML whose colours are classes in place of styles, and the rules of these classes.

    A page has thousands of coloured letters, in a few dozen colours.
    """
    names: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        name = names.setdefault(match[1], f"s{len(names)}")
        return f'<span class="{name}">'

    body = _SHADE.sub(named, body)
    return body, "".join(f".{name}{{{style}}}" for style, name in names.items())


def _index(found: Findings, names: Sequence[str], home: tuple[str, str] | None) -> str:
    address, words = home or ("", "")
    above = f'<nav aria-label="pages"><a href="{escape(address)}">{escape(words)}</a></nav>\n'
    heads = "".join(
        f'<th scope="col" data-column="{name}"{_of_class(kind)}><button type="button">{words}'
        "</button></th>"
        for name, words, kind in _COLUMNS
    )
    rows = "\n".join(_row(row, name) for row, name in zip(found.units, names, strict=True))
    return f"""\
{above if home else ""}<header>
<h1>{escape(found.title or "Atlas of units")}</h1>
<p class="quiet">{escape(found.note)}.</p>
</header>
<main>
<h2>What units follow</h2>
<div class="wide" tabindex="0" role="region" aria-label="labels">{html_facts(found.facts())}</div>
<h2>All units</h2>
<div class="search" hidden><label for="find">Search</label>
<input id="find" type="search" autocomplete="off" placeholder="a unit, a label, a kind">
<output for="find" class="quiet"></output></div>
<div class="wide" tabindex="0" role="region" aria-label="units"><table class="units">
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div>
<p class="quiet">A unit is chosen for a label, with its sign, on one part of the corpus, and scored
on the other. "Shown" are those whose whole 95 % interval lies above chance and every other control;
of all others nothing is claimed.</p>
</main>"""


def _row(row: UnitRow, name: str) -> str:
    best = row.best
    score = "" if best is None else best.words
    value = "" if best is None else f' data-value="{2 * best.held_out - (best.metric == "AUC")}"'
    claimed = ' class="claimed"' if row.claimed else ""
    saturated = row.low + row.high
    return (
        f'<tr><td><a href="units/{name}">{escape(row.name)}</a></td>'
        f"<td{claimed}>{escape(best.label) if best else ''}</td>"
        f'<td class="number"{value}>{escape(score)}</td><td>{"yes" if row.claimed else ""}</td>'
        f'<td class="number optional">{row.mean:.3f}</td>'
        f'<td class="number optional">{row.spread:.3f}</td>'
        f'<td class="number optional" data-value="{saturated}">{100 * saturated:.0f} %</td>'
        f'<td class="optional">{escape(row.kind)}</td></tr>'
    )


def _unit(found: Findings, row: UnitRow, around: tuple[str, str]) -> str:
    column = found.columns.index((row.state, row.unit))
    links = "".join(
        f'<a class="{way}" href="{name}">{arrow}</a>'
        for way, name, arrow in zip(
            ("previous", "next"), around, ("\u2190 previous unit", "next unit \u2192"), strict=True
        )
        if name
    )
    facts = [
        ("mean and spread", f"{row.mean:.4f}, {row.spread:.4f}"),
        ("saturated", f"{100 * row.low:.1f} % low, {100 * row.high:.1f} % high"),
        ("kind of memory", row.kind or "not asked"),
    ]
    if row.missing:
        facts.append(("missing", f"{100 * row.missing:.2f} %"))
    limit = float(found.limits[column])
    strip = coloured_text(list(found.sample), found.strips[column] / limit, _PALETTE)
    return f"""\
<nav aria-label="pages"><a href="../{INDEX}">All units</a>{links}</nav>
<main>
<h1>{escape(row.name)}</h1>
<p>{escape(_sentence(row.finding))}</p>
{html_facts(facts)}
<h2>Where it is extreme</h2>
<p class="quiet">Red is high, blue is low. These places were chosen for being extreme: they suggest,
and prove nothing.</p>
<div class="wide" tabindex="0" role="region" aria-label="contexts"><table class="contexts"><tbody>
{"".join(_contexts(found, row, limit))}
</tbody></table></div>
<h2>Labels</h2>
<div class="wide" tabindex="0" role="region" aria-label="labels">{_scores(row)}</div>
<h2>Its values</h2>
{_histogram(found.edges[column], found.counts[column])}
<h2>On a text of the corpus</h2>
<pre class="strip" tabindex="0">{strip}</pre>
</main>"""


def _contexts(found: Findings, row: UnitRow, limit: float) -> Iterator[str]:
    for sort, words in _SORTS.items():
        yield f'<tr><th colspan="3" scope="colgroup">{words}</th></tr>'
        for each in found.contexts(row.state, row.unit, sort):
            number = f"{each.change:+.3f}" if sort == "changes" else f"{each.value:.3f}"
            place = f"{_short(found.texts[each.trace])} {each.line:,}:{each.column:,}"
            line = each.html(limit, _PALETTE)
            cells = f'<td>{escape(place)}</td><td class="number">{number}</td><td>{line}</td>'
            yield f"<tr>{cells}</tr>"


def _scores(row: UnitRow) -> str:
    if not row.scores:
        return "<p>No label varies, or the unit is not a number somewhere.</p>"
    rows = "".join(
        f"<tr><td>{escape(score.label)}</td><td>{escape(score.state)}</td>"
        f'<td class="number">{score.score:.3f}</td><td class="number">{escape(score.words)}</td>'
        f"<td>{'high' if score.sign > 0 else 'low'}</td><td>{'yes' if score.claimed else ''}</td>"
        "</tr>"
        for score in row.scores
    )
    heads = "".join(
        f"<th scope='col'>{words}</th>"
        for words in ("label", "by", "where chosen", "held out", "where it holds", "shown")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _histogram(edges: NDArray[np.float32], counts: NDArray[np.int64]) -> str:
    """Return a drawing of how often the unit has which value, its ends cut off at 0.1 %."""
    low, high = float(edges[0]), float(edges[-1])
    if not low < high:
        return f"<p>It has the value {low:.4f} almost everywhere.</p>"
    cuts = np.linspace(low, high, _BARS + 1)
    # What is below each cut, as if a bin's tokens lay evenly between its edges.
    places, kept = np.unique(edges, return_index=True)
    below = np.cumsum(counts)[np.append(kept[1:] - 1, len(edges) - 1)]
    shares = np.diff(np.interp(cuts, places, below)) / max(1, counts.sum())
    top = max(float(shares.max()), 1e-9)
    width = _WIDTH / _BARS
    bars = "".join(
        f"M{i * width:.1f} {_HEIGHT}v{-_HEIGHT * share / top:.1f}h{width - 1:.1f}"
        f"v{_HEIGHT * share / top:.1f}z"
        for i, share in enumerate(shares)
    )
    foot = _HEIGHT + _FOOT - 5
    said = f"values from {low:.3f} to {high:.3f}"
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" '
        f'aria-label="{said}"><path d="{bars}"/><line x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" '
        f'y2="{_HEIGHT}"/><text x="0" y="{foot}">{low:.3f}</text><text x="{_WIDTH}" y="{foot}" '
        f'text-anchor="end">{high:.3f}</text></svg>'
    )


def _file_names(rows: Sequence[UnitRow]) -> list[str]:
    """Return a file name for each unit: its own, in plain letters, unlike all others."""
    seen: set[str] = set()
    names = []
    for i, row in enumerate(rows):
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", row.state)[:100].lstrip(".")
        name = f"{plain}-{row.unit}"
        if name.lower() in seen or not plain:
            name = f"{name}-{i}"
        seen.add(name.lower())
        names.append(f"{name}.html")
    return names


def _short(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _of_class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
