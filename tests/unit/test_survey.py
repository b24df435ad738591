"""Surveys of networks in which it is known what there is to be found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from rnnviz_widget import Survey, labels, rank_units, record, survey
from rnnviz_widget.surveys.corpus import BlockedTexts
from rnnviz_widget.surveys.task import run_task
from tests.unit.planted import COUNTER, LATCH, planted, quoted

LABELS = {"quotes": labels.inside_quotes, "line": labels.line_position}
FEW = {"probe": False, "shifts": 19, "resamples": 40, "kinds": False, "states": "*.c"}
BLOCKS = {"block": 2000, "task": 2, "warm_up": 300, "sample": 18_000}
TEXT = quoted(33_000)
MODEL = planted()


@pytest.fixture(scope="module")
def binned() -> Survey:
    """Return a survey of a corpus that does not fit into its sample."""
    return survey(MODEL, TEXT, labels=LABELS, **BLOCKS, **FEW)


def same(one: Survey, other: Survey) -> bool:
    """Return whether two surveys agree bit for bit."""
    return (
        one.units == other.units
        and one.labels == other.labels
        and one.counts.tobytes() == other.counts.tobytes()
        and all(
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(
                one.snippets.arrays().values(), other.snippets.arrays().values(), strict=True
            )
        )
    )


@pytest.mark.parametrize("seed", range(20))
def test_planted_units_are_found_and_noise_is_claimed_by_nothing(seed: int) -> None:
    found = survey(planted(seed), quoted(9000, seed), labels=LABELS, seed=seed, **FEW)
    claimed = {(row.best.label, row.unit): row.best for row in found.units if row.claimed}
    assert set(claimed) == {("quotes", LATCH), ("line", COUNTER)}
    assert all(best.held_out > 0.999 and best.sign == 1 for best in claimed.values())
    assert not [s for row in found.units for s in row.scores[1:] if s.claimed]
    assert all(row.finding.startswith("nothing shown") for row in found.units[2:])
    assert len(found) == 6


def test_a_survey_of_one_text_is_a_ranking_of_it() -> None:
    text = quoted(9000)
    options = {"shifts": 19, "resamples": 40}
    found = survey(MODEL, text, labels=LABELS, kinds=False, **options)
    trace = record(MODEL, text)
    for name, label in LABELS.items():
        ranking = rank_units(
            trace, label, name=name, caption="halves of the whole corpus", **options
        )
        assert str(found.rankings[name]) == str(ranking)
        entries = {(e.state, e.unit): e for e in ranking}
        for row in found.units:
            score = next(each for each in row.scores if each.label == name)
            entry = entries[score.state, row.unit]
            assert (score.score, score.held_out, score.sign, score.error) == (
                entry.score, entry.held_out, entry.sign, 0,
            )  # fmt: skip
    assert found.exact


def test_binned_scores_are_as_near_the_exact_ones_as_they_say(binned: Survey) -> None:
    assert not binned.exact
    values: list[list[Any]] = [[], []]
    said: list[dict[str, list[Any]]] = [{name: [] for name in LABELS} for _ in range(2)]
    for block in BlockedTexts(TEXT, 2000, 300, 100):
        trace = record(MODEL, block.text, states="*.c")
        values[block.index % 2].append(np.asarray(trace["rnn.l0.c"])[block.skip :])
        for name, label in LABELS.items():
            said[block.index % 2][name].append(np.asarray(label(trace))[block.skip :])
    columns = [np.concatenate(part) for part in values]
    assert binned.tokens == sum(map(len, columns)) == len(TEXT) - 100
    for row in binned.units:
        for score in row.scores:
            truth = np.concatenate(said[1][score.label])
            column = columns[1][:, row.unit]
            exact = (
                0.5 + score.sign * (roc_auc_score(truth, column) - 0.5)
                if score.metric == "AUC"
                else score.sign * stats.spearmanr(truth, column).statistic
            )
            assert abs(score.held_out - exact) <= score.error + 1e-12
            assert score.error < (0.002 if score.metric == "AUC" else 0.02)
        whole = np.concatenate([c[:, row.unit] for c in columns]).astype(np.float64)
        assert (row.mean, row.spread) == pytest.approx((whole.mean(), whole.std()), abs=1e-9)
    claimed = {(row.best.label, row.unit) for row in binned.units if row.claimed}
    assert claimed == {("quotes", LATCH), ("line", COUNTER)}


def test_contexts_are_the_extremes_and_say_where_they_are(binned: Survey) -> None:
    counter = binned.contexts("rnn.l0.c", COUNTER)
    assert counter[0].value == max(c.value for c in counter)
    longest = max(len(line) for line in TEXT.split("\n")[1:])
    assert counter[0].value == pytest.approx(0.01 * longest, abs=0.002)
    for sort in ("highest", "lowest", "changes"):
        for each in binned.contexts("rnn.l0.c", LATCH, sort):
            start = each.token - each.before
            assert TEXT[start : start + len(each.tokens)] == each.text
            lines = TEXT[: each.token].split("\n")
            assert (each.line, each.column) == (len(lines), len(lines[-1]) + 1)
            assert each.values[each.before] == pytest.approx(each.value, abs=1e-3)
    with pytest.raises(ValueError, match="state and unit must be those of a column"):
        binned.contexts("rnn.l0.c", 6)


class TestKilledRuns:
    """A folder of finished tasks, from which the same call goes on."""

    def test_only_what_is_missing_or_damaged_is_done_again(
        self, binned: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[int] = []

        def counted(job: Any, task: Any) -> bytes:
            if len(done) == 6:
                raise KeyboardInterrupt
            done.append(task.index)
            return run_task(job, task)

        monkeypatch.setattr("rnnviz_widget.surveys.engine.run_task", counted)
        work = tmp_path / "work"
        with pytest.raises(KeyboardInterrupt):
            survey(MODEL, TEXT, labels=LABELS, out=work, **BLOCKS, **FEW)
        assert done == [0, 1, 2, 3, 4, 5]
        files = sorted(work.iterdir())
        files[1].write_bytes(files[1].read_bytes()[:-1] + b"x")
        files[4].unlink()
        files[3].write_bytes(files[2].read_bytes())  # of another task
        done.clear()
        monkeypatch.setattr(
            "rnnviz_widget.surveys.engine.run_task",
            lambda job, task: done.append(task.index) or run_task(job, task),
        )
        again = survey(MODEL, TEXT, labels=LABELS, out=work, **BLOCKS, **FEW)
        assert done == [1, 3, 4, 6, 7, 8]
        assert same(again, binned)

    def test_another_text_does_not_go_on_from_it(self, tmp_path: Path) -> None:
        work = tmp_path / "work"
        survey(MODEL, quoted(4000), labels=LABELS, out=work, **FEW)
        other = quoted(4000, 5)
        again = survey(MODEL, other, labels=LABELS, out=work, **FEW)
        assert same(again, survey(MODEL, other, labels=LABELS, **FEW))

    def test_a_folder_of_something_else_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("all of it")
        with pytest.raises(FileExistsError, match="not the work of a survey"):
            survey(MODEL, TEXT, labels=LABELS, out=tmp_path, **FEW)
        assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_texts_are_strings_files_patterns_and_iterators(tmp_path: Path) -> None:
    parts = [TEXT[:3000], TEXT[3000:7000], TEXT[7000:9000]]
    for i, part in enumerate(parts):
        (tmp_path / f"{i}.txt").write_text(part, encoding="utf-8")
    given: list[Any] = [
        parts,
        iter(parts),
        tmp_path / "*.txt",
        [tmp_path / f"{i}.txt" for i in range(3)],
    ]
    found = [survey(MODEL, texts, labels=LABELS, **FEW) for texts in given]
    assert all(same(found[0], other) for other in found[1:])
    assert found[2].texts == tuple(str(tmp_path / f"{i}.txt") for i in range(3))


def test_a_text_that_cannot_be_read_is_named_and_the_others_are_counted(tmp_path: Path) -> None:
    good, bad, gone = (tmp_path / f"{name}.txt" for name in ("good", "bad", "gone"))
    good.write_text(TEXT[:9000], encoding="utf-8")
    bad.write_bytes(b"abc\xff\xfe")
    found = survey(MODEL, [gone, good, bad], labels=LABELS, **FEW)
    assert [name for name, _ in found.unread] == [str(gone), str(bad)]
    assert same(found, survey(MODEL, TEXT[:9000], labels=LABELS, **FEW)) or found.tokens == 8900
    assert f"not read: {bad}" in str(found)


@pytest.mark.parametrize("length", [1, 7, 50, 1000])
def test_blocks_hold_each_character_once_and_know_their_place(length: int) -> None:
    text = "ab\nc\n\nd" * 20
    blocks = list(BlockedTexts([text, "xy", ""], length, 10, 3))
    for source, whole in enumerate((text, "xy")):
        own = [block for block in blocks if block.source == source]
        counted = "".join(block.text[block.skip :] for block in own)
        assert counted == whole[min(3, max(length, 3)) :] or length < 3
        for block in own:
            assert whole[block.start : block.start + len(block.text)] == block.text
            lines = whole[: block.start].split("\n")
            assert (block.line, block.column) == (len(lines), len(lines[-1]) + 1)
    assert [block.index for block in blocks] == list(range(len(blocks)))


def test_a_saved_survey_is_the_same_but_for_its_rankings(binned: Survey, tmp_path: Path) -> None:
    path = tmp_path / "survey.zarr"
    binned.save(path)
    binned.save(path)
    loaded = Survey.load(path)
    assert same(loaded, binned)
    assert (loaded.note, str(loaded)) == (binned.note, str(binned))
    assert loaded.rankings == {}
    assert loaded.to_pandas()["unit"].tolist() == [row.unit for row in binned.units]


def test_what_is_not_a_survey_is_not_loaded_nor_replaced(binned: Survey, tmp_path: Path) -> None:
    other = tmp_path / "other.zarr"
    other.mkdir()
    (other / "zarr.json").write_text(json.dumps({"attributes": {"rnnviz_survey": 3}}))
    for path in (other, tmp_path):
        with pytest.raises(ValueError, match="is not a survey, or a damaged one"):
            Survey.load(path)
        with pytest.raises(FileExistsError, match="not a survey; it is left alone"):
            binned.save(path)
    with pytest.raises(FileNotFoundError, match="there is nothing"):
        Survey.load(tmp_path / "nowhere")


def test_names_are_shown_as_text() -> None:
    name = '<img src=x onerror="alert(1)">\x1b[31m'
    found = survey(MODEL, quoted(3000), labels={name: labels.inside_quotes}, title=name, **FEW)
    shown = found._repr_html_()
    assert "<img" not in shown
    assert "&lt;img" in shown
    assert "\x1b" not in str(found)


def test_a_label_that_never_varies_is_said_to_be_so() -> None:
    found = survey(MODEL, quoted(3000), labels={"never": lambda t: np.zeros(len(t), bool)}, **FEW)
    assert "must vary" in found.labels[0].verdict
    assert {row.finding for row in found.units} == {"nothing to compare with"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"labels": {"q": np.zeros(3)}}, r"labels\['q'\] must be a function of a trace"),
        ({"model": object()}, "model must be a CharLM"),
        ({"block": 0}, "block must be at least 1"),
        ({"task": 0}, "task must be at least 1"),
        ({"warm_up": 0}, "warm_up must be at least 1"),
        ({"skip": -1}, "skip must be at least 0"),
        ({"sample": 0}, "sample must be at least 1"),
        ({"texts": ""}, "texts must hold more than skip=100 characters"),
        ({"texts": [3]}, "texts must be strings or Paths, got int"),
        ({"texts": Path("nowhere/*.txt")}, "which no file fits"),
        ({"texts": Path("nowhere.txt")}, "not read: nowhere.txt"),
    ],
)
def test_what_cannot_be_surveyed_is_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    given = {"model": MODEL, "texts": TEXT, "labels": LABELS, **wrong}
    with pytest.raises((TypeError, ValueError), match=said):
        survey(given.pop("model"), given.pop("texts"), **given)
