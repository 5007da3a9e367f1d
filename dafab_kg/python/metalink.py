"""A download plan as Metalink 4 (RFC 5854)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dafab_kg.python.downloads import Download

METALINK: Final = "urn:ietf:params:xml:ns:metalink"


def metalink(files: Iterable[tuple[str, Download]]) -> bytes:
    """Write files, each with its path, as Metalink 4.

    ``identity`` is the data identifier of the file, where it is known: Rucio's own reader looks
    for it there.  Storage elements are not told: ``location`` is a country (section 4.2.16.1).
    """
    from lxml import etree

    spaces: Any = {None: METALINK}
    root = etree.Element("metalink", nsmap=spaces)
    for name, one in files:
        file = etree.SubElement(root, "file", name=name)
        identity = one.file_did or f"{one.item}/{one.asset}"
        etree.SubElement(file, "identity").text = _text(identity)
        if one.size is not None:
            etree.SubElement(file, "size").text = str(one.size)
        for kind, digest in one.checksums.items():
            etree.SubElement(file, "hash", type=kind).text = digest
        for rank, address in enumerate(one.addresses, 1):
            etree.SubElement(file, "url", priority=str(rank)).text = address
    for element in root.iter():
        element.tag = f"{{{METALINK}}}{element.tag}"
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _text(given: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(c if c.isprintable() else "_" for c in given)
