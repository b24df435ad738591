"""The frame that every page of ours has: a policy before anything that could run, then the rest."""

from __future__ import annotations

from pathlib import Path

from rnnviz_widget.export.still import escape

_COLOURS = Path(__file__).with_name("paper.css")

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{policy}
<meta name="viewport" content="width=device-width, initial-scale=1">{mark}
<title>{title}</title>
{head}
</head>
<body{classes}>
{body}
</body>
</html>
"""


def document(
    title: str, body: str, *, head: str, policy: str, mark: str = "", classes: str = ""
) -> str:
    """Return the HTML of a page.

    Parameters
    ----------
    title : str
        As plain text.
    body, head : str
        HTML of its body, and its styles and scripts.
    policy : str
        What these may do, see `content_policy`.
    mark : str
        A tag by which the page is known again.
    classes : str
        Classes of the body.

    """
    return _DOCUMENT.format(
        policy=policy,
        mark=mark and f"\n{mark}",
        title=escape(title),
        head=head,
        classes=classes and f' class="{classes}"',
        body=body,
    )


def style_sheet(path: Path) -> str:
    """Return the style element of pages that have our colours: these, then a file of rules."""
    return f"<style>{_COLOURS.read_text('utf-8')}{path.read_text('utf-8')}</style>"
