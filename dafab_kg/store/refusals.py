"""What a query may not ask for: SERVICE would let anyone use this machine as a proxy.

Endpoints that the operator allows may be called, by their IRI as it is written there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dafab_kg.model.errors import QueryNotValid

# Tokens of SPARQL 1.1 (section 19.8) as far as they can hide a word.  Each is matched without
# going back, so that the time grows with the length only.  Escapes are exact: Oxigraph reads
# a long string with a wrong one as an empty string and a short one, which end elsewhere.
_ESCAPE = r"""\\(?:[tbnrf"'\\]|u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}
    |U(?:0000(?![dD][89a-fA-F])|000[1-9A-Fa-f]|0010)[0-9A-Fa-f]{4})"""
_LOCAL = r":(?:(?:[\w:%]|\\.)(?:[\w:.%-]|\\.)*+)?+"
_TOKENS = re.compile(
    rf"""
      <(?P<iri>[^<>"{{}}|^`\\\x00-\x20]*+)>          # IRIREF, or a comparison
    | \"\"\"(?:[^"\\]|{_ESCAPE}|"(?!""))*+\"\"\"     # long strings
    | \'\'\'(?:[^'\\]|{_ESCAPE}|'(?!''))*+\'\'\'
    | "(?!"")(?:[^"\\\n\r]|{_ESCAPE})*+"             # short strings
    | '(?!'')(?:[^'\\\n\r]|{_ESCAPE})*+'
    | (?P<unended>["'])
    | \#[^\n\r]*+                                    # comment
    | [?$]\w*+ | @[A-Za-z]++(?:--?[A-Za-z0-9]++)*+   # variable, language tag
    | (?P<word>[^\W\d_][\w.-]*+)(?:{_LOCAL})?+ | {_LOCAL}   # word, prefixed name
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_NEVER_COMPARED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://")
_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def refuse_remote(
    query: str, allowed: Sequence[str] = (), check: Callable[[str], None] | None = None
) -> None:
    """Refuse a query that calls SERVICE, but of an endpoint that is ``allowed``.

    ``check`` is called with each endpoint that the query calls, and may refuse it too.

    Comments, strings, IRIs and variables may say the word.  Code point escapes
    are undone first, as a parser may do.  A prefix that begins with "service"
    is refused too, because Oxigraph's grammar reads ``SERVICE:x`` as a call.
    A query with the word is also refused where its words cannot be told from its
    strings: a string that does not end, or ``<#x>``, which can compare, then comment.

    Raises:
        QueryNotValid: the query calls SERVICE, or may do so.
    """
    if "service" not in query.lower() and "\\u" not in query.lower():
        return
    for text in {query, _CODE_POINT.sub(_character, query)}:
        if "service" not in text.lower():
            continue
        for called in _calls(text, bool(allowed)):
            if not called.iri or called.iri not in allowed:
                line = text.count("\n", 0, called.position) + 1
                reason = called.reason
                if called.iri and allowed:
                    reason = f"<{called.iri[:200]}> is not among the endpoints that may be called. "
                    reason += "Have the operator add it to the setting service_allowed"
                raise QueryNotValid(f"SERVICE is refused (line {line}): {reason}")
            if check is not None:
                check(called.iri)


class _Call(NamedTuple):
    """Where a query calls an endpoint, or may do so; ``iri`` "" where that cannot be told."""

    iri: str
    position: int
    reason: str


def _calls(text: str, told_apart: bool) -> Iterator[_Call]:
    """Give each call, as it is met: after the first that is refused nothing is read.

    ``told_apart``: the endpoints are of interest.
    """
    begun: _Call | None = None
    silent = False
    for token in _TOKENS.finditer(text):
        if not token[0].strip() or token[0][0] == "#":
            continue
        if begun is not None:
            if (token["word"] or "").lower() == "silent" and not silent:
                silent = True
                continue
            yield begun._replace(iri=token["iri"] or "")
            begun, silent = None, False
            continue
        reason = _reason(token)
        if not reason:
            continue
        call = _Call("", token.start(), reason)
        if told_apart and token[0].lower() == "service":
            begun = call
        else:
            yield call
    if begun is not None:
        yield begun


def has_dataset(query: str) -> bool:
    """Tell whether a query names its own dataset (FROM), outside of strings and comments.

    Where that cannot be told it counts as naming one, and is left as it is.
    """
    if "from" not in query.lower() and "\\u" not in query.lower():
        return False
    text = _CODE_POINT.sub(_character, query)
    return any((token["word"] or "").lower() == "from" for token in _TOKENS.finditer(text))


def _reason(token: re.Match[str]) -> str:
    if "service" in (token["word"] or "").lower():
        return (
            "no other endpoint may be called from here, or not as it is written. Have the operator "
            "allow it by its whole IRI (service_allowed), or query it yourself and join the "
            "answers; a prefix may not hold 'service' either"
        )
    if token["unended"]:
        return "a string does not end here, so a call could hide after it. End the string"
    iri = token["iri"] or ""
    if ("'" in iri or "#" in iri) and not _NEVER_COMPARED.match(iri):
        return (
            f"<{iri}> can be read as an IRI or as a comparison, so a call could hide after it. "
            "Write the IRI in full with ://, or put a space after the <"
        )
    return ""


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
