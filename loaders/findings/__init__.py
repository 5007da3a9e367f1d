"""What a model drew: detected objects and delineated water anomalies.

Both are GeoJSON (RFC 7946).  See ``README.md`` beside this file for the forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from dafab_kg.loaders.findings.features import About, about_of
from dafab_kg.loaders.findings.read import read_anomalies, read_detections
from dafab_kg.loaders.stac.recognise import starts_like_object
from dafab_kg.model.documents import Entry, Found, Part, Reading, Refused, SourceDocument, Tree
from dafab_kg.model.errors import DocumentRejected, NotRecognised
from dafab_kg.model.names import encode
from dafab_kg.model.strict_json import read_json

__all__ = ["FindingsLoader"]

_MARK: Final = b'"FeatureCollection"'


class FindingsLoader:
    """Reads GeoJSON of detected objects and of delineated water anomalies."""

    name: ClassVar[str] = "findings"
    version: ClassVar[str] = "1"
    groups_files: ClassVar[bool] = False

    def __init__(self, assume: str = "") -> None:
        self._assumed = assume == self.name

    def find(self, tree: Tree) -> Iterator[Found | Refused]:
        """Find files of findings by their content."""
        for entry in tree.entries:
            if not starts_like_object(entry.head):
                continue
            try:
                found = self._document(entry)
            except DocumentRejected as error:
                if self._assumed:
                    yield Refused(error, (entry,))
                continue  # broken JSON: whoever else reads it says why
            if found is not None:
                yield Found(found, (entry,))

    def _document(self, entry: Entry) -> SourceDocument | None:
        data = entry.read()
        if _MARK not in data or b'"stac_version"' in data:
            return None
        value = read_json(data, where=entry.origin)
        about = about_of(value, entry.name, assumed=self._assumed)
        if about is None:
            return None
        part = Part(entry.name, data)
        key = _key(about, part.digest)
        return SourceDocument(self.name, key, entry.origin, (part,), value=value)

    def read(self, document: SourceDocument) -> Reading:
        """Read the findings of one file.

        Raises:
            DocumentRejected: a feature lacks what identifies it, or lies nowhere.
        """
        part = document.parts[0]
        value = document.value
        if value is None:
            value = read_json(part.data, where=document.origin)
        about = about_of(value, part.name, assumed=True)
        if about is None:
            raise NotRecognised(
                "this is no collection of findings",
                where=document.origin,
                remedy="Give a FeatureCollection in the form that loaders/findings/README.md shows",
            )
        if about.kind == "anomalies":
            return read_anomalies(value, about, document.origin)
        return read_detections(value, about, part.digest, document.origin)


def _key(about: About, digest: str) -> str:
    """Name the document: another version of the same findings replaces it."""
    if about.kind == "anomalies" and about.product_id is not None:
        return f"anomalies/{encode(about.product_id)}/{about.sign or 'both'}"
    return f"{about.kind}/{encode(about.name) if about.name else digest}"
