"""Which ontology is reasoned with: files, what they import, and the rules made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from dafab_kg.model import resources
from dafab_kg.model.documents import RdfText
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.model.names import Names
from dafab_kg.reasoning.compile import compile_ontology
from dafab_kg.reasoning.rules import RuleSet
from dafab_kg.reasoning.triples import BLANK, OWL, Triples
from dafab_kg.store.nquads import lines_in
from dafab_kg.store.rdf_text import statements

MEDIA_TYPES: Final = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".rdf": "application/rdf+xml",
    ".owl": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    ".jsonld": "application/ld+json",
}
ROOTS: Final = ("dafab.ttl", "thresholds.ttl")
"""What the catalogue reasons with: all modules, and the policies."""
CATALOG: Final = "catalog-v001.xml"
_IMPORTS: Final = f"<{OWL}imports>"


def media_type(path: Path) -> str:
    """Return the media type of an RDF file by its name.

    Raises:
        FileNotUsable: the name does not tell.
    """
    found = MEDIA_TYPES.get(path.suffix.lower())
    if found is None:
        raise FileNotUsable(
            f"{path} has no suffix of an RDF syntax; read are {', '.join(MEDIA_TYPES)}"
        )
    return found


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        FileNotUsable: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileNotUsable(f"{path} cannot be read: {error.strerror}") from error


def triples_of(data: bytes, kind: str, *, name: str, base: str = "", where: str = "") -> str:
    """Return the statements of RDF as N-Triples lines; blank nodes become IRIs.

    ``name`` keeps the blank nodes of one file apart from another's; messages name the
    file by ``where``, or else by that.

    Raises:
        NotWellFormed: it cannot be parsed.
    """
    text = RdfText(data, kind, base or f"file:///{name}", f"{BLANK}{name}/")
    return statements(text, Names(), where=where or name)


@cache
def packaged_rules() -> RuleSet:
    """The rules of our own ontology.

    Raises:
        AxiomNotTranslated: an axiom of it cannot be made a rule.
    """
    return compile_ontology(packaged_triples())


def packaged_triples() -> Triples:
    """Our own ontology: the modules and the policies, without the alignments."""
    here = set(resources.names("ontology", ".ttl"))
    texts = {name: resources.text("ontology", name) for name in here}
    known = {iri: name for iri, name in packaged_catalog().items() if name in here}
    triples = Triples()
    waiting: list[str] = [name for name in ROOTS if name in here]
    for name in waiting:
        lines = triples_of(texts[name].encode(), "text/turtle", name=name)
        triples.add(lines, name)
        waiting.extend(
            known[iri] for iri in imports(lines) if iri in known and known[iri] not in waiting
        )
    return triples


def packaged_catalog() -> dict[str, str]:
    """Files of the package by the IRI that they are imported as."""
    return _catalog(resources.text("ontology", CATALOG).encode())


def read_ontologies(paths: Iterable[Path]) -> tuple[Triples, tuple[str, ...]]:
    """Read ontology files with what they import, and name the imports that are not at hand.

    An import is looked for in a ``catalog-v001.xml`` beside the file, then among
    our own modules; nothing is fetched.

    Raises:
        FileNotUsable: a file cannot be read, or its name does not tell its syntax.
        NotWellFormed: it cannot be parsed.
    """
    triples, missing = Triples(), []
    ours = packaged_catalog()
    waiting: list[Path | str] = list(paths)
    for place in waiting:
        if isinstance(place, Path):
            lines = triples_of(read_bytes(place), media_type(place), name=place.name)
            near = _beside(place)
        else:
            lines = triples_of(
                resources.text("ontology", place).encode(), "text/turtle", name=place
            )
            near = {}
        triples.add(lines, place.name if isinstance(place, Path) else place)
        for iri in imports(lines):
            found: Path | str | None = near.get(iri) or ours.get(iri)
            if found is None:
                missing.append(iri)
            elif found not in waiting:
                waiting.append(found)
    return triples, tuple(missing)


def imports(lines: str) -> list[str]:
    """IRIs that an ontology imports."""
    found = []
    for line in lines_in(lines):
        _, predicate, value = line.removesuffix(" .").split(" ", 2)
        if predicate == _IMPORTS:
            found.append(value[1:-1])
    return found


def _beside(path: Path) -> Mapping[str, Path]:
    file = path.parent / CATALOG
    if not file.is_file():
        return {}
    # an entry that leads out of the folder is not followed
    inside = path.parent.resolve()
    found = {}
    for iri, name in _catalog(read_bytes(file)).items():
        target = (path.parent / name).resolve()
        if target.is_relative_to(inside) and target.is_file():
            found[iri] = path.parent / name
    return found


def _catalog(data: bytes) -> dict[str, str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise FileNotUsable(f"{CATALOG} is no XML: {error}") from error
    return {
        one.get("name", ""): one.get("uri", "")
        for one in root.iter("{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri")
    }
