"""Values as the text of N-Quads: literals, IRIs, and segments of IRIs.

Literals are escaped as canonical N-Triples says (RDF 1.2 N-Triples, section 4),
which is also what the store writes, so that equal triples are equal text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from dafab_kg.model import names
from dafab_kg.model.errors import FieldNotValid, NameNotValid
from dafab_kg.model.values import lexical

_NUMBERS = (int, Decimal)
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile('[\x00-\x1f"\\\\\x7f\ufffe\uffff]')
_SURROGATE = re.compile("[\ud800-\udfff]")


def plain(value: object) -> str:
    """Return the lexical form of a record's value, before any escaping.

    Raises:
        FieldNotValid: it is no text, whole number, Decimal or truth value.
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, _NUMBERS):
        try:
            return lexical(value)
        except ValueError as error:  # more digits than Python will print
            raise FieldNotValid(f"the number is too long: {error}") from error
    raise FieldNotValid(
        f"{type(value).__name__} is no plain value",
        remedy="A record holds text, int, Decimal, bool, or tuples of these",
    )


def literal(value: object) -> str:
    r"""Return what stands between the quotes of a literal.

    >>> literal('say "no"\n')
    'say \\"no\\"\\n'

    Raises:
        FieldNotValid: see :func:`plain`; or a lone surrogate, which no RDF can hold.
    """
    text = value if type(value) is str else plain(value)
    # isprintable is the fast way to rule out control characters and surrogates
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    refuse_surrogates(text)
    return _ESCAPED.sub(_escape, text)


def refuse_surrogates(text: str) -> None:
    """Raise FieldNotValid if ``text`` holds half a character."""
    if _SURROGATE.search(text):
        raise FieldNotValid(
            f"{text[:80]!r} holds a lone surrogate, which is half a character",
            remedy="Correct the encoding of the document",
        )


def segment(value: object) -> str:
    """Return a value percent-encoded, as it stands within an IRI template.

    Raises:
        FieldNotValid: see :func:`literal`.
    """
    return _encoded(value if type(value) is str else plain(value))


def iri(value: object) -> str:
    """Return a value that is an IRI by itself.

    Raises:
        FieldNotValid: it is no absolute IRI (RFC 3987), so that it cannot be written.
    """
    return _checked(value if type(value) is str else plain(value))


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _SHORT.get(character) or f"\\u{ord(character):04X}"


# The same few identifiers recur in every record of a document: both caches are small.
@lru_cache(maxsize=16_384)
def _encoded(text: str) -> str:
    try:
        return names.encode(text)
    except NameNotValid as error:
        raise FieldNotValid(str(error), remedy="Correct the encoding of the document") from error


@lru_cache(maxsize=4_096)
def _checked(text: str) -> str:
    if not names.is_iri(text):
        raise FieldNotValid(
            f"{text[:200]!r} is not an absolute IRI",
            remedy="The loader should leave this field out and keep the text elsewhere",
        )
    return text
