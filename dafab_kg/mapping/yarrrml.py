"""YARRRML text → frozen dataclasses; what is not supported is refused by name.

The subset (rml.io/yarrrml/spec): prefixes, JSONPath sources, one subject, one
graph, predicate-objects in short and long form, datatypes, languages, and
conditions that compare one reference with a constant.  ``mappings/README.md``
shows it by example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from dafab_kg.mapping.place import Place
from dafab_kg.mapping.terms import (
    LITERAL,
    RDF_TYPE,
    Condition,
    Reference,
    Source,
    Statement,
    Term,
    TriplesMap,
)
from dafab_kg.mapping.yaml_tree import Tree, read_tree
from dafab_kg.model.names import DEFAULT_BASE, PREFIXES

GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
# the namespace that YARRRML parsers predeclare, and the one that functions have since moved to
IDLAB = ("http://example.com/idlab/function/", "https://w3id.org/imec/idlab/function#")

XSD_STRING = PREFIXES["xsd"] + "string"

_SYNONYMS = {
    "mapping": "mappings", "m": "mappings",
    "source": "sources",
    "subject": "subjects", "s": "subjects",
    "predicateobject": "predicateobjects", "po": "predicateobjects",
    "predicate": "predicates", "p": "predicates",
    "object": "objects", "o": "objects",
    "graph": "graphs", "g": "graphs",
    "v": "value",
    "fn": "function", "f": "function",
    "pms": "parameters", "pm": "parameter",
}  # fmt: skip

_FILE_KEYS = ("prefixes", "sources", "mappings")
_MAPPING_KEYS = ("sources", "subjects", "graphs", "condition", "predicateobjects")
_STATEMENT_KEYS = ("predicates", "objects", "condition")
_OBJECT_KEYS = ("value", "datatype", "language", "type")

_TOKEN = re.compile(r"(?P<escaped>\\\$\()|\$\((?P<name>[^()]*)\)|(?P<open>\$\()")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_SUFFIX = re.compile(r"~[a-z]+\Z")
_ACCESS = re.compile(r"(?P<stem>[a-z][a-z0-9_]*)\.json~jsonpath")
_ITERATOR = re.compile(r"\$\[\*\](\.[A-Za-z_][A-Za-z0-9_]*\[\*\])*")


def parse_mapping(text: str, file: str, prefixes: Mapping[str, str]) -> tuple[TriplesMap, ...]:
    """Read one mapping file.

    ``prefixes`` are the shared ones, with ``id`` bound to the base in use; a file
    may repeat them and add others.

    Raises:
        MappingNotValid: naming file, mapping and key, and what is supported.
    """
    place = Place(file)
    tree = _keys(read_tree(text, file), _FILE_KEYS, place)
    known = _prefixes(tree.get("prefixes", {}), prefixes, place / "prefixes")
    sources = {
        name: _source(value, place / "sources" / name)
        for name, value in _dict(tree.get("sources", {}), place / "sources").items()
    }
    mappings = _dict(tree.get("mappings", {}), place / "mappings")
    if not mappings:
        raise place.refuse("there is no mapping in it", "write at least one below `mappings`")
    return tuple(
        _Reader(place / name, sources, known).triples_map(name, value)
        for name, value in mappings.items()
    )


class _Reader:
    """Reads one mapping of a file, whose sources and prefixes it knows."""

    def __init__(self, place: Place, sources: dict[str, Source], prefixes: dict[str, str]) -> None:
        self.place = place
        self.sources = sources
        self.prefixes = prefixes

    def triples_map(self, name: str, value: Tree) -> TriplesMap:
        place = self.place
        tree = _keys(value, _MAPPING_KEYS, place)
        for key in ("sources", "subjects", "graphs", "predicateobjects"):
            if key not in tree:
                why = " (a triple outside of a graph could never be replaced)"
                raise place.refuse(f"`{key}` is missing{why if key == 'graphs' else ''}")
        statements = tuple(
            statement
            for number, entry in enumerate(_list(tree["predicateobjects"]), 1)
            for statement in self.statements(entry, place / f"po {number}")
        )
        if not statements:
            raise place.refuse("`po` is empty")
        return TriplesMap(
            name=name,
            file=place.file,
            source=self.source(tree["sources"], place / "sources"),
            subject=self.iri(
                _one(tree["subjects"], place / "subjects"), place / "subjects", bare=True
            ),
            graph=self.iri(_one(tree["graphs"], place / "graphs"), place / "graphs", bare=True),
            condition=self.condition(tree, place),
            statements=statements,
        )

    def source(self, value: Tree, place: Place) -> Source:
        if isinstance(value, list):
            if len(value) != 1:
                raise place.refuse(f"{len(value)} sources", "one source in each mapping")
            value = value[0]
        if not isinstance(value, str):
            return _source(value, place)
        if value not in self.sources:
            raise place.refuse(
                f"no source is called {value!r}", f"known: {', '.join(self.sources)}"
            )
        return self.sources[value]

    def statements(self, entry: Tree, place: Place) -> list[Statement]:
        """Read one predicate-object: every predicate with every object."""
        if isinstance(entry, list):
            if len(entry) not in (2, 3):
                raise place.refuse(
                    f"a list of {len(entry)}",
                    "[predicate, object] and [predicate, object, datatype]",
                )
            tree: dict[str, Tree] = {"predicates": entry[0], "objects": entry[1]}
            extra = _third(_text(entry[2], place), place) if len(entry) == 3 else {}
        else:
            tree, extra = _keys(entry, _STATEMENT_KEYS, place), {}
        for key in ("predicates", "objects"):
            if tree.get(key, []) == []:
                raise place.refuse(f"`{key}` is missing")
        condition = self.condition(tree, place)
        predicates = [self.predicate(p, place / "predicates") for p in _list(tree["predicates"])]
        return [
            Statement(predicate, self.object(value, extra, predicate, place / "objects"), condition)
            for predicate in predicates
            for value in _list(tree["objects"])
        ]

    def predicate(self, value: Tree, place: Place) -> Term:
        text = _text(value, place)
        return Term((RDF_TYPE,)) if text == "a" else self.iri(text, place)

    def object(self, value: Tree, extra: Mapping[str, str], predicate: Term, place: Place) -> Term:
        """Read an object; ``extra`` is what the third element of a short form says."""
        given: Tree = {"value": value} if isinstance(value, str) else value
        tree = {k: _text(v, place / k) for k, v in _keys(given, _OBJECT_KEYS, place).items()}
        tree |= extra
        text = tree.get("value")
        if text is None:
            raise place.refuse("`value` is missing")
        if text.endswith("~iri") and "type" not in tree:
            text, tree["type"] = text.removesuffix("~iri"), "iri"
        kind = tree.get("type") or ("iri" if predicate.constant == RDF_TYPE else "literal")
        if kind == "iri":
            if "datatype" in tree or "language" in tree:
                raise place.refuse("an IRI has neither datatype nor language")
            return self.iri(text, place, bare=True)
        if "type" not in tree and _SUFFIX.search(text):
            raise place.refuse(
                f"{text!r} ends in a suffix that is not supported",
                "~iri, [p, o, en~lang], or {value: ..., type: literal}",
            )
        if kind != "literal":
            raise place.refuse(f"the type {kind!r} is not supported", "iri and literal")
        return self.literal(text, tree, place)

    def literal(self, text: str, tree: Mapping[str, str], place: Place) -> Term:
        datatype, language = tree.get("datatype"), tree.get("language")
        if datatype and language:
            raise place.refuse("a literal has a datatype or a language, not both")
        if not datatype and not language and "type" not in tree and self.expand(text) != text:
            raise place.refuse(
                f"{text!r} may be meant as an IRI or as text",
                f"write {text}~iri, or {{value: ..., type: literal}}",
            )
        if language and not _LANGUAGE.fullmatch(language):
            raise place.refuse(
                f"{language!r} is no language tag", "constant tags such as en or pt-BR"
            )
        if datatype:
            term = self.iri(datatype, place / "datatype")
            if term.constant is None or term.constant == PREFIXES["rdf"] + "langString":
                raise place.refuse(
                    f"{datatype!r} cannot be a datatype here", "a constant IRI such as xsd:decimal"
                )
            datatype = None if term.constant == XSD_STRING else term.constant
        parts = template(text, place)
        return Term(parts, LITERAL, datatype or "", (language or "").lower())

    def iri(self, text: str, place: Place, *, bare: bool = False) -> Term:
        """Read an IRI: a constant, a template that begins with one, or (``bare``) a reference."""
        text = text.removesuffix("~iri")
        parts = template(self.expand(text), place)
        if bare and len(parts) == 1 and isinstance(parts[0], Reference):
            return Term(parts)
        term = Term(parts)
        if not isinstance(parts[0], str) or not term.begins_absolute:
            prefix = text.split(":", 1)[0]
            raise place.refuse(
                f"{text!r} is no IRI (is the prefix {prefix!r} declared?)",
                "prefix:name, an absolute IRI, or a template that begins with one of these",
            )
        if not term.is_well_formed:
            raise place.refuse(f"{text!r} is not an IRI by RFC 3987")
        return term

    def expand(self, text: str) -> str:
        """Replace a declared prefix by its namespace."""
        prefix, colon, rest = text.partition(":")
        if colon and prefix in self.prefixes and not rest.startswith("//"):
            return self.prefixes[prefix] + rest
        return text

    def condition(self, tree: Mapping[str, Tree], place: Place) -> Condition | None:
        if "condition" not in tree:
            return None
        place = place / "condition"
        parts = _keys(tree["condition"], ("function", "parameters"), place)
        function = self.expand(_text(parts.get("function", ""), place / "function"))
        values = self.parameters(parts.get("parameters", []), place / "parameters")
        name = next((function.removeprefix(ns) for ns in IDLAB if function.startswith(ns)), "")
        if name not in ("equal", "notEqual"):
            raise place.refuse(
                f"the function {function!r} is not supported",
                "idlab-fn:equal and idlab-fn:notEqual",
            )
        references = [v for v in values if isinstance(v, Reference)]
        constants = [v for v in values if isinstance(v, str)]
        if len(references) == 1 and len(constants) == 1:
            return Condition(references[0].name, constants[0], name == "equal")
        if name == "equal" and len(references) == 2 and references[0] == references[1]:
            return Condition(references[0].name)
        raise place.refuse(
            "these parameters are not supported",
            "a reference with a constant, or equal of one reference with itself (it has a value)",
        )

    def parameters(self, value: Tree, place: Place) -> list[str | Reference]:
        """Read the two values that a condition compares: a reference, or a constant."""
        found: dict[str, str | Reference] = {}
        for entry in _list(value):
            if isinstance(entry, list) and len(entry) == 2:
                name, text = _text(entry[0], place), _text(entry[1], place)
            else:
                pair = _keys(entry, ("parameter", "value"), place)
                name, text = (_text(pair.get(k, ""), place / k) for k in ("parameter", "value"))
            parts = template(text, place)
            if len(parts) != 1:
                raise place.refuse(f"{text!r} is a template", "one reference or one constant")
            found[self.expand(name).removeprefix(GREL).replace("Parameter", "Param")] = parts[0]
        if set(found) != {"valueParam", "valueParam2"}:
            raise place.refuse(
                f"the parameters are {', '.join(found) or 'missing'}",
                "grel:valueParam and grel:valueParam2",
            )
        return list(found.values())


def template(text: str, place: Place) -> tuple[str | Reference, ...]:
    r"""Split a template at its references; ``\$(`` is the text ``$(``."""
    parts: list[str | Reference] = [""]
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        end = token.end()
        if token["escaped"]:
            parts.append("$(")
        elif token["name"] is not None and _FIELD.fullmatch(token["name"]):
            parts.append(Reference(token["name"]))
        else:
            raise place.refuse(
                f"{text!r} holds a reference that cannot be read",
                "$(field) of a field's plain name",
            )
    parts.append(text[end:])
    merged: list[str | Reference] = []
    for is_text, group in groupby(parts, key=lambda part: isinstance(part, str)):
        run = list(group)
        merged += ["".join(map(str, run))] if is_text else run
    return tuple(part for part in merged if part) or ("",)


def _prefixes(value: Tree, shared: Mapping[str, str], place: Place) -> dict[str, str]:
    known = {**shared, "grel": GREL, "idlab-fn": IDLAB[0]}
    for prefix, text in _dict(value, place).items():
        iri = _text(text, place / prefix)
        usual = DEFAULT_BASE if prefix == "id" else shared.get(prefix, iri)
        if iri != usual:
            raise place.refuse(f"{prefix!r} is bound to {iri!r}", f"{usual} as everywhere else")
        if not _PREFIX.fullmatch(prefix) or not Term((iri,)).is_well_formed:
            raise place.refuse(f"{prefix!r} bound to {iri!r}", "a name and an absolute IRI")
        if prefix != "id":
            known[prefix] = iri
    return known


def _source(value: Tree, place: Place) -> Source:
    supported = "['record_name.json~jsonpath', '$[*]'] or '$[*].list_field[*]'"
    texts = [_text(v, place) for v in _list(value)]
    access = _ACCESS.fullmatch(texts[0]) if len(texts) == 2 else None
    if access is None or not _ITERATOR.fullmatch(texts[1]):
        raise place.refuse(f"{texts} is no source that can be read", supported)
    path = tuple(step.removesuffix("[*]") for step in texts[1].split(".")[1:])
    return Source(access["stem"], path)


def _third(text: str, place: Place) -> dict[str, str]:
    """Tell what the third element of ``[p, o, third]`` says."""
    if text.endswith("~lang"):
        return {"language": text.removesuffix("~lang")}
    if "~" in text:
        raise place.refuse(f"{text!r}", "a datatype, or a language as en~lang")
    return {"datatype": text}


def _keys(value: Tree, supported: tuple[str, ...], place: Place) -> dict[str, Tree]:
    """Return a dict with its keys in their long form; others than ``supported`` are refused."""
    tree: dict[str, Tree] = {}
    for key, child in _dict(value, place).items():
        name = _SYNONYMS.get(key, key)
        if name not in supported:
            raise place.refuse(
                f"the key {key!r} is not supported here", f"the keys {', '.join(supported)}"
            )
        if name in tree:
            raise (place / key).refuse(f"{name!r} is given twice under two spellings")
        tree[name] = child
    return tree


def _dict(value: Tree, place: Place) -> dict[str, Tree]:
    if isinstance(value, dict):
        return value
    raise place.refuse(f"{value!r:.80} is no set of keys", "keys with values")


def _list(value: Tree) -> list[Tree]:
    return value if isinstance(value, list) else [value]


def _one(value: Tree, place: Place) -> str:
    values = _list(value)
    if len(values) != 1:
        raise place.refuse(f"{len(values)} values", "exactly one")
    return _text(values[0], place)


def _text(value: Tree, place: Place) -> str:
    if isinstance(value, str):
        return value
    raise place.refuse(f"{value!r:.80} is no text", "text")
