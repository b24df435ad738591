"""Each rule of the interface (`rules.md`) is kept by every public function that it is about."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import rnnviz_widget
import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import CharLM, CharLMConfig, train
from rnnviz_widget.evaluation import Evaluation, evaluate
from rnnviz_widget.interventions.report import Change
from rnnviz_widget.lecture import write_lecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RULES = (Path(__file__).parents[2] / "rnnviz_widget" / "rules.md").read_text(encoding="utf-8")
TEXT = 'He said "no" and (she) "yes".\nThen all went home.\n' * 8
MODEL = CharLM(sorted(set(TEXT)), CharLMConfig("lstm", 4)).eval()
TRACE = rnnviz.record(MODEL, TEXT)


RANKING = rnnviz.rank_units(
    TRACE,
    rnnviz.labels.inside_quotes,
    states="*.h",
    skip=0,
    gap=0,
    shifts=0,
    resamples=0,
)
CHANGE = Change("all", "all characters", 3, 1.0, 0.5, (0.1, 0.9), (0.2, -0.1))
EVALUATION = Evaluation({}, 0.5, (), (False, True))


def parameters(name: str) -> Iterator[tuple[str, inspect.Parameter]]:
    """Give every public function with a parameter of this name, and the parameter."""
    places = [getattr(rnnviz, each) for each in rnnviz.__all__] + [train, evaluate, write_lecture]
    bases = {base: None for each in places if inspect.isclass(each) for base in each.__mro__}
    ours = [base for base in bases if base.__module__.startswith("rnnviz_widget")]
    members = [member for base in ours for member in vars(base).values()]
    for place in filter(inspect.isfunction, places + members):
        if found := inspect.signature(place).parameters.get(name):
            yield f"{place.__module__}.{place.__qualname__}", found


@pytest.mark.parametrize(
    ("name", "default", "least"),
    [("progress", None, 7), ("overwrite", False, 4), ("palette", "red-blue", 4)],
)
def test_an_argument_has_one_default_everywhere(name: str, default: object, least: int) -> None:
    found = dict(parameters(name))
    assert len(found) >= least
    assert {place: each.default for place, each in found.items()} == dict.fromkeys(found, default)
    assert f"`{name}`" in RULES


def test_a_count_is_never_called_units() -> None:
    for place, found in parameters("units"):
        assert found.annotation not in {"int", "int | None"}, place
    assert TRACE.num_units("rnn.l0.h") == 4
    assert "num_units" in RULES


def fields() -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Give every field of every data class of ours: of what a public function may return."""
    for module in pkgutil.walk_packages(rnnviz_widget.__path__, "rnnviz_widget."):
        for name, owner in vars(importlib.import_module(module.name)).items():
            if dataclasses.is_dataclass(owner) and owner.__module__ == module.name:
                yield from ((f"{name}.{each.name}", each) for each in dataclasses.fields(owner))


def test_random_is_a_count_everywhere() -> None:
    for name in ("random", "random_spans"):
        assert {found.annotation for _, found in parameters(name)} == {"int"}
    counts = [each for each in fields() if each[1].name in {"random", "random_spans"}]
    assert [name for name, _ in counts] == ["Effect.random"]
    assert {each.type for _, each in counts} == {"int"}


def test_no_field_of_a_result_is_a_count_called_units() -> None:
    assert not [name for name, each in fields() if each.name == "units" and each.type == "int"]


STATES: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "record": lambda states: rnnviz.record(MODEL, "and", states=states).states,
    "record_batch": lambda states: (
        rnnviz.record_batch(MODEL, MODEL.encode("and")[None], tokens=["and"], states=states)[
            0
        ].states
    ),
    "rank_units": lambda states: tuple(
        dict.fromkeys(
            entry.state
            for entry in rnnviz.rank_units(
                TRACE,
                rnnviz.labels.inside_quotes,
                states=states,
                skip=0,
                gap=0,
                shifts=0,
                resamples=0,
                probe=False,
            )
        )
    ),
    "HiddenStateWidget": lambda states: tuple(
        each["name"] for each in rnnviz.HiddenStateWidget(TRACE, states=states)._content["states"]
    ),
    "fragment": lambda states: tuple(
        re.findall(
            r'"name":\s*"(rnn[.]l0[.]\w+)"',
            rnnviz.HiddenStateWidget(TRACE).fragment(states=states).data,
        )
    ),
    "plot_saturation": lambda states: tuple(
        text.get_text()
        for text in rnnviz.plot_saturation(rnnviz.gate_saturation(TRACE), states)
        .get_legend()
        .get_texts()
    ),
}


@pytest.mark.parametrize("place", STATES)
def test_states_are_chosen_by_shell_patterns(place: str) -> None:
    chosen = STATES[place]
    assert chosen("*.f") == ("rnn.l0.f",)
    assert set(chosen(["*.f", "*.[io]"])) <= {"rnn.l0.f", "rnn.l0.i", "rnn.l0.o"}
    assert len(chosen(["*.f", "*.[io]"])) >= (2 if place == "rank_units" else 3)
    assert set(chosen(["*.f"])) == {"rnn.l0.f"}


@pytest.mark.parametrize("place", STATES)
@pytest.mark.parametrize("states", ["*.x", ["*.f", "*.x"], [], [1]])
def test_patterns_that_choose_nothing_are_refused_by_the_arguments_name(
    place: str, states: object
) -> None:
    with pytest.raises(Exception, match="states") as refused:
        STATES[place](states)
    assert type(refused.value).__name__ in {"ValueError", "TypeError", "TraitError"}


@pytest.mark.parametrize(
    ("former", "now", "said"),
    [
        (lambda: TRACE.units("rnn.l0.c"), lambda: TRACE.num_units("rnn.l0.c"), "num_units"),
        (
            lambda: rank(texts="a and b").caption,
            lambda: rank(caption="a and b").caption,
            "caption",
        ),
        (lambda: RANKING.texts, lambda: RANKING.caption, "Ranking.texts is now called caption"),
        (
            lambda: RANKING.probe.units,  # type: ignore[union-attr]
            lambda: RANKING.probe.num_units,  # type: ignore[union-attr]
            "Probe.units is now called num_units",
        ),
        (lambda: CHANGE.random, lambda: CHANGE.random_changes, "now called random_changes"),
        (lambda: EVALUATION.random_spans, lambda: EVALUATION.span_claims, "called span_claims"),
        (
            lambda: affected(lambda text: np.array([each in "aeiou" for each in text])),
            lambda: affected(lambda trace: np.array([each in "aeiou" for each in trace.text])),
            r"labels\['vowel'\] should take a trace",
        ),
    ],
)
def test_a_former_spelling_works_and_says_the_new_one(
    former: Callable[[], object], now: Callable[[], object], said: str
) -> None:
    with pytest.warns(DeprecationWarning, match=said) as warned:
        before = former()
    assert {Path(each.filename).name for each in warned} == {Path(__file__).name}
    assert before == now()


def rank(**options: Any) -> rnnviz.Ranking:
    """Rank with as little work as there can be."""
    label = rnnviz.labels.inside_quotes
    few = {"states": "*.h", "skip": 0, "gap": 0, "shifts": 0, "resamples": 0, "probe": False}
    return rnnviz.rank_units(TRACE, label, **few, **options)


def affected(label: Any) -> list[tuple[str, int]]:
    """Return the parts of a text that an effect is looked at in, and how large they are."""
    found = rnnviz.effect(
        MODEL, TEXT, "rnn.l0.h", 1, to="zero", labels={"vowel": label}, random=0, resamples=0
    )
    return [(name, found[name].count) for name in found]


def test_a_label_that_fails_on_a_trace_and_on_a_text_says_why_it_failed_on_the_trace() -> None:
    def of_no_state(trace: rnnviz.Trace) -> Any:
        return np.asarray(trace["nowhere"])[:, 0] > 0

    with pytest.raises(KeyError, match="no state is named 'nowhere'"):
        affected(of_no_state)


def test_a_bar_is_shown_by_default_where_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rnnviz.record(MODEL, "and")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("rnnviz_widget.recording.session.LONG", 3)
    rnnviz.record(MODEL, "and")
    assert "3.00/3.00" in capsys.readouterr().err
    rnnviz.record(MODEL, "and", progress=False)
    assert capsys.readouterr().err == ""


def test_the_table_has_each_rule_once() -> None:
    rows = re.findall(r"^\| (.+?) \|", RULES, re.MULTILINE)[1:]
    assert len(rows) == len(set(rows))
