"""Derivation documents: written, read again, and refused where they are wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.derive.document import Derived, Input, derivation_document
from dafab_kg.loaders.derivation import DerivationLoader
from dafab_kg.model.documents import SourceDocument
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid
from dafab_kg.model.names import Names
from dafab_kg.model.records import Coverage, Derivation, DerivationInput, SceneCoverage

READ = Input("0" * 31 + "a", "b" * 64, "parcels")
FIGURE = Coverage("", "P1", "fields of x/y", "2021", Decimal("12.3400"), None, 7)


def made(**told: Any) -> SourceDocument:
    given: dict[str, Any] = {
        "rule": "coverage",
        "rule_version": "1",
        "product_id": "P1",
        "inputs": (READ,),
        "figures": (FIGURE, SceneCoverage("P1", Decimal("12.34"))),
        "about": {"season": "2021", "dataset": "fields of x/y"},
        "parameters": {"cloud_classes": [8, 9, 10]},
        "started": "2024-01-01T00:00:00Z",
        "ended": "2024-01-01T00:00:01Z",
    }
    return derivation_document(Derived(**{**given, **told}), Names())


def test_what_is_written_is_read_again() -> None:
    document = made()
    derivation, read, *figures = DerivationLoader().read(document).records
    assert isinstance(derivation, Derivation) and isinstance(read, DerivationInput)
    assert (derivation.rule, derivation.rule_version, derivation.product_id) == (
        "coverage", "1", "P1")  # fmt: skip
    assert json.loads(derivation.parameters or "") == {"cloud_classes": [8, 9, 10]}
    assert derivation.inputs == (READ.document_id,)
    assert (read.content_hash, read.input_role) == (READ.content_hash, "parcels")
    assert derivation.started == "2024-01-01T00:00:00Z"
    coverage, scene = figures
    assert isinstance(coverage, Coverage) and isinstance(scene, SceneCoverage)
    assert coverage.agricultural_coverage == Decimal("12.34") and coverage.field_count == 7
    assert coverage.derivation_id == derivation.derivation_id == document.document_id
    assert coverage.cloud_free_agricultural_coverage is None


def test_the_key_is_rule_and_subject_and_times_do_not_count() -> None:
    first = made()
    later = made(started="2025-01-01T00:00:00Z", ended="2025-01-01T00:00:00Z")
    other = made(figures=(Coverage("", "P1", "d", "2021", Decimal(50)),))
    assert first.document_id == later.document_id == other.document_id
    assert first.content_hash == later.content_hash != other.content_hash
    assert made(about={"season": "2022"}).document_id != first.document_id
    assert made(product_id="P2").document_id != first.document_id
    assert made(rule="water").document_id != first.document_id


def test_a_written_file_is_found_as_the_same_document(tmp_path: Path) -> None:
    document = made()
    (tmp_path / "figures.json").write_bytes(document.parts[0].data)
    (tmp_path / "other.json").write_text('{"type": "Feature", "title": "dafab:Derivation"}')
    with dafab_kg.open(tmp_path / "store") as catalogue:
        report = catalogue.load(tmp_path / "figures.json")
        assert report.counts == {"loaded": 1}
        [entry] = catalogue.documents()
        assert (entry.kind, entry.document_id) == ("derivation", document.document_id)
        assert entry.content_hash == document.content_hash
        assert catalogue.doctor() == ()
        assert "derivation" not in catalogue.load(tmp_path / "other.json").by_kind


WRONG: dict[str, tuple[dict[str, Any], type[DocumentRejected], str]] = {
    "no rule": ({"rule": None}, FieldMissing, "rule"),
    "no product": ({"about": {"season": "2021"}}, FieldMissing, "product"),
    "about a list": ({"about": ["P1"]}, FieldNotValid, "about"),
    "no inputs": ({"inputs": []}, FieldMissing, "inputs"),
    "input elsewhere": ({"inputs": [{"document": "https://x.example/", "sha256": "b" * 64}]},
                        FieldNotValid, "IRI of a document"),
    "short hash": ({"inputs": [{"document": f"document/{READ.document_id}", "sha256": "b"}]},
                   FieldNotValid, "SHA-256"),
    "unknown figure": ({"figures": [{"type": "Product"}]}, FieldNotValid, "Product"),
    "unknown field": ({"figures": [{"type": "SceneCoverage", "colour": "red"}]},
                      FieldNotValid, "colour"),
    "text for a number": ({"figures": [{"type": "SceneCoverage", "agricultural_coverage": "7"}]},
                          FieldNotValid, "'7'"),
    "truth for a number": ({"figures": [{"type": "SceneCoverage", "agricultural_coverage": True}]},
                           FieldNotValid, "True"),
    "figure lacks a field": ({"figures": [{"type": "Coverage", "dataset": "d"}]},
                             FieldMissing, "season"),
    "no time": ({"started": "yesterday"}, FieldNotValid, "yesterday"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_neighbours_load(tmp_path: Path, name: str) -> None:
    changed, error, told = WRONG[name]
    value = {**json.loads(made().parts[0].data), **changed}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wrong.json").write_text(json.dumps(value))
    (tmp_path / "in" / "right.json").write_bytes(made(product_id="P9").parts[0].data)
    with dafab_kg.open(tmp_path / "store") as catalogue:
        report = catalogue.load(tmp_path / "in")
        assert report.counts == {"loaded": 1, "rejected": 1}
        [entry] = catalogue.quarantine()
    assert entry.error == error.__name__
    assert told in entry.message + entry.where
    assert "wrong.json" in entry.where and entry.remedy


def test_figures_that_cannot_be_are_refused_by_the_shapes(tmp_path: Path) -> None:
    wrong = Coverage("", "P1", "d", "2021", Decimal(101))
    (tmp_path / "wrong.json").write_bytes(made(figures=(wrong,)).parts[0].data)
    with dafab_kg.open(tmp_path / "store") as catalogue:
        [outcome] = catalogue.load(tmp_path / "wrong.json").rejected
    assert "agriculturalCoverage" in outcome.message
