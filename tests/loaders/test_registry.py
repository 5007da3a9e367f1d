"""Finding loaders, and which of them takes what."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from dafab_kg.loaders import registry
from dafab_kg.loaders.registry import Unclaimed, discover, examine, plan
from dafab_kg.model.documents import (
    Entry,
    Found,
    Loader,
    Part,
    Reading,
    Refused,
    SourceDocument,
    Tree,
)
from dafab_kg.model.errors import DocumentRejected, FieldMissing, ThingNotFound, TooLarge
from dafab_kg.model.settings import Settings

PLUGIN = """
    from dafab_kg.model.documents import Found, Part, Reading, SourceDocument

    class Logs:
        name = "logs"
        version = "1"
        groups_files = False

        def __init__(self, base="none"):
            self.base = base

        def find(self, tree):
            for entry in tree.entries:
                if entry.name.endswith(".log"):
                    part = Part(entry.name, entry.read())
                    document = SourceDocument("logs", entry.name, entry.origin, (part,))
                    yield Found(document, (entry,))

        def read(self, document):
            return Reading()

    class Named(Logs):
        name = "stac"

    class Half:
        name = "half"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Install a distribution of one module with the given entry points."""

    def put(points: str, module: str = PLUGIN) -> None:
        (tmp_path / "logs_plugin.py").write_text(textwrap.dedent(module))
        info = tmp_path / "logs_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: logs-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[dafab_kg.loaders]\n" + textwrap.dedent(points))
        monkeypatch.syspath_prepend(str(tmp_path))

    yield put
    sys.modules.pop("logs_plugin", None)


def entry(name: str, data: bytes = b"") -> Entry:
    return Entry(name, f"/in/{name}", len(data), data[:4096], lambda: data)


def tree(*names: str) -> Tree:
    return Tree("/in", tuple(entry(name) for name in names))


class Plain:
    """A loader that takes the files whose names hold its own."""

    version = "1"
    groups_files = False

    def __init__(self, name: str, error: BaseException | None = None) -> None:
        self.name = name  # type: ignore[misc]
        self.error = error
        self.seen: list[tuple[str, ...]] = []

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        self.seen.append(tuple(e.name for e in tree.entries))
        taken = tuple(e for e in tree.entries if self.name in e.name)
        if taken:
            yield found(self.name, *taken)
        if self.error is not None:
            raise self.error

    def read(self, document: SourceDocument) -> Reading:
        return Reading()


class Grouping(Plain):
    groups_files = True


def found(kind: str, *entries: Entry) -> Found:
    parts = tuple(Part(e.name, e.read()) for e in entries)
    return Found(SourceDocument(kind, entries[0].name, entries[0].origin, parts), entries)


def described(items: object) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = []
    for item in items:  # type: ignore[attr-defined]
        match item:
            case Found():
                out.append((item.document.kind, *(e.name for e in item.entries)))
            case Refused():
                out.append(("refused", *(e.name for e in item.entries)))
            case Unclaimed():
                out.append(("unclaimed", item.entry.name))
            case Entry():
                out.append(("left", item.name))
    return out


# which loaders there are


def test_ours_come_in_their_order() -> None:
    assert [loader.name for loader in registry.loaders()] == list(registry.OURS)
    assert set(registry.OURS) == {p.name for p in entry_points(group=registry.GROUP)}


def test_settings_reach_the_loaders(tmp_path: Path) -> None:
    context = tmp_path / "c.jsonld"
    context.write_text('{"@context": {"p": "urn:x:p"}}')
    settings = Settings(base="https://example.org/id/", json_ld_contexts={"urn:c:1": context})
    rdf = registry.loader("rdf", settings)
    data = b'{"@context": "urn:c:1", "@id": "a", "p": 1}'
    text = rdf.read(SourceDocument("rdf", "k", "a.jsonld", (Part("a.jsonld", data),))).rdf
    assert text is not None
    assert text.base.startswith("https://example.org/id/document/")
    assert b"urn:x:p" in text.data


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(ThingNotFound, match=r"sentinel2, sentinel1, dafab, .*stac, .*rdf"):
        registry.loader("grib")


def test_a_third_party_s_loader_comes_last(install: object) -> None:
    install("logs = logs_plugin:Logs\n")  # type: ignore[operator]
    loaders = registry.loaders(Settings(base="https://example.org/"))
    assert [loader.name for loader in loaders] == [*registry.OURS, "logs"]
    assert loaders[-1].base == "https://example.org/"  # type: ignore[attr-defined]
    assert registry.loaders()[-1].base == "none"  # type: ignore[attr-defined]
    [outcome] = examine(entry("a.log", b"plain words"), loaders)
    assert isinstance(outcome, Found)
    assert outcome.document.kind == "logs"


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("a = logs_plugin:NoSuch\n", "'a' of logs-plugin is left out: AttributeError"),
        ("a = no_such_module:Logs\n", "'a' of logs-plugin is left out: ModuleNotFoundError"),
        ("a = logs_plugin:Half\n", "has no version, groups_files, find, read"),
        ("a = logs_plugin:Named\n", "second loader called 'stac'"),
        ("stac = logs_plugin:Named\n", "second loader called 'stac'"),
        ("logs = logs_plugin:Logs\nzz = logs_plugin:Logs\n", "second loader called 'logs'"),
    ],
)
def test_a_loader_that_cannot_be_used_is_warned_of(
    install: object, points: str, message: str
) -> None:
    install(points)  # type: ignore[operator]
    with pytest.warns(RuntimeWarning, match=message):
        names = [loader.name for loader in registry.loaders()]
    assert [name for name in names if name != "logs"] == list(registry.OURS)


def test_a_module_that_fails_when_imported_is_warned_of(install: object) -> None:
    install("a = logs_plugin:Logs\n", "raise SystemError('broken')")  # type: ignore[operator]
    with pytest.warns(RuntimeWarning, match="SystemError: broken"):
        assert len(registry.loaders()) == len(registry.OURS)


# who takes what


def test_grouping_loaders_see_the_tree_first() -> None:
    safe, json = Grouping("safe"), Plain("json")
    items = list(plan(tree("1.safe.json", "2.json", "3"), (json, safe)))  # type: ignore[arg-type]
    assert described(items) == [("safe", "1.safe.json"), ("left", "2.json"), ("left", "3")]
    assert safe.seen == [("1.safe.json", "2.json", "3")]
    assert json.seen == []


def test_what_one_grouping_loader_takes_the_next_does_not_see() -> None:
    first, second = Grouping("a"), Grouping("b")
    assert described(plan(tree("ab", "b", "c"), (first, second))) == [  # type: ignore[arg-type]
        ("a", "ab"), ("b", "b"), ("left", "c")
    ]  # fmt: skip
    assert second.seen == [("b", "c")]


def test_the_first_to_take_an_entry_has_it() -> None:
    loaders: tuple[Loader, ...] = (Plain("json"), Plain("a"), Grouping("x"))  # type: ignore[assignment]
    assert described(discover(tree("a.json", "a", "?", "x"), loaders)) == [
        ("x", "x"), ("json", "a.json"), ("a", "a"), ("unclaimed", "?")
    ]  # fmt: skip


def test_discover_is_plan_and_examine() -> None:
    loaders: tuple[Loader, ...] = (Plain("json"), Grouping("x"))  # type: ignore[assignment]
    given = tree("a.json", "x.1", "x.2", "?")
    separate: list[object] = []
    for item in plan(given, loaders):
        separate += examine(item, loaders) if isinstance(item, Entry) else [item]
    assert described(separate) == described(discover(given, loaders))


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (KeyError("id"), DocumentRejected, "The odd loader failed: KeyError: 'id'"),
        (RecursionError("deep"), TooLarge, "odd loader"),
        (MemoryError(), TooLarge, "odd loader"),
        (FieldMissing("no id", where="/id"), FieldMissing, "no id"),
    ],
)
def test_a_loader_that_fails_refuses_only_what_it_was_given(
    error: BaseException, kind: type[Exception], told: str
) -> None:
    odd, after = Plain("odd", error), Plain("b")
    items = list(discover(tree("a", "b"), (odd, after)))  # type: ignore[arg-type]
    assert described(items) == [("refused", "a"), ("refused", "b")]
    assert isinstance(items[0], Refused)
    assert type(items[0].error) is kind
    assert told in str(items[0].error)


def test_what_a_loader_found_before_it_failed_is_kept() -> None:
    items = list(discover(tree("odd"), (Plain("odd", ValueError("x")),)))  # type: ignore[arg-type]
    assert described(items) == [("odd", "odd"), ("refused", "odd")]


def test_a_grouping_loader_that_fails_takes_nothing_away() -> None:
    odd = Grouping("odd", ValueError("x"))
    items = list(discover(tree("odd", "b"), (odd, Plain("b"))))  # type: ignore[arg-type]
    assert described(items) == [("odd", "odd"), ("refused",), ("b", "b")]
    assert isinstance(items[1], Refused)
    assert "/in" in str(items[1].error)


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(discover(tree("a"), (Plain("odd", KeyboardInterrupt()),)))  # type: ignore[arg-type]
