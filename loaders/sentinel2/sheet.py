"""One metadata file as a sheet of named fields.

Elements are found by local name at any depth below a section, so that namespaces
(PSD 12 to 15, with http and https) and the nesting of each edition do not matter.
Names of 2016 to 2018 carry a prefix ``L2A_``, which is the same field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree

from dafab_kg.model.errors import FieldMissing, FieldNotValid
from dafab_kg.model.strict_xml import read_xml
from dafab_kg.model.values import instant, number


@dataclass(frozen=True)
class Sheet:
    """The elements of one file, or of a part of it.

    ``where`` is the file and the path to the part; ``warnings`` collects what
    was left out, over all parts of the file.
    """

    root: etree._Element = field(repr=False)
    where: str
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, data: bytes, where: str) -> Sheet:
        """Parse a file, or raise NotWellFormed, NotSafe or TooLarge."""
        root = read_xml(data, where=where)
        return cls(root, f"{where}: /{local_name(root)}")

    def parts(self, path: str) -> Iterator[Sheet]:
        """Yield every element at ``path`` (local names, the first at any depth)."""
        elements: Any = _xpath(path)(self.root)
        for element in elements:
            yield Sheet(element, f"{self.where}//{path}", self.warnings)

    def children(self, name: str) -> Iterator[Sheet]:
        """Yield the element's own children of that name."""
        for element in self.root:
            if local_name(element) == name:
                yield Sheet(element, f"{self.where}/{name}", self.warnings)

    def part(self, path: str) -> Sheet | None:
        """Return the first element at ``path``."""
        return next(self.parts(path), None)

    def text(self, *paths: str) -> str | None:
        """Return the text at the first of ``paths`` that has one; without paths, its own."""
        if not paths:
            return self.own or None
        for path in paths:
            for part in self.parts(path):
                if part.own:
                    return part.own
        return None

    @property
    def own(self) -> str:
        """The element's own text, without the space around it."""
        return (self.root.text or "").strip()

    def required(self, *paths: str) -> str:
        """Return the text at one of ``paths``, or raise FieldMissing."""
        text = self.text(*paths)
        if text is None:
            raise FieldMissing(
                f"{paths[0]} is missing",
                where=self._at(paths),
                remedy="Fetch the complete metadata from the data centre",
            )
        return text

    def time(self, *paths: str) -> str | None:
        """Return a time as canonical text; a faulty one is left out with a warning."""
        text = self.text(*paths)
        try:
            return instant(text, where=self._at(paths)) if text else None
        except FieldNotValid as error:
            self.warnings.append(f"left out: {error}")
            return None

    def time_attribute(self, name: str) -> str | None:
        """Return the time in an attribute; a faulty one is left out with a warning."""
        text = self.attribute(name)
        try:
            return instant(text, where=f"{self.where}/@{name}") if text else None
        except FieldNotValid as error:
            self.warnings.append(f"left out: {error}")
            return None

    def number(self, *paths: str) -> Decimal | None:
        """Return a number; NaN and the like are left out with a warning."""
        text = self.text(*paths)
        try:
            return number(text, where=self._at(paths)) if text else None
        except FieldNotValid as error:
            self.warnings.append(f"left out: {error}")
            return None

    def whole(self, *paths: str) -> int | None:
        """Return a whole number; another one is left out with a warning."""
        value = self.number(*paths)
        if value is None:
            return None
        if value != value.to_integral_value():
            self.warnings.append(f"left out: {self._at(paths)}: {value} is not whole")
            return None
        return int(value)

    def _at(self, paths: tuple[str, ...]) -> str:
        return f"{self.where}//{paths[0]}" if paths else self.where

    def attribute(self, *names: str) -> str | None:
        """Return the first of the attributes ``names`` that the element itself has."""
        for name in names:
            value = (self.root.get(name) or "").strip()
            if value:
                return value
        return None


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname


@cache
def _xpath(path: str) -> etree.XPath:
    steps = [f"*[local-name()='{s}' or local-name()='L2A_{s}']" for s in path.split("/")]
    return etree.XPath(".//" + "/".join(steps))
