"""What all tests share: threads, hypothesis, what runs beside what, a Chromium without network."""

from __future__ import annotations

import os
import signal
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import expect
from xdist.scheduler import LoadFileScheduling

from tests import chromium

pytest.register_assert_rewrite("tests.unit.drawings", "tests.browser.edited")

# Before torch is imported: tests run side by side, and threads that wait for each other are slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts something in the background lets it ignore Ctrl-C: the tests of interrupts,
# and what they start, must not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine must not fail a test, nor chance: the same examples each time.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")

expect.set_options(timeout=20_000)

NOTEBOOKS = "tests/notebooks/test_notebooks.py::"

SERVED = "tests/jupyterlab/"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the installed Chromium, or else playwright's own, cut off from every network."""
    arguments = [
        "--no-sandbox",
        # Containers have a small /dev/shm.
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        # Letters are grey, not coloured at their edges, and colours are those of the style sheet.
        "--disable-lcd-text",
        "--force-color-profile=srgb",
    ]
    return browser_type_launch_args | {"executable_path": chromium.executable(), "args": arguments}


class ByWhatIsShared(LoadFileScheduling):
    """Tests of a file share a build, those of a folder a server; notebooks share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(NOTEBOOKS):
            return nodeid
        return SERVED if nodeid.startswith(SERVED) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Spread the notebooks, minutes of one core together, over all workers."""
    return ByWhatIsShared(config, log) if config.getoption("dist") == "loadfile" else None
