"""Reading YAML without any of its dangers."""

from __future__ import annotations

import pytest

from dafab_kg.mapping.yaml_tree import MAX_CHARACTERS, read_tree
from dafab_kg.model.errors import MappingNotValid


def test_scalars_stay_what_stands_in_the_file() -> None:
    text = "a: no\nb: 05.09\nc: 2022-01-01\nd: null\ne: [0x10, 'x', ~]"
    assert read_tree(text, "m.yml") == {
        "a": "no", "b": "05.09", "c": "2022-01-01", "d": "null", "e": ["0x10", "x", "~"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("a: [", "not YAML"),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands there twice"),
        ("a: &x [1]\nb: *x", "line 1: anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']", "the tag .*os.system is not supported"),
        ("a: !custom x", "the tag !custom is not supported"),
        ("? [a]\n: b", "a key must be text"),
        ("[" * 5000 + "]" * 5000, "nested deeper"),
        ("a: 1\n--- \nb: 2", "not YAML"),
        ("#" * (MAX_CHARACTERS + 1), "largest mapping file"),
        ("a: \x07", "not YAML"),
    ],
)
def test_dangers_are_refused_with_the_file_named(text: str, said: str) -> None:
    with pytest.raises(MappingNotValid, match=said) as caught:
        read_tree(text, "odd.yml")
    assert str(caught.value).startswith("odd.yml")


def test_a_billion_laughs_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(MappingNotValid, match="anchors"):
        read_tree("\n".join(lines), "bomb.yml")
