"""What a view is sent: the same bytes as those that the frontend's tests decode."""

from __future__ import annotations

import json
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

from rnnviz_widget.widget import fields
from tests.fixtures import wire


def test_python_writes_what_the_frontend_is_tested_with() -> None:
    assert json.loads(wire.written()) == json.loads(wire.FILE.read_text(encoding="utf-8"))


def described(value: Any, hint: Any, path: str) -> list[str]:
    """Return where a value differs from its description: fields, and types of what is in them."""
    if is_typeddict(hint):
        hints = get_type_hints(hint)
        if value.keys() != hints.keys():
            return [f"{path}: {sorted(value.keys() ^ hints.keys())}"]
        return [d for key in hints for d in described(value[key], hints[key], f"{path}.{key}")]
    inner = get_args(hint)
    if value is None:
        return [] if type(None) in inner else [f"{path}: None"]
    if isinstance(value, list):
        items = next(each for each in (hint, *inner) if get_origin(each) is list)
        return [d for each in value for d in described(each, *get_args(items), path)]
    kinds = [each for each in (inner or (hint,)) if each is not type(None)]
    if any(is_typeddict(kind) for kind in kinds):
        return described(value, kinds[0], path)
    return [] if type(value) in kinds else [f"{path}: {type(value).__name__}"]


def test_the_fields_are_those_that_are_described() -> None:
    content = wire.content()
    assert described(content, fields.Content, "content") == []
    del content["labels"][0]["kind"]
    content["checkpoints"][0]["top_k"] = "2"
    assert described(content, fields.Content, "content") == [
        "content.checkpoints.top_k: str",
        "content.labels: ['kind']",
    ]
