"""`rnnviz view`: a page from a text, for people who want no notebook."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from rnnviz_widget import cli, labels, load_model
from rnnviz_widget.labels.catalogue import CATALOGUE
from rnnviz_widget.texts import sample_text

if TYPE_CHECKING:
    from pathlib import Path

SHORT = '"No," she said. "Not yet." And the bell rang.\n'


@pytest.fixture(autouse=True)
def _work_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str = SHORT) -> str:
    with open(name, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123  (where we are)
        file.write(text)
    return name


def view(*arguments: str) -> int:
    return cli.main(["view", *arguments, "--no-open"])


def data_of(page: Path) -> dict[str, Any]:
    """Return what the page's own code reads."""
    found = re.search(r"data-rnnviz>(.*?)</script>", page.read_text(encoding="utf-8"))
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_a_live_page_has_the_network_with_it(tmp_path: Path) -> None:
    assert view(write("story.txt"), "--unit", "16", "--live") == 0
    assert data_of(tmp_path / "story.html")["later"]["network"]
    assert "data-rnnviz-engine>" in (tmp_path / "story.html").read_text(encoding="utf-8")


def test_a_text_is_ranked_and_its_page_opens_on_the_best_unit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view(write("story.txt", sample_text("prose"))) == 0
    printed = capsys.readouterr().out
    assert "halves of story.txt; chosen on 1,729 tokens with 15 spans" in printed
    assert "an illustration, not a measurement" in printed
    best = re.search(r"^ 1 +(\S+)\[(\d+)\]", printed, re.MULTILINE)
    data = data_of(tmp_path / "story.html")
    assert best
    own = load_model("prose").card.units["inside quotes"]
    assert (data["traits"]["state"], data["traits"]["unit"]) == (own.state, own.unit)
    if (best[1], int(best[2])) == (own.state, own.unit):
        assert "It is the model's own unit for 'inside quotes' too: AUC 0.999" in printed
    else:
        assert f"not on {best[1]}[{best[2]}], which is first on this text" in printed
    page = (tmp_path / "story.html").read_text(encoding="utf-8")
    assert "with 15 spans, reported on" in page  # which text the score is of stands in the page
    assert "read by prose (GRU, 2 x 256 units)" in page


def test_a_text_is_opened_on_the_models_own_unit_with_red_where_the_label_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = write("lamp.c", sample_text("linux"))
    assert view(name, "--label", "inside_string") == 0
    own = load_model("linux").card.units["inside string"]
    assert own.painted == "rnn.l0.tanh_c"
    traits = data_of(tmp_path / "lamp.html")["traits"]
    assert (traits["state"], traits["unit"]) == (own.painted, own.unit)
    assert traits["flipped"] == ([[own.painted, own.unit]] if own.sign < 0 else [])
    assert "the model's own unit for 'inside string'" in capsys.readouterr().out


def test_a_text_too_short_to_rank_is_shown_by_units_ranked_on_the_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHORT.encode())))
    assert view("-", "-o", "out.html", "--label", "inside_quotes") == 0
    out, error = capsys.readouterr()
    assert "text is too short to rank units by 'inside quotes', which must vary in both" in error
    assert "halves of the sample text that comes with the model" in out
    assert "No," in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_a_unit_may_be_named_and_nothing_is_ranked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view(write("a.txt"), "--unit", "7", "--state", "rnn.l0.z", "--title", "Gate <7>") == 0
    assert "Which unit" not in capsys.readouterr().out
    data = data_of(tmp_path / "a.html")
    assert (data["traits"]["state"], data["traits"]["unit"]) == ("rnn.l0.z", 7)
    assert "Gate &lt;7&gt;" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_typographic_marks_are_read_as_plain_ones_with_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert view(write("a.txt", "“No” \u2013 \u2018not yet\u2019"), "--unit", "0") == 0
    assert "read as plain characters: '“' -> '\"' (1)" in capsys.readouterr().err
    assert data_of(tmp_path / "a.html")["content"]["length"] == len("'No' - 'not yet'")


def test_a_unit_without_a_state_says_which_state_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert view(write("a.txt"), "--unit", "7") == 0
    assert "unit 7 of rnn.l1.h (--state: rnn.l0.h)" in capsys.readouterr().out


def test_c_is_read_by_the_model_of_c(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert view(write("a.c", "int\ti;\t/* {~} */\n"), "--unit", "383") == 0
    assert "a.c is C: read by the model linux (--model prose" in capsys.readouterr().out
    states = [state["name"] for state in data_of(tmp_path / "a.html")["content"]["states"]]
    assert states == ["rnn.l0.h", "rnn.l0.c", "rnn.l0.tanh_c"]


def test_unknown_characters_are_refused_with_what_would_be_read_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = write("a.txt", "“Café”\r\n")
    assert view(name, "--unit", "0") == 1
    error = capsys.readouterr().err
    assert "characters that the model does not know, 1 in all, such as 'é' (U+00E9) at 4" in error
    assert "'é' -> 'e' (1)" in error
    assert "“" not in error  # which is read as a plain mark
    assert error.count("\n") == 1
    assert not (tmp_path / "a.html").exists()
    assert view(name, "--unit", "0", "--unknown", "replace") == 0
    assert "'é' -> 'e' (1)" in capsys.readouterr().err
    assert data_of(tmp_path / "a.html")["content"]["length"] == len('"Cafe"\n')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.txt"], "got 'nowhere.txt'; for a text in the command itself: echo"),
        (["a.txt", "--model", "poetry"], "'linux', 'prose' or a checkpoint file, got 'poetry'"),
        (["a.txt", "--unit", "256"], "unit must be in [0, 256)"),
        (["a.txt", "--state", "rnn.l0.c"], "view: --state 'rnn.l0.c' matches none of rnn.l0.h"),
        (["a.txt", "-o", "a.txt"], "--out must be another file than TEXT"),
        (["empty.txt"], "at least one character, got an empty empty.txt"),
        (["latin.txt"], "must be UTF-8, got byte 0xe9 at 3"),
        (["a.txt", "--label", "inside_comment"], "by 'inside comment', which must vary"),
    ],
)
def test_a_refusal_says_why_in_its_last_line_and_has_exit_code_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write("a.txt")
    write("empty.txt", "")
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    assert view(*arguments) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("rnnviz view: ")
    assert message in last
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("inside_qoutes", "no label is named 'inside_qoutes'; there are block_depth, distance"),
        ("next_is", "write next_is:CHARS, got 'next_is'"),
        ("next_is:", "write next_is:CHARS, got 'next_is:'"),
        ("inside_quotes:x", "write inside_quotes alone, got 'inside_quotes:x'"),
        ("matches:(", "pattern must be a regular expression, got '('"),
        ("inside_comment:klingon", "language must be a lexer alias known to pygments"),
    ],
)
def test_wrong_usage_has_exit_code_2_and_names_what_there_is(
    label: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        view(write("a.txt"), "--label", label)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_every_label_of_the_library_has_a_name_here_and_stands_in_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(CATALOGUE) == set(labels.__all__) - {"Label", "register_label"}
    for name, entry in CATALOGUE.items():
        assert entry.make is getattr(labels, name)
    with pytest.raises(SystemExit):
        view("--help")
    printed = capsys.readouterr().out
    assert all(f"\n  {name}" in printed for name in CATALOGUE)
    assert "examples:" in printed
    assert "exit codes:" in printed


def test_what_follows_a_labels_colon_is_its_argument() -> None:
    text = "if (a) # b\n\tc\n"
    by_name = cli.labels.label_by_name
    assert by_name("next_is:\\n\\t")(text).tolist() == labels.next_is(text, "\n\t").tolist()
    assert by_name("matches:a:?")(text).tolist() == labels.matches(text, "a:?").tolist()
    python = labels.inside_comment(text, language="python")
    assert by_name("inside_comment:python")(text).tolist() == python.tolist()
