"""A page that needs neither kernel nor network."""

from __future__ import annotations

import base64
import gzip
import html
import json
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
"""Where the build puts the frontend."""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{css}</style>
</head>
<body class="rnnviz-body">
<main><h1>{title}</h1><div class="rnnviz-page"></div></main>
<script type="application/json" data-rnnviz>{data}</script>
<script type="module">{code}</script>
</body>
</html>
"""


def to_html(content: dict[str, Any], traits: dict[str, Any], title: str) -> str:
    """Return a self-contained page.

    Parameters
    ----------
    content
        What `rnnviz_widget.wire` makes of a trace: JSON values with bytes among them.
    traits
        The widget's public traits by name, as the page shall open.
    title
        Of the page.

    Raises
    ------
    ValueError
        If the values are not in the content, because they are too many to travel whole.
    """
    if content["values"] is None:
        size = content["length"] * sum(state["units"] for state in content["states"])
        msg = (
            f"a page carries at most 2**24 values, got {size:,} (tokens times units over the "
            "offered states); offer fewer states (states=) or record a shorter text"
        )
        raise ValueError(msg)
    buffers: list[bytes] = []
    data = {"traits": traits, "content": _lift_bytes(content, buffers)}
    blobs = gzip.compress(b"".join(buffers), compresslevel=6, mtime=0)
    data["lengths"] = [len(buffer) for buffer in buffers]
    data["blobs"] = base64.b64encode(blobs).decode("ascii")
    return _PAGE.format(
        # Character references also carry a lone surrogate, which UTF-8 would not.
        title=html.escape(title).encode("ascii", "xmlcharrefreplace").decode("ascii"),
        css=(STATIC / "widget.css").read_text(encoding="utf-8"),
        data=_json_for_script(data),
        code=(STATIC / "page.js").read_text(encoding="utf-8"),
    )


def write(path: Path, page: str) -> None:
    """Write `page` to `path`, replacing an older file only once all is written."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(page, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _lift_bytes(value: Any, buffers: list[bytes]) -> Any:  # noqa: ANN401  (any JSON value)
    """Return `value` with every bytes object moved to `buffers` and its index in its place."""
    match value:
        case bytes():
            buffers.append(value)
            return {"$b": len(buffers) - 1}
        case dict():
            return {key: _lift_bytes(item, buffers) for key, item in value.items()}
        case list():
            return [_lift_bytes(item, buffers) for item in value]
        case _:
            return value


def _json_for_script(data: dict[str, Any]) -> str:
    """Return JSON that no text in it can end the script element of."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
