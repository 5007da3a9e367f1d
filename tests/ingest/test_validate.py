"""Checking files without storing them, with our shapes or those of the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from dafab_kg.catalogue.catalogue import validate_files
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.model.settings import Settings
from tests.ingest.documents import write_items

NO_WATER = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix dafab: <https://w3id.org/dafab/ns#> .
[] a sh:NodeShape ; sh:targetClass dafab:WaterProduct ;
  sh:property [ sh:path dafab:observedWater ; sh:maxCount 0 ; sh:message "No water here."@en ] .
"""


def test_our_shapes(tmp_path: Path) -> None:
    outcomes = validate_files([write_items(tmp_path / "in", 3)], Settings())
    assert [outcome.status for outcome in outcomes] == ["valid"] * 3


def test_shapes_of_the_user(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(NO_WATER)
    outcomes = validate_files([write_items(tmp_path / "in", 2)], Settings(), shapes)
    assert [outcome.status for outcome in outcomes] == ["rejected"] * 2
    assert all("No water here." in outcome.report for outcome in outcomes)


@pytest.mark.parametrize("content", ["this is no Turtle", None])
def test_shapes_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    shapes = tmp_path / "shapes.ttl"
    if content is not None:
        shapes.write_text(content)
    with pytest.raises(FileNotUsable, match=r"shapes\.ttl"):
        validate_files([tmp_path], Settings(), shapes)
