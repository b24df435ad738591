"""Saved pages, read as their script reads them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from itertools import pairwise
from typing import Any

import numpy as np


def read_pages(html: str) -> list[tuple[dict[str, Any], list[bytes]]]:
    """Return what a page's script reads of each widget: JSON, and the buffers beside it."""
    found = re.findall(
        r'<script type="application/json" data-rnnviz>(.*?)</script>', html, re.DOTALL
    )
    widgets = []
    for raw in found:
        data = json.loads(raw)
        blob = gzip.decompress(base64.b64decode(data["blobs"]))
        ends = np.concatenate([[0], np.cumsum(data["lengths"])])
        assert ends[-1] == len(blob)
        widgets.append((data, [blob[a:b] for a, b in pairwise(ends)]))
    return widgets
