"""Names of data identifiers: Rucio's own schema takes them, and they lead back to the ids."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dafab_kg.model.did_names import decode_did_name, encode_did_name, is_did_name
from dafab_kg.model.errors import NameNotValid

NEAR = st.text(st.sampled_from("_x0020_cutAF/.-09 aäé%+\U0001f600"), min_size=1, max_size=40)


def _rule() -> tuple[str, int]:
    """Pattern and length of Rucio's own schema, which needs a server to be imported."""
    (place,) = importlib.util.find_spec("rucio").submodule_search_locations  # type: ignore[union-attr, misc]
    tree = ast.parse((Path(place) / "common/schema/generic.py").read_text())
    told = {}
    for step in tree.body:
        if isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Name):
            told[step.targets[0].id] = step.value
    shape = told["NAME"]
    assert isinstance(shape, ast.Dict)
    members = {
        ast.literal_eval(key): value
        for key, value in zip(shape.keys, shape.values, strict=True)
        if key
    }
    return ast.literal_eval(members["pattern"]), ast.literal_eval(told["NAME_LENGTH"])


PATTERN, LENGTH = _rule()


@given(NEAR | st.text(min_size=1, max_size=300))
@example("0_x0020_")
@example("a/../b")
@example("/..")
@example("../.")
@example("a/./")
@example("00_x")
@example("a_xcut_" + "0" * 32)
@example("a" * 211 + "_xcut_" + "0" * 32)
@example("ä" * 40)
def test_rucio_takes_the_name_and_it_leads_back(text: str) -> None:
    name = encode_did_name(text)
    assert re.match(PATTERN, name) and is_did_name(name)
    assert len(name) <= LENGTH
    assert not {".", ".."} & set(name.split("/"))  # clients and files would go elsewhere
    back = decode_did_name(name)
    assert back == text or (back is None and len(name) == LENGTH)


@given(st.lists(NEAR, min_size=2, max_size=2, unique=True))
def test_two_ids_have_two_names(ids: list[str]) -> None:
    assert encode_did_name(ids[0]) != encode_did_name(ids[1])


@given(st.from_regex(r"\A[/A-Za-z1-9][/A-Za-z0-9.-]{0,249}\Z"))
def test_an_id_that_rucio_takes_is_its_own_name(text: str) -> None:
    assume(not {".", ".."} & set(text.split("/")))
    assert encode_did_name(text) == text


@pytest.mark.parametrize("text", ["a" * 251, "ä" * 90])
def test_long_ids_are_cut_and_stay_apart(text: str) -> None:
    name = encode_did_name(text)
    assert len(name) == LENGTH and re.match(PATTERN, name)
    assert name != encode_did_name(text + "a")
    assert decode_did_name(name) is None


@pytest.mark.parametrize("text", ["", "a\ud800"])
def test_what_has_no_name(text: str) -> None:
    with pytest.raises(NameNotValid):
        encode_did_name(text)
