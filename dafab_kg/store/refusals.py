"""What a query may not ask for: SERVICE would let anyone use this machine as a proxy."""

from __future__ import annotations

import re

from dafab_kg.model.errors import QueryNotValid

# Tokens of SPARQL 1.1 (section 19.8) as far as they can hide a word.  Each is matched without
# going back, so that the time grows with the length only.  Escapes are exact: Oxigraph reads
# a long string with a wrong one as an empty string and a short one, which end elsewhere.
_ESCAPE = r"""\\(?:[tbnrf"'\\]|u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}
    |U(?:0000(?![dD][89a-fA-F])|000[1-9A-Fa-f]|0010)[0-9A-Fa-f]{4})"""
_TOKENS = re.compile(
    rf"""
      <(?P<iri>[^<>"{{}}|^`\\\x00-\x20]*+)>        # IRIREF, or a comparison
    | \"\"\"(?:[^"\\]|{_ESCAPE}|"(?!""))*+(?P<long2>\"\"\")?
    | \'\'\'(?:[^'\\]|{_ESCAPE}|'(?!''))*+(?P<long1>\'\'\')?
    | "(?:[^"\\\n\r]|{_ESCAPE})*+(?P<short2>")?
    | '(?:[^'\\\n\r]|{_ESCAPE})*+(?P<short1>')?
    | \#[^\n\r]*+                                  # comment
    | [?$@][\w-]++                                 # variable, language tag
    | (?P<word>[^\W\d_][\w.-]*+)?+                 # word, or prefixed name
      (?P<local>:(?:(?:[\w:%]|\\.)(?:[\w:.%-]|\\.)*+)?)?+
    """,
    re.VERBOSE | re.DOTALL,
)
_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def refuse_remote(query: str) -> None:
    """Refuse a query that calls SERVICE.

    Comments, strings, IRIs and variables may say the word.  Code point escapes
    are undone first, as a parser may do.  A prefix that begins with "service"
    is refused too, because Oxigraph's grammar reads ``SERVICE:x`` as a call.

    Raises:
        QueryNotValid: the query calls SERVICE.
    """
    if "service" not in query.lower() and "\\u" not in query.lower():
        return
    for text in {query, _CODE_POINT.sub(_character, query)}:
        for token in _TOKENS.finditer(text):
            word = token["word"] or token["name"] or ""
            if "service" in word.lower():
                line = text.count("\n", 0, token.start()) + 1
                raise QueryNotValid(
                    f"SERVICE is refused (line {line}): this endpoint calls no other. "
                    "Query the other endpoint yourself and join the answers; "
                    "a prefix may not hold 'service' either"
                )


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else match[0]
