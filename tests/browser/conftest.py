"""Standalone pages: opened from disk in a browser that is offline."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Cut the page off: what it needs it must carry."""
    return browser_context_args | {
        "offline": True,
        "viewport": {"width": 1100, "height": 800},
        "color_scheme": "light",
    }
