"""The HTML of the kit's pages and of its index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import rnnviz_widget as rnnviz
from rnnviz_widget import palettes
from rnnviz_widget.charlm import read_card
from rnnviz_widget.export import Page, content_policy, document, head, pieces_of, style_sheet
from rnnviz_widget.export.still import escape
from rnnviz_widget.lecture.film import film
from rnnviz_widget.quantise import quantise
from rnnviz_widget.tables import html_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rnnviz_widget.export import SavedPage
    from rnnviz_widget.lecture.demo import Demo, DemoContent

INDEX = "index.html"
MARK = '<meta name="generator" content="rnnviz lecture">'
"""What the index of a kit has in it, so that it is known again."""

TITLE = "Hidden units as counters"

_CSS = Path(__file__).with_name("lecture.css")
_KEYS = Path(__file__).with_name("keys.js")
_STRIP = 160  # colours in the strip of a card
_STRIP_TOKENS = 960  # tokens that it shows

_DEMO = """\
<nav aria-label="pages"><a href="{index}">All demos</a>{links}</nav>
<main>
<h1>{title}</h1>
<p>{about}</p>
<details class="notes"><summary>Speaker's notes</summary>
<p class="ask">{ask}</p>
<p class="do">{do}</p>
</details>
{fragments}
{film}
{measured}
</main>
<footer><p>{model}</p></footer>
{pieces}"""

_INDEX = """\
<header>
<h1>{title}</h1>
<p>A recurrent network that has only ever learned to predict the next character grows hidden units
with a meaning. These pages show some of them. They need no network, no Python and no installation:
this folder is all there is, and every page is a single file.</p>
</header>
<main>
<ol class="demos" data-way="next">
{cards}
</ol>
{atlas}
<h2>Keys, on every page</h2>
<dl>
<dt><kbd>.</kbd> <kbd>,</kbd></dt><dd>next and previous page</dd>
<dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next and previous unit</dd>
<dt><kbd>s</kbd></dt><dd>to the next span of the label</dd>
<dt><kbd>g</kbd></dt><dd>hide what stands ahead of the cursor, and let the class guess</dd>
<dt><kbd>l</kbd></dt><dd>large type, with the sign of every value</dd>
<dt><kbd>?</kbd></dt><dd>all keys</dd>
</dl>
<h2>What the scores are</h2>
<p>A page opens on the unit that was chosen for its label on the validation blocks of the model's
corpus; its score there is that of the test blocks. Where no unit may be said to follow a label, as
depth in C and the end of the line, it opens on the best one of another text of the kit. Beside it
stands its score on the text you see, which was written for this project; no network was trained on
it. AUC is the chance that the unit
tells a character inside from one outside (0.5: no better than a coin), Spearman's correlation says
how well its order is that of a number. Chance is what the best of all units reaches on a label that
has nothing to do with the text. Readable is not the same as used.</p>
</main>
<footer>{models}
<p>Made by rnnviz-widget {version}: rnnviz lecture</p></footer>"""

_CARD = """\
<li class="demo"><h2><a href="{name}.html">{title}</a></h2>
<div class="strip" style="background:linear-gradient(90deg,{strip})"></div>
<p>{about}</p>
{measured}
<p class="measured">{size:.1f} MB</p></li>"""


@dataclass(frozen=True)
class KitPage:
    """A page of the kit that is on disk."""

    demo: Demo
    shown: DemoContent
    page: SavedPage


def demo_page(demo: Demo, shown: DemoContent, others: Sequence[Demo], model: str) -> Page:
    """Return a demo's page; its links go to the index and to its neighbours among `others`."""
    at = others.index(demo)
    links = ""
    if at > 0:
        links += _link("previous", "\N{LEFTWARDS ARROW} ", others[at - 1])
    if at + 1 < len(others):
        links += _link("next", "Next: ", others[at + 1])
    tag = "h2" if len(shown.fragments) > 1 else ""
    body = _DEMO.format(
        index=INDEX,
        links=links,
        title=escape(demo.title),
        about=escape(demo.about),
        ask=escape(demo.ask),
        do=escape(demo.do),
        fragments="\n".join(fragment.with_heading(tag) for fragment in shown.fragments),
        film=film(shown.opened[0].name, shown.film) if shown.film else "",
        measured=_measured(demo, shown),
        model=escape(_model(model)),
        pieces=pieces_of(shown.fragments),
    )
    words = "\n".join(fragment.words for fragment in shown.fragments)
    live = any(fragment.live for fragment in shown.fragments)
    return Page(_page(demo.title, body, kind="", mark="", live=live), demo.title, words)


def index_page(pages: Sequence[KitPage], models: Iterable[str], atlas: str) -> Page:
    """Return the index of pages that are on disk; `atlas` is HTML that leads to theirs."""
    cards = [
        _CARD.format(
            name=saved.demo.name,
            title=escape(saved.demo.title),
            strip=",".join(_strip(saved.shown)),
            about=escape(saved.demo.about),
            measured=""
            if saved.demo.spoiled
            else "\n".join(_paragraph(f"{one.line}.") for one in saved.shown.opened),
            size=saved.page.size / 1e6,
        )
        for saved in pages
    ]
    body = _INDEX.format(
        title=TITLE,
        cards="\n".join(cards),
        atlas=atlas,
        models="\n".join(f"<p>{escape(_model(model))}</p>" for model in models),
        version=escape(rnnviz.__version__),
    )
    return Page(
        _page(TITLE, body, kind=" index", mark=MARK, live=None), TITLE, "Index of the demos."
    )


def _page(title: str, body: str, *, kind: str, mark: str, live: bool | None) -> str:
    """Return a page: with widgets, live or not, or with None at all."""
    code = "" if live is None else head(live=live)
    keys = _KEYS.read_text(encoding="utf-8")
    top = f'{style_sheet(_CSS)}\n<script type="module" async>{keys}</script>\n{code}'
    return document(
        title,
        body,
        head=top,
        policy=content_policy(top, live=bool(live)),
        mark=mark,
        classes=f"lecture{kind}",
    )


def _link(name: str, before: str, demo: Demo) -> str:
    return f'<a class="{name}" href="{demo.name}.html">{escape(before + demo.title)}</a>'


def _paragraph(text: str) -> str:
    return f'<p class="measured">{escape(text)}</p>'


def _measured(demo: Demo, shown: DemoContent) -> str:
    """Return what may be said of each unit: a line, and behind it all that was measured."""
    about, facts = shown.facts
    more = f"{_paragraph(about)}\n{html_facts(facts)}" if facts else ""
    parts = []
    for one in shown.opened:
        ranking = one.ranking
        said = [one.others, f"{ranking.verdict} {_capital(ranking.note)}."]
        line = "What was measured: the answer" if demo.spoiled else one.line
        parts.append(
            f'<details class="numbers"><summary>{escape(line)}</summary>\n'
            + "\n".join(_paragraph(text) for text in said if text)
            + f"{more}</details>"
        )
        more = ""
    return "\n".join(parts)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _strip(shown: DemoContent) -> list[str]:
    """Return the colours of the first tokens by the demo's unit, as CSS."""
    trace = shown.trace
    values = shown.sign * trace.unit(shown.state, shown.unit)
    limit = quantise(values, trace.bounds(shown.state)).limit
    values = values[shown.start :][:_STRIP_TOKENS]
    means = np.array([np.mean(part) for part in np.array_split(values, min(_STRIP, len(values)))])
    return ["#" + bytes(colour).hex() for colour in palettes.colours("red-blue", means / limit)]


def _model(name: str) -> str:
    """Say in a sentence what a bundled model is and how good."""
    card, config = read_card(name), rnnviz.load_model(name).config
    return (
        f"Model {name}: {config.cell.upper()}, {config.num_layers} x {config.hidden_size} units, "
        f"trained on {card.training['characters_seen']:,} characters of "
        f"{card.corpus['name']}, which is not part of this project; "
        f"{card.losses['validation']:.3f} nats per character on the validation blocks."
    )
