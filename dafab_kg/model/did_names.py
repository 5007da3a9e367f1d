"""Names of data identifiers as Rucio takes them, from the ids that catalogues give.

Rucio 41.5.1's generic schema takes names of 1 to 250 characters out of letters and digits of
ASCII, ``/ . - _``, of which the last three do not stand first.  An id that is such a name is
its own name (but for one that begins with ``0_x``, or has a step ``.`` or ``..`` between ``/``,
which no path shall hold).  In any other, each character that cannot stand there is written
``_xHHHH_``: its code point in at least four hex digits, as SQL/XML maps identifiers to XML names
(ISO/IEC 9075-14, 9.1); so is the ``_`` of what looks like such an escape already.  What is longer
than 250 then is cut, and ends with 32 hex digits of the SHA-256 of the id: the same id has the
same name always, but the id is not told by it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from dafab_kg.model.errors import NameNotValid

MOST_CHARACTERS: Final = 250
"""Longest name that Rucio takes."""
_CUT: Final = "_xcut_"
"""Stands before the digest in a name that was cut; no escape looks like it."""
_DIGEST: Final = 32
KEPT: Final = MOST_CHARACTERS - len(_CUT) - _DIGEST
"""How many characters of the whole name are left in one that was cut."""
LONGEST_ESCAPE: Final = len("_x10FFFF_")
"""Most characters of a name for one of an id."""
_NOT_ALLOWED: Final = re.compile(
    r"[^A-Za-z0-9/._-]"  # what no name holds
    r"|\A[._-]"  # what does not stand first
    r"|(?<![^/])\.(?=\.?(?:/|\Z))"  # what is a step of a path that leads elsewhere: . and ..
    r"|_(?=x(?:[0-9A-F]{4,6}|cut)_)"  # what would be read as an escape
)
_ESCAPE: Final = re.compile(r"_x([0-9A-F]{4,6})_")
_NAME: Final = re.compile(r"[/A-Za-z0-9][/A-Za-z0-9._-]{0,249}")
_FIRST: Final = "0"
"""Stands before a name that begins with an escape, and before one that would look so."""
_GUARDED: Final = re.compile(r"0+_x")
_END: Final = re.compile(_CUT + r"[0-9a-f]{32}\Z")


def encode_did_name(text: str) -> str:
    """Return the name of a data identifier for an id.

    >>> encode_did_name("S2A_T32UQV_20240101"), encode_did_name("a b")
    ('S2A_T32UQV_20240101', 'a_x0020_b')

    Raises:
        NameNotValid: the id is empty, or holds a lone surrogate.
    """
    if not text:
        raise NameNotValid("The name of a data identifier is empty. Give it an id")
    if _NAME.fullmatch(text) and "_x" not in text and "/." not in text:
        return text  # as most ids are; it takes an eighth of the time
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise NameNotValid(f"{text[:80]!a} holds half a character. Mend the id") from error
    name = _NOT_ALLOWED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    if name.startswith("_") or _GUARDED.match(name):
        name = _FIRST + name
    if len(name) > MOST_CHARACTERS:
        name = name[:KEPT] + _CUT + sha256(data).hexdigest()[:_DIGEST]
    return name


def decode_did_name(name: str) -> str | None:
    """Return the id of a name that :func:`encode_did_name` made; None: it was cut.

    >>> decode_did_name("a_x0020_b")
    'a b'
    """
    if is_cut(name):
        return None
    if _GUARDED.match(name):
        name = name.removeprefix(_FIRST)
    return _ESCAPE.sub(_character, name)


def is_cut(name: str) -> bool:
    """Tell whether a name was cut, so that it does not tell the id."""
    return len(name) == MOST_CHARACTERS and _END.search(name) is not None


def is_did_name(name: str) -> bool:
    """Tell whether Rucio's generic schema takes a name."""
    return _NAME.fullmatch(name) is not None


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else found[0]
