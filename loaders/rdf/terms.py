"""RDF terms as N-Quads text, checked so strictly that any store takes them.

Literals keep their lexical form as it came, valid or not: ``"01"^^xsd:integer``
stays as it is.  IRIs must be absolute by RFC 3987, since a store would refuse
the whole batch because of one that is not.  Blank nodes become IRIs below the
document's own (RDF 1.1 Concepts section 3.5, skolemisation), so that the same
bytes always give the same graph.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from dafab_kg.model.errors import NotSafe
from dafab_kg.model.names import Names, encode

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

_RESERVED: Final = ("graph", "derived_graph", "load_graph")
# what rdflib calls a blank node that has no label in the document, at random
_MADE_UP = re.compile(r"N[0-9a-f]{32}\Z")
_LABEL = re.compile(r"[^~\ud800-\udfff][^\ud800-\udfff]*\Z")

_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
    **{ord(c): f"\\{e}" for c, e in zip('\t\b\n\r\f"\\', 'tbnrf"\\', strict=True)},
}
_ECHARS: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)

_UCS = (
    "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    + "".join(f"{chr(p << 16)}-{chr((p << 16) + 0xFFFD)}" for p in range(1, 14))
    + "\U000e1000-\U000efffd"
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_NAME = rf"A-Za-z0-9\-._~{_UCS}!$&'()*+,;="
_PCT = "%[0-9A-Fa-f]{2}"
_IRI = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):"
    rf"(?://(?:(?:[{_NAME}:]|{_PCT})*@)?(?P<host>\[[^\]]*\]|(?:[{_NAME}]|{_PCT})*)(?::[0-9]*)?"
    rf"(?=[/?#]|\Z)|(?!//))"
    rf"(?:[{_NAME}:@/]|{_PCT})*+"
    rf"(?:\?(?:[{_NAME}:@/?{_PRIVATE}]|{_PCT})*+)?(?:\#(?:[{_NAME}:@/?]|{_PCT})*+)?\Z"
)
# RFC 5646 section 2.1, without the tags that are valid only by its list of exceptions
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+)\Z",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?\Z", re.S)


class TermNotValid(Exception):
    """A term that cannot be written; the reader that met it adds the line."""


class Quads:
    """The statements of one document, gathered as N-Quads lines without repetition."""

    def __init__(self, names: Names, document_id: str) -> None:
        self._names = names
        self.base = names.make("document", document_id=document_id) + "/"
        self._lines: dict[str, None] = {}
        self._iris: dict[str, str] = {}
        self._graphs: dict[str, None] = {}
        self._blanks: dict[str, str] = {}
        self._fresh = 0

    def iri(self, text: str) -> str:
        """Return an absolute IRI as a term.

        Raises:
            TermNotValid: it is none.
        """
        term = self._iris.get(text)
        if term is None:
            if not is_absolute(text):
                raise TermNotValid(f"<{text}> is not an absolute IRI")
            term = self._iris[text] = f"<{text}>"
        return term

    def blank(self, label: str) -> str:
        """Return the term of the blank node called ``label`` in the document."""
        term = self._blanks.get(label)
        if term is None:
            known = _LABEL.match(label) and not _MADE_UP.match(label)
            term = f"<{self.base}bnode/{encode(label)}>" if known else self.fresh()
            self._blanks[label] = term
        return term

    def fresh(self) -> str:
        """Return the term of a blank node without label: its number in the document.

        No label is kept that begins with ``~``, so none is met by a number.
        """
        self._fresh += 1
        return f"<{self.base}bnode/~{self._fresh}>"

    def literal(self, lexical: str, *, language: str = "", datatype: str = "") -> str:
        """Return a literal as a term; ``datatype`` is an IRI.

        Raises:
            TermNotValid: a lone surrogate, a language tag or an IRI that is none.
        """
        try:
            lexical.encode()
        except UnicodeEncodeError:
            raise TermNotValid("A literal holds half a character (a lone surrogate)") from None
        quoted = f'"{lexical.translate(_ESCAPES)}"'
        if language:
            if _LANGUAGE.match(language) is None:
                raise TermNotValid(f"{language!r} is not a language tag (RFC 5646)")
            return f"{quoted}@{language}"
        if not datatype or datatype == f"{XSD}string":
            return quoted
        if datatype == f"{RDF}langString":
            raise TermNotValid("A literal of type rdf:langString must have a language tag")
        return f"{quoted}^^{self.iri(datatype)}"

    def graph(self, term: str) -> str:
        """Return ``term`` as the name of a graph.

        Raises:
            NotSafe: the catalogue keeps its own graphs under such names.
        """
        if term not in self._graphs:
            if any(self._names.within(term[1:-1], kind) for kind in _RESERVED):
                raise NotSafe(
                    f"The graph {term} is one of the catalogue's own",
                    where="graph",
                    remedy="If the file is a dump, load it with `dafab-kg restore`",
                )
            self._graphs[term] = None
        return term

    def add(self, subject: str, predicate: str, object_: str, graph: str = "") -> None:
        """Add a statement of terms; ``graph`` is empty for the default graph."""
        end = f"{graph} ." if graph else "."
        self._lines[f"{subject} {predicate} {object_} {end}\n"] = None

    def text(self) -> str:
        """Return all statements as N-Quads, in the order of their first appearance."""
        return "".join(self._lines)


def is_absolute(text: str) -> bool:
    """Tell whether ``text`` is an absolute IRI, with or without fragment (RFC 3987 section 2.2)."""
    match = _IRI.match(text)
    if match is None:
        return False
    host = match["host"] or ""
    if host.startswith("[") and not host.startswith(("[v", "[V")):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
    return True


def resolve(base: str, reference: str) -> str:
    """Resolve a relative reference (RFC 3986 section 5.2.2); an absolute IRI stays as it is.

    >>> resolve("http://a/b/c/d;p?q", "../g")
    'http://a/b/g'
    """
    _, authority, path, query, fragment = _parts(reference)
    if _parts(reference)[0] is not None:
        return reference
    scheme, base_authority, base_path, base_query, _ = _parts(base)
    if authority is None:
        authority = base_authority
        if not path:
            path = base_path
            query = base_query if query is None else query
        elif path.startswith("/"):
            path = _without_dots(path)
        else:
            at = base_path.rfind("/") + 1
            merged = f"/{path}" if authority and not base_path else base_path[:at] + path
            path = _without_dots(merged)
    else:
        path = _without_dots(path)
    return (
        f"{scheme}:"
        + (f"//{authority}" if authority is not None else "")
        + path
        + (f"?{query}" if query is not None else "")
        + (f"#{fragment}" if fragment is not None else "")
    )


def _parts(iri: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    match = _REFERENCE.match(iri)
    if match is None:  # cannot be: the pattern takes any text
        return None, None, iri, None, None
    return match[1], match[2], match[3], match[4], match[5]


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "..":
            # the empty segment before the first slash is not a place to leave
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
            if last:
                kept.append("")
        elif segment == ".":
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)


def unescape(text: str) -> str:
    r"""Undo the escapes of Turtle and N-Triples: ``\n``, ``\"``, ``\u00e9`` and the like.

    Raises:
        TermNotValid: a number beyond Unicode, or half a character.
    """
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if match[3] is not None:
        return _ECHARS.get(match[3], match[3])
    code = int(match[1] or match[2], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise TermNotValid(f"{match[0]} is no character")
    return chr(code)
