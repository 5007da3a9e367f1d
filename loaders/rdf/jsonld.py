"""JSON-LD 1.1, by rdflib's reader, with no context fetched and no literal rewritten."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from rdflib.plugins.parsers.jsonld import Parser
from rdflib.plugins.shared.jsonld.context import UNDEF, Context
from rdflib.term import BNode, URIRef

from dafab_kg.loaders.rdf.contexts import Contexts
from dafab_kg.loaders.rdf.terms import RDF, XSD, Quads, TermNotValid, is_absolute
from dafab_kg.model.errors import DocumentRejected, NotWellFormed
from dafab_kg.model.strict_json import read_json, write_json
from dafab_kg.model.values import decimal_text

_ID, _TYPE, _VALUE, _VOCAB, _JSON, _NONE = "@id", "@type", "@value", "@vocab", "@json", "@none"
_REFERENCES: Final = frozenset({_ID, _VOCAB})
_LARGE: Final = Decimal("1E21")


def read_jsonld(
    data: bytes, quads: Quads, contexts: Contexts, *, max_depth: int = 200
) -> tuple[str, ...]:
    """Read JSON-LD into ``quads`` and return warnings: of keys that no context explains.

    Raises:
        NotSafe: a context would have to be fetched, or a graph has a name that
            is the catalogue's own.
        NotWellFormed, FieldNotValid, TooLarge: it is not JSON, or not JSON-LD.
    """
    document = contexts.put_in(read_json(data, where="JSON-LD", max_depth=max_depth))
    reader = _Reader()
    try:
        reader.parse(document, Context(base=quads.base, version=1.1), _Dataset(quads))  # type: ignore[arg-type]
    except DocumentRejected:
        raise
    except TermNotValid as error:
        raise _refusal(str(error)) from None
    except Exception as error:  # noqa: BLE001 (rdflib fails in many ways on what is no JSON-LD)
        what = f"This is not JSON-LD ({type(error).__name__}: {error})"
        raise _refusal(what) from None
    if not reader.unknown:
        return ()
    keys = ", ".join(sorted(reader.unknown)[:10])
    return (f"Left out {len(reader.unknown)} keys that no context explains: {keys}",)


def _refusal(what: str) -> NotWellFormed:
    return NotWellFormed(what, where="JSON-LD", remedy="Mend the document and load it again")


class _Written(str):
    """The text of a JSON literal, already written."""


class _Graph:
    """One graph of the document, as rdflib's reader fills it."""

    def __init__(self, quads: Quads, term: str = "") -> None:
        self._quads = quads
        self._name = term

    def add(self, triple: tuple[Any, Any, Any]) -> None:
        """Take one statement."""
        subject, predicate, object_ = (_node_term(node, self._quads) for node in triple)
        self._quads.add(subject, predicate, object_, self._name)


class _Dataset:
    """What rdflib's reader takes for a data set."""

    context_aware = True

    def __init__(self, quads: Quads) -> None:
        self._quads = quads
        self.default_context = _Graph(quads)

    def bind(self, *_: object, **__: object) -> None:
        """Prefixes are of no use here."""

    def get_context(self, name: Any) -> _Graph:
        """Return the graph called ``name``."""
        return _Graph(self._quads, self._quads.graph(_node_term(name, self._quads)))


def _node_term(node: Any, quads: Quads) -> str:
    """Return a node of rdflib's as a term of N-Quads."""
    match node:
        case _Literal():
            return node.written(quads)
        case URIRef():
            return quads.iri(str(node))
        case BNode():
            return quads.blank(str(node))
        case _:
            raise TermNotValid(f"{node!r} is no term of RDF")


class _Literal:
    """A literal with the text that the document has for it."""

    def __init__(self, value: Any, *, datatype: str = "", language: str = "") -> None:
        self.value = value
        self.datatype = datatype
        self.language = language

    def written(self, quads: Quads) -> str:
        """Return it as a term (JSON-LD 1.1 API section 8.2.2, but decimals stay exact)."""
        value, datatype = self.value, self.datatype
        if isinstance(value, str):
            return quads.literal(
                value, language=self.language if not datatype else "", datatype=datatype
            )
        if isinstance(value, bool):
            return quads.literal(str(value).lower(), datatype=datatype or f"{XSD}boolean")
        if not isinstance(value, int | Decimal):
            raise TermNotValid(f"{str(value)[:60]!r} is not a value")
        number = Decimal(value)
        whole = number == number.to_integral_value() and abs(number) < _LARGE
        if datatype == f"{XSD}double" or (not datatype and not whole):
            return quads.literal(_double(number), datatype=f"{XSD}double")
        lexical = decimal_text(number)
        return quads.literal(lexical, datatype=datatype or f"{XSD}integer")


def _double(value: Decimal) -> str:
    """Write a number as canonical ``xsd:double``, with all its digits."""
    sign, digits, _ = value.as_tuple()
    if not value:
        return "-0.0E0" if sign else "0.0E0"
    text = "".join(map(str, digits)).lstrip("0").rstrip("0")
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{value.adjusted()}"


class _Reader(Parser):
    """rdflib's reader, with our literals, errors where it would be silent, and no randomness."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: set[str] = set()

    def _key_to_graph(
        self, dataset: Any, graph: Any, context: Context, subj: Any, key: str, obj: Any,
        reverse: bool = False, no_id: bool = False,
    ) -> None:  # fmt: skip
        term = context.terms.get(key)
        iri = term.id if term else context.expand(key)
        if isinstance(iri, str) and not iri.startswith(("@", "_:")):
            if ":" not in iri:
                self.unknown.add(key)
                return
            if not is_absolute(iri):
                raise TermNotValid(f"<{iri}> (key {key!r}) is not an absolute IRI")
        elif not iri and term is None and not key.startswith("@"):
            self.unknown.add(key)
        super()._key_to_graph(dataset, graph, context, subj, key, obj, reverse, no_id)

    def _to_rdf_id(self, context: Context, id_val: str) -> Any:
        if not id_val.startswith("_:"):
            iri = context.resolve(id_val)
            if not is_absolute(iri):
                raise TermNotValid(f"<{iri or id_val}> is not an absolute IRI")
        return super()._to_rdf_id(context, id_val)

    def _to_object(
        self, dataset: Any, graph: Any, context: Context, term: Any, node: Any,
        inlist: bool = False,
    ) -> Any:  # fmt: skip
        if isinstance(node, tuple):
            value, language = node
            return None if value is None else _Literal(value, language=language)
        if isinstance(node, dict):
            if any(key in node for key in context.get_keys(_VALUE)):
                return _value_object(context, node)
            return super()._to_object(dataset, graph, context, term, node, inlist)
        coercion = term.type if term else UNDEF
        if coercion == _JSON:
            return _Literal(write_json(_sorted(node)), datatype=f"{RDF}JSON")
        if node is None:
            return None
        if coercion in _REFERENCES and isinstance(node, str):
            return super()._to_object(dataset, graph, context, term, node, inlist)
        if coercion and coercion not in {*_REFERENCES, _NONE}:
            return _Literal(node, datatype=str(coercion))
        stated = term.language if term and term.language is not UNDEF else context.language
        return _Literal(node, language=stated or "")

    @staticmethod
    def _to_typed_json_value(value: Any) -> dict[str, str]:
        return {_TYPE: _JSON, _VALUE: _Written(write_json(_sorted(value)))}


def _value_object(context: Context, node: dict[str, Any]) -> _Literal | None:
    value = context.get_value(node)
    datatype, language = context.get_type(node), context.get_language(node)
    if datatype == _JSON or datatype in context.get_keys(_JSON):
        # a JSON literal that rdflib's reader has made of a whole value is text already
        return _Literal(
            value if isinstance(value, _Written) else write_json(_sorted(value)),
            datatype=f"{RDF}JSON",
        )
    if value is None:
        return None
    if datatype is None:
        return _Literal(value, language=language or "")
    if not isinstance(datatype, str):
        raise TermNotValid(f"The type {str(datatype)[:60]!r} of a value is not one IRI")
    return _Literal(value, datatype=context.expand(datatype) or datatype)


def _sorted(value: Any) -> Any:
    """Return a JSON value with the keys of its objects in order (RFC 8785 section 3.2.3)."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
