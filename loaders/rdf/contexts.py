"""JSON-LD contexts, only from where they may come: the file, our bundle, an allow-list.

Every reference to a context is replaced by what it stands for before anything
else reads the document, so that nothing is left that could be fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from dafab_kg.model import resources
from dafab_kg.model.errors import DocumentRejected, NotSafe, NotWellFormed, TooLarge
from dafab_kg.model.strict_json import read_json, write_json

BUNDLED: Final = "https://w3id.org/dafab/context.jsonld"
"""IRI of the context for all JSON-LD that this catalogue emits."""

MAX_GROWTH: Final = 64 * 1024 * 1024
"""Most characters of contexts that are put into one document."""

_CONTEXT, _IMPORT, _BASE, _VALUE = "@context", "@import", "@base", "@value"
_DIRECTION: Final = "@direction"


class Contexts:
    """The contexts that may be used, each read once when first asked for."""

    def __init__(self, allowed: Mapping[str, Path], max_depth: int) -> None:
        self._allowed = allowed
        self._max_depth = max_depth
        self._read: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._growth = 0

    def put_in(self, value: Any, base: str = "") -> Any:
        """Return a JSON value with the contexts of all its objects put in.

        Raises:
            NotSafe: a context is neither ours nor on the allow-list.
            NotWellFormed: it is not a context, or contexts include each other.
            TooLarge: they grow beyond :data:`MAX_GROWTH`.
        """
        if isinstance(value, list):
            return [self.put_in(item, base) for item in value]
        if not isinstance(value, dict):
            return value
        _refuse_direction(value)
        return {
            key: self._whole(inner, base, ())
            if key == _CONTEXT
            # what a JSON literal holds is data
            else inner
            if key == _VALUE
            else self.put_in(inner, base)
            for key, inner in value.items()
        }

    def _whole(self, context: Any, base: str, within: tuple[str, ...]) -> list[Any]:
        """Return a context as a list of definitions with no reference in it."""
        whole: list[Any] = []
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, str):
                whole += self._fetched(part, base, within)
            elif part is None:
                whole.append(None)
            elif isinstance(part, dict):
                whole.append(self._definition(part, base, within))
            else:
                raise _no_context(part)
        return whole

    def _definition(self, part: dict[str, Any], base: str, within: tuple[str, ...]) -> Any:
        if _CONTEXT in part:
            raise _no_context(part)
        _refuse_direction(part)
        imported: dict[str, Any] = {}
        if _IMPORT in part:
            if not isinstance(part[_IMPORT], str):
                raise _no_context(part[_IMPORT])
            fetched = self._fetched(part[_IMPORT], base, within)
            if len(fetched) != 1 or not isinstance(fetched[0], dict):
                raise NotWellFormed(
                    f"{part[_IMPORT]} is not one context and cannot be imported", where=_CONTEXT
                )
            imported = fetched[0]
        own = {key: self._term(key, inner, base, within) for key, inner in part.items()}
        own.pop(_IMPORT, None)
        return {**imported, **own}

    def _term(self, key: str, inner: Any, base: str, within: tuple[str, ...]) -> Any:
        if key.startswith("@") or not isinstance(inner, dict):
            return inner
        _refuse_direction(inner)
        if _CONTEXT not in inner:
            return inner
        return {**inner, _CONTEXT: self._whole(inner[_CONTEXT], base, within)}

    def _fetched(self, reference: str, base: str, within: tuple[str, ...]) -> list[Any]:
        url = urljoin(base, reference)
        if url in within:
            raise NotWellFormed(f"The context {url} includes itself", where=_CONTEXT)
        if url not in self._read:
            document = read_json(self._source(url), where=url, max_depth=self._max_depth)
            if not isinstance(document, dict) or _CONTEXT not in document:
                raise NotWellFormed(f"{url} holds no context", where=_CONTEXT)
            whole = self._whole(document[_CONTEXT], url, (*within, url))
            # the base of a context that was fetched is not the document's (section 4.1.3)
            self._read[url] = [
                {k: v for k, v in part.items() if k != _BASE} if part else part for part in whole
            ]
            self._sizes[url] = len(write_json(self._read[url]))
        self._growth += self._sizes[url]
        if self._growth > MAX_GROWTH:
            raise TooLarge(
                "Its contexts grow too large",
                where=_CONTEXT,
                remedy="Name each context once, at the top, or split the document",
            )
        found: list[Any] = self._read[url]
        return found

    def _source(self, url: str) -> bytes:
        path = self._allowed.get(url)
        try:
            if path is not None:
                return path.read_bytes()
            if url == BUNDLED:
                return resources.folder("ontology").joinpath("context.jsonld").read_bytes()
        except OSError as error:
            raise DocumentRejected(
                f"The context {url} cannot be read: {error.strerror or error}",
                where=_CONTEXT,
                remedy="Check the setting json_ld_contexts",
            ) from None
        raise NotSafe(
            f"The context {url} is not fetched",
            where=_CONTEXT,
            remedy="Save it and name the file in the setting json_ld_contexts "
            "(DAFAB_JSON_LD_CONTEXTS), or write the context into the document",
        )


def _refuse_direction(value: dict[str, Any]) -> None:
    """Refuse text direction, in a context or a value: what parses JSON-LD passes over it."""
    if value.get(_DIRECTION) is not None or _DIRECTION in value.values():
        raise NotWellFormed(
            "Text direction (@direction) is not read", where="JSON-LD", remedy="Leave it out"
        )


def _no_context(part: Any) -> NotWellFormed:
    return NotWellFormed(
        f"{str(part)[:60]!r} is not a context",
        where=_CONTEXT,
        remedy="Give an object, an IRI or null (JSON-LD 1.1 section 3.1)",
    )
