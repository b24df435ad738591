"""Ctrl-C at random moments, once or twice, in all that runs a module, and what it leaves behind."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.charlm import Corpus, TrainingConfig, train
from tests.unit.interrupting import interrupted
from tests.unit.test_interrupts import ACTIONS, TEXT, small, surroundings
from tests.unit.untouched import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, int, int]
"""What was tried, how often, and how often all was as before."""


def run(many: int = 20_000) -> Iterator[Row]:
    """Yield a row for each action and sort of interrupt."""
    model, draw = small(), random.Random(0)  # noqa: S311
    actions = {name: (lambda a=action: a(model)) for name, action in ACTIONS.items()}
    with tempfile.TemporaryDirectory() as folder:
        actions["train"] = lambda: _trained(Path(folder) / "model.safetensors")
        before = contents(model), surroundings()
        for name, action in actions.items():
            for second in (False, True):
                tried = survived = 0
                while tried < many // (2 * len(actions)):
                    answered = _timed(action, draw, second=second)
                    tried += answered
                    survived += answered and (contents(model), surroundings()) == before
                yield f"{'two' if second else 'one'} during {name}", tried, survived
        for name, action in actions.items():
            moments = interrupted(action, ())[1]
            chosen = draw.sample(range(moments), min(moments, many // 20))
            survived = 0
            for moment in chosen:
                interrupted(action, (moment, moment + draw.choice((1, 2, 3, 8, 1000))))
                survived += (contents(model), surroundings()) == before
            yield f"two at chosen instructions of {name}", len(chosen), survived


_SIZES = small().config  # made once: torch itself leaves gradients off when interrupted there


def _trained(out: Path) -> None:
    text = TEXT * 40
    settings = TrainingConfig(characters=1000, batch_size=2, bptt=50)
    out.with_name(out.name + ".resume").unlink(missing_ok=True)
    train(Corpus("own", text, "0" * 64), out, _SIZES, settings, progress=False)


def _timed(action: Callable[[], object], draw: random.Random, *, second: bool) -> bool:
    """Run something, interrupted by the clock at a random moment; say whether it was."""
    began = time.perf_counter()
    action()
    seconds = time.perf_counter() - began
    left, armed = [draw.expovariate(1000) + 1e-6] if second else [], True

    def ring(*_: object) -> None:
        if not armed:
            return
        if left:
            signal.setitimer(signal.ITIMER_REAL, left.pop())
        signal.raise_signal(signal.SIGINT)

    old = signal.signal(signal.SIGALRM, ring)
    answered = False
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-6, seconds))
            action()
        finally:
            while left or signal.getitimer(signal.ITIMER_REAL)[0]:
                time.sleep(1e-4)
    except KeyboardInterrupt:
        answered = True
    except Exception as error:
        # A second interrupt in the first's way out of threading's locks ends as another error.
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        answered = True
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    return answered
