"""Giving documents back as they were delivered."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dafab_kg.model.documents import Part


Originals = Annotated[
    Path | None,
    typer.Option("--originals", metavar="DIR", help="Write the documents' files below DIR."),
]


def write_originals(directory: Path, document_id: str, parts: Iterable[Part]) -> list[Path]:
    """Write a document's files below ``directory/document_id``, byte for byte.

    Raises:
        FileNotUsable: one cannot be written, or its name leads out of the directory.
    """
    from dafab_kg.model.documents import FilePart
    from dafab_kg.model.errors import FileNotUsable

    written = []
    for part in parts:
        name = PurePosixPath(part.name)
        if name.is_absolute() or ".." in name.parts:
            raise FileNotUsable(f"The file {part.name!r} would be written outside of {directory}")
        path = directory / document_id / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(part, FilePart):
                shutil.copyfile(part.path, path)
            else:
                path.write_bytes(part.data)
        except OSError as error:
            raise FileNotUsable(f"{path} cannot be written: {error}") from error
        written.append(path)
    return written
