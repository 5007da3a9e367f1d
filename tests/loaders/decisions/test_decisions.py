"""Decisions on events: which files hold them, what they say, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dafab_kg
from dafab_kg.loaders.decisions import MOST_REPORTS, DecisionsLoader
from dafab_kg.loaders.trees import open_trees
from dafab_kg.model.documents import Found, Refused
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    NotWellFormed,
    TooLarge,
)
from dafab_kg.model.names import Names
from dafab_kg.model.records import DecidedReport, EventDecision
from dafab_kg.model.settings import Settings

DECISION: dict[str, Any] = {
    "type": "dafab:EventDecision",
    "verdict": "distinct",
    "reports": ["gdacs/FL1102983-1", "https://w3id.org/dafab/id/report/social/a%2Fb%20c"],
    "decided": "2026-11-24T10:00:00+01:00",
    "by": "a hydrologist",
    "because": "two rivers",
}


def find(folder: Path, text: str, name: str = "decision.json") -> list[Found | Refused]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    (tree,) = open_trees([file], Settings())
    return list(DecisionsLoader().find(tree))


def without(*names: str, **other: Any) -> str:
    kept = {name: value for name, value in DECISION.items() if name not in names}
    return json.dumps({**kept, **other})


def error(folder: Path, text: str) -> DocumentRejected:
    """What the file is refused for, wherever that is seen."""
    (found,) = find(folder, text)
    if isinstance(found, Refused):
        assert isinstance(found.error, DocumentRejected)
        return found.error
    with pytest.raises(DocumentRejected) as refused:
        DecisionsLoader().read(found.document)
    return refused.value


def test_a_decision_is_read(tmp_path: Path) -> None:
    (found,) = find(tmp_path, json.dumps(DECISION))
    assert isinstance(found, Found)
    decision, *about = DecisionsLoader().read(found.document).records
    assert isinstance(decision, EventDecision)
    assert (decision.verdict, decision.decided) == ("distinct", "2026-11-24T09:00:00Z")
    assert (decision.by, decision.because) == ("a hydrologist", "two rivers")
    assert about == [
        DecidedReport(decision.decision_id, "gdacs", "FL1102983-1"),
        DecidedReport(decision.decision_id, "social", "a/b c"),
    ]


def test_a_report_has_one_iri_however_it_is_named(tmp_path: Path) -> None:
    iri = Names().make("event_report", source="social", report_id="a/b c")
    for name in (iri, "social/a/b c"):
        text = without("reports", reports=["gdacs/1", name])
        (found,) = find(tmp_path, text)
        assert isinstance(found, Found)
        about = DecisionsLoader().read(found.document).records[2]
        assert isinstance(about, DecidedReport)
        assert Names().make("event_report", source=about.source, report_id=about.report_id) == iri


def test_what_names_a_decision(tmp_path: Path) -> None:
    def key(text: str) -> str:
        (found,) = find(tmp_path, text)
        assert isinstance(found, Found)
        return found.document.key

    first = key(json.dumps(DECISION))
    assert key(without("because", reports=DECISION["reports"][::-1])) == first
    assert key(without("decided", decided="2026-11-24T09:00:00Z")) == first
    assert key(without("verdict", verdict="same")) != first
    assert key(without(id="mine")) == "mine"


def test_a_list_holds_several_and_a_broken_one_holds_none_up(tmp_path: Path) -> None:
    text = json.dumps([DECISION, {**DECISION, "verdict": "perhaps"}, {**DECISION, "id": "x"}, 7])
    found = find(tmp_path, text)
    assert [type(one) for one in found] == [Found, Refused, Found]
    with dafab_kg.open(tmp_path / "store") as catalogue:
        report = catalogue.load(tmp_path / "decision.json")
        assert report.counts == {"loaded": 2, "rejected": 1}
        assert "decision.json#/1" in report.rejected[0].message
        assert catalogue.doctor() == ()


@pytest.mark.parametrize("text", ["", "{}", '{"type": "Feature"}', "[1]", "dafab:EventDecision"])
def test_other_files_are_left_to_others(tmp_path: Path, text: str) -> None:
    assert find(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        (without("verdict"), FieldMissing, "verdict"),
        (without(verdict="maybe"), FieldNotValid, "maybe"),
        (without("reports"), FieldMissing, "reports"),
        (without(reports=[1, 2]), FieldMissing, "reports"),
        (without(reports=["gdacs/1"]), FieldNotValid, "two"),
        (without(reports=["gdacs/1", "gdacs/1"]), FieldNotValid, "two"),
        (without(reports=["gdacs/1", "nothing"]), FieldNotValid, "nothing"),
        (without(reports=["gdacs/1", "/x"]), FieldNotValid, "/x"),
        (without(reports=["gdacs/1", "https://a.example/report/b/c"]), FieldNotValid, "a.example"),
        (without(reports=[f"s/{n}" for n in range(MOST_REPORTS + 1)]), TooLarge, "101"),
        (without("decided"), FieldMissing, "decided"),
        (without(decided="yesterday"), FieldNotValid, "yesterday"),
        (without(by=7), FieldNotValid, "by"),
        (without(because=" "), FieldNotValid, "because"),
        (without(id=""), FieldNotValid, "id"),
        (json.dumps(DECISION)[:-1], NotWellFormed, ""),
    ],
)
def test_what_is_refused(
    tmp_path: Path, text: str, kind: type[DocumentRejected], word: str
) -> None:
    refused = error(tmp_path, text)
    assert type(refused) is kind
    assert word in refused.what
    assert "decision.json" in refused.where
    assert refused.remedy
