"""The terminals that Turtle, TriG, N-Triples and N-Quads share, as regular expressions.

The names are those of the grammars (RDF 1.1 Turtle section 6.5).  All
repetitions are possessive, so that no text makes the matching slow.
"""

from __future__ import annotations

from typing import Final

PN_CHARS_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
PN_CHARS_U: Final = PN_CHARS_BASE + "_"
PN_CHARS: Final = PN_CHARS_U + "\\-0-9\u00b7\u0300-\u036f\u203f-\u2040"

UCHAR: Final = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
ECHAR: Final = r"""\\[tbnrf"'\\]"""
IRIREF: Final = rf'<(?:[^\x00-\x20<>"{{}}|^`\\]++|{UCHAR})*+>'
STRING_QUOTE: Final = rf'"(?:[^"\\\n\r]++|{ECHAR}|{UCHAR})*+"'
STRING_SINGLE: Final = rf"'(?:[^'\\\n\r]++|{ECHAR}|{UCHAR})*+'"
STRING_LONG: Final = rf'"""(?:"{{0,2}}(?:[^"\\]|{ECHAR}|{UCHAR}))*+"""'
STRING_LONG_SINGLE: Final = rf"'''(?:'{{0,2}}(?:[^'\\]|{ECHAR}|{UCHAR}))*+'''"
LANGTAG: Final = r"@[A-Za-z]++(?:-[A-Za-z0-9]++)*+"

_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
PN_PREFIX: Final = rf"[{PN_CHARS_BASE}](?:[{PN_CHARS}]++|\.++(?=[{PN_CHARS}]))*+"
PN_LOCAL: Final = (
    rf"(?:[{PN_CHARS_U}:0-9]|{_PLX})"
    rf"(?:[{PN_CHARS}:]++|{_PLX}|\.++(?=[{PN_CHARS}:]|{_PLX}))*+"
)
BLANK_NODE_LABEL: Final = rf"_:[{PN_CHARS_U}0-9](?:[{PN_CHARS}]++|\.++(?=[{PN_CHARS}]))*+"
