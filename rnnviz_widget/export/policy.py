"""What a page of ours may do: run its own code, and nothing else; nothing can leave it."""

from __future__ import annotations

import base64
import hashlib
import re

_META = '<meta http-equiv="Content-Security-Policy" content="{}">'
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r'<script type="module"(?: async)?>(.*?)</script>', re.DOTALL)


def content_policy(head: str, *, live: bool = False, beside: bool = False) -> str:
    """Return the element that forbids a page everything but the styles and scripts in its head.

    No image, font, frame, form or request: whatever a text or a model brings into a page, it cannot
    run, and can tell nobody. Style attributes are allowed, since the opening picture has them.

    Parameters
    ----------
    head
        HTML of our own with ``<style>`` and ``<script type="module">`` elements in it.
    live
        Whether a network travels along: its program is loaded from the page's own bytes, and runs
        as WebAssembly in a worker made of them.
    beside
        Whether the page's program and its values are files beside it, from the same server.

    Notes
    -----
    By hash, as https://www.w3.org/TR/CSP3/ has it; before the elements that it is about.
    """
    scripts, styles = (" ".join(map(_hash, kind.findall(head))) for kind in (_SCRIPT, _STYLE))
    code = f"{scripts} blob: 'wasm-unsafe-eval'".strip() if live else scripts
    code = f"{code} 'self'".strip() if beside else code
    rules = [
        "default-src 'none'",
        f"script-src {code or _NONE}",
        f"style-src {styles or _NONE}",
        "style-src-attr 'unsafe-inline'",
        "base-uri 'none'",
        "form-action 'none'",
        *(["worker-src blob:"] if live else []),
        *(["connect-src 'self'"] if beside else []),
    ]
    return _META.format("; ".join(rules))


_NONE = "'none'"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
