"""Units that tell marked stretches from the rest, against sklearn's AUC."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from traitlets import TraitError

from rnnviz_widget import HiddenStateWidget, Trace, labels, rank_units
from rnnviz_widget.export import STATIC
from rnnviz_widget.ranking import marked_label, rank_marked, score_marked
from rnnviz_widget.widget.background import Background
from rnnviz_widget.widget.marking import answer_marked
from tests.unit.stories import story

STORY = story(6000)
QUOTES = np.asarray(labels.inside_quotes(STORY))
EDGES = np.flatnonzero(np.diff(QUOTES.astype(int), prepend=0, append=0))
MARKS = EDGES.reshape(-1, 2).tolist()


@pytest.fixture(scope="module")
def trace() -> Trace:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(len(STORY), 12)).astype(np.float32)
    values[:, 7] = 0.4 * values[:, 7] - QUOTES
    values[:, 3] = np.round(values[:, 3])  # ties
    values[5, 2] = np.nan
    return Trace.from_arrays(STORY, {"a.h": values, "a.c": 2 * values, "b.h": values[:, :3]})


def test_scores_are_exact_and_the_best_comes_first(trace: Trace) -> None:
    marked = MARKS[:9]
    ranking = rank_marked(trace, marked)
    label = np.zeros(len(STORY), bool)
    for start, stop in marked:
        label[start:stop] = True
    assert (ranking.marked, ranking.tokens, ranking.columns) == (label.sum(), len(STORY), 27)
    for entry in ranking:
        area = roc_auc_score(label, trace.unit(entry.state, entry.unit))
        assert entry.score == pytest.approx(max(area, 1 - area), abs=1e-12)
        assert entry.sign == (1 if area >= 0.5 else -1)
    scores = [entry.score for entry in ranking]
    assert scores == sorted(scores, reverse=True)
    assert (ranking[0].layer, ranking[0].unit, ranking[0].sign) == ("a", 7, -1)
    # One row for each unit of each layer; the one that holds NaN is left out.
    rows = sorted((e.layer, e.unit) for e in ranking)
    assert rows == [*(("a", u) for u in range(12) if u != 2), ("b", 0), ("b", 1)]
    assert "a hint, not a measurement" in str(ranking)
    assert ranking[0].text.endswith("where chosen")
    assert "a.h[7]" in ranking._repr_html_()


def test_only_the_states_asked_for_are_ranked(trace: Trace) -> None:
    assert {entry.state for entry in rank_marked(trace, [(3, 9)], states="b.*")} == {"b.h"}


def test_stretches_that_meet_are_one() -> None:
    label = marked_label([(5, 7), (0, 2), (6, 9), (2, 3)], 10)
    assert label.name == "marked"
    assert np.flatnonzero(label).tolist() == [0, 1, 2, 5, 6, 7, 8]


def test_the_rest_is_scored_as_a_ranking_cut_between_the_stretches(trace: Trace) -> None:
    few = {"shifts": 19, "resamples": 20, "probe": False}
    scored = score_marked(trace, MARKS, states="a.h", **few)
    half = (len(MARKS) + 1) // 2
    cut = (MARKS[half - 1][1] + MARKS[half][0] + 1) // 2
    same = rank_units(
        trace, marked_label(MARKS, len(STORY)), states="a.h", cut=cut, skip=0, gap=0, **few
    )
    assert str(scored) == str(same)
    assert [e.held_out for e in scored] == [e.held_out for e in same]
    assert (scored.chosen_on.spans, scored.reported_on.spans) == (half, len(MARKS) - half)
    assert scored.chosen_on.tokens == cut
    assert (scored[0].unit, scored[0].sign) == (7, -1)
    assert scored[0].held_out > 0.9
    assert scored.chance is not None
    assert scored.label == "marked"


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ([(0, 6001)], r"marked must hold \[start, stop\] with 0 <= start < stop <= 6000"),
        ([(4, 4)], "marked must hold"),
        ([(-1, 4)], "marked must hold"),
        ([5], r"marked must hold pairs \[start, stop\] of tokens, got 5"),
        ([(1, 2, 3)], "marked must hold pairs"),
        ([("a", 2)], "marked must hold pairs"),
        ([], "must vary"),
        ([(0, 6000)], "must vary"),
    ],
)
def test_marks_that_cannot_be_are_refused_by_name(trace: Trace, marked: list, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        rank_marked(trace, marked)


def test_one_stretch_cannot_be_scored(trace: Trace) -> None:
    with pytest.raises(ValueError, match="two stretches or more"):
        score_marked(trace, MARKS[:1])


@pytest.mark.parametrize("cut", [0, 6000, -3])
def test_a_cut_outside_the_text_is_refused(trace: Trace, cut: int) -> None:
    with pytest.raises(ValueError, match=r"cut must be in \(0, 6000\)"):
        rank_units(trace, labels.inside_quotes, cut=cut)


class TestInTheWidget:
    """The trait, and the answers to its view."""

    def test_marks_are_kept_in_order_and_given_as_a_label(self, trace: Trace) -> None:
        w = HiddenStateWidget(trace)
        w.marked = [[30, 40], [10, 20], [18, 25]]
        assert w.marked == [(10, 25), (30, 40)]
        assert np.flatnonzero(w.marked_label()).tolist() == [*range(10, 25), *range(30, 40)]
        assert str(w.rank_marked()) == str(rank_marked(trace, w.marked))
        with pytest.raises(TraitError, match="marked must hold"):
            w.marked = [(5, 9000)]
        assert w.marked == [(10, 25), (30, 40)]

    def test_marks_of_another_text_go_and_those_of_the_same_stay(self, trace: Trace) -> None:
        w = HiddenStateWidget(trace)
        w.marked = [(10, 20)]
        w.trace = Trace.from_arrays(STORY, {"a.h": np.zeros((len(STORY), 2))})
        assert w.marked == [(10, 20)]
        w.trace = Trace.from_arrays(STORY[:50], {"a.h": np.zeros((50, 2))})
        assert w.marked == []

    def test_a_part_on_a_page_has_its_marks(self, trace: Trace) -> None:
        w = HiddenStateWidget(trace)
        w.marked = [(10, 20), (60, 90), (200, 210)]
        fragment = w.fragment(start=15, stop=80)
        assert '"marked": [[0, 5], [45, 65]]' in fragment.data

    def test_the_view_is_answered_from_a_thread_and_late_answers_are_dropped(self) -> None:
        going, release, seen = threading.Event(), threading.Event(), []

        def slow(advance: object) -> str:
            going.set()
            release.wait(5)
            advance(1)
            return "late"

        async def asked() -> None:
            background, found = Background(), asyncio.Queue()
            background.start(slow, found.put_nowait)
            await asyncio.to_thread(going.wait, 5)
            background.start(lambda _: "new", found.put_nowait)
            release.set()
            seen.append(await found.get())
            background.start(lambda _: 1 // 0, found.put_nowait)
            seen.append(await found.get())

        # In a thread of its own: the tests of browsers leave a loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, asked()).result()
        assert seen[0] == "new"
        assert isinstance(seen[1], ZeroDivisionError)

    @pytest.mark.parametrize("kind", ["marked", "marked score"])
    def test_a_request_is_answered_with_units_or_with_why_not(
        self, trace: Trace, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        w = HiddenStateWidget(trace, states="a.*")
        sent: list = []
        done = threading.Event()
        monkeypatch.setattr(w, "send", lambda *message: (sent.append(message), done.set()))
        for number, marked in ((4, MARKS[:9]), (5, [])):
            done.clear()
            request = {"id": number, "kind": kind, "checkpoint": 0, "marked": marked}
            with ThreadPoolExecutor(1) as thread:  # where no loop runs
                thread.submit(w._answer, None, request, None).result()
            assert done.wait(60)
        (first, (buffer,)), (second,) = sent
        assert first == {"id": 4}
        assert b'"unit": 7' in buffer[: buffer.index(b"}")]
        assert second["id"] == 5
        assert "must" in second["error"]

    def test_the_view_gets_its_program_asks_how_far_it_is_and_can_stop_it(
        self, trace: Trace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        w = HiddenStateWidget(trace)
        sent: list = []
        monkeypatch.setattr(w, "send", lambda *message: sent.append(message))
        w._answer(None, {"id": 1, "kind": "program"}, None)
        ((head, (code,)),) = sent
        assert head == {"id": 1}
        assert code == (STATIC / "finding.js").read_bytes()
        going, release = threading.Event(), threading.Event()

        def slow(advance: object) -> list[bytes]:
            advance(5)
            going.set()
            release.wait(5)
            advance(1)
            return [b"late"]

        sent.clear()
        w._looking.of("marking").start(slow, sent.append)
        assert going.wait(5)
        w._answer(None, {"id": 2, "kind": "progress"}, None)
        w._answer(None, {"id": 3, "kind": "stop"}, None)
        release.set()
        assert sent[0] == ({"id": 2}, [b'{"done": 5}'])
        assert sent[1] == ({"id": 3}, [])
        assert [b"late"] not in sent

    @pytest.mark.parametrize("kind", ["marked", "marked score"])
    def test_both_questions_tell_how_far_they_are_and_end_when_they_are_told_to(
        self, trace: Trace, kind: str
    ) -> None:
        data = HiddenStateWidget(trace)._data
        done = []
        answer_marked(data, {"kind": kind, "checkpoint": 0, "marked": MARKS}, done.append)
        assert sum(done) == 27

        class Stop(Exception):  # noqa: N818
            pass

        def stop(_: int) -> None:
            raise Stop

        with pytest.raises(Stop):
            answer_marked(data, {"kind": kind, "checkpoint": 0, "marked": MARKS}, stop)
