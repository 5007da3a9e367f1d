"""What GML and KML share: XML elements by namespace and name, numbers in text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dafab_kg.model.errors import ArgumentNotValid, DocumentRejected
from dafab_kg.model.strict_xml import read_xml

MOST_DEPTH = 60


def read_root(text: str, namespaces: Collection[str], form: str) -> Any:
    """Parse a literal and return its root element.

    Raises:
        ArgumentNotValid: no XML, or an element of none of the namespaces.
    """
    try:
        root = read_xml(text.strip().encode(), where=form, max_depth=MOST_DEPTH)
    except (DocumentRejected, UnicodeEncodeError) as error:
        raise ArgumentNotValid(f"Not {form}: {error}") from None
    if namespace(root) not in namespaces:
        raise ArgumentNotValid(f"Not {form}: no element of it, but {root.tag[:200]!r}")
    return root


def namespace(element: Any) -> str:
    """Namespace of an element, "" without."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


def local(element: Any) -> str:
    """Local name of an element."""
    name: str = element.tag.rpartition("}")[2]
    return name


def children(element: Any, *names: str) -> Iterator[Any]:
    """Give the child elements with one of these local names, or all."""
    for child in element:
        if not names or local(child) in names:
            yield child


def numbers(text: str | None, form: str) -> NDArray[np.float64]:
    """Read numbers that stand between white space.

    Raises:
        ArgumentNotValid: something else stands there.
    """
    try:
        return np.array((text or "").split(), dtype=np.float64)
    except ValueError as error:
        raise ArgumentNotValid(f"Not {form}: {error}") from None
