"""The private part of a catalogue: a catalogue of its own in a directory of its own.

What is private never enters the public graph, documents, index or snapshots, so that no
face can leak it, whatever is asked there.  Who may see it asks a *view*: a copy of the
public graph (made of links) to which the private statements are added.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from dafab_kg.model.errors import StoreNotUsable
from dafab_kg.store.oxigraph import OxigraphStore

DIRECTORY: Final = "private"
SHOWN: Final = "shown.nq"
"""The private part's statements, written anew with each change: what views are made from."""


def has_private(path: Path) -> bool:
    """Tell whether the catalogue in directory ``path`` has a private part."""
    return (path / DIRECTORY / "catalogue.json").is_file()


def write_shown(store: OxigraphStore, path: Path) -> None:
    """Write the statements of the private part's ``store`` for who makes a view."""
    file = path / DIRECTORY / SHOWN
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as out:
        store.dump(out)
    unfinished.chmod(0o600)
    unfinished.replace(file)


class View:
    """A store that holds all that is public and all that is private; of one moment."""

    def __init__(self, public: OxigraphStore, path: Path, inferred: str, key: str) -> None:
        """Make a view of ``public`` and of the private part below ``path``.

        ``inferred`` is the graph of what is inferred: what is stated privately leaves it.

        Raises:
            StoreNotUsable: it cannot be made.
        """
        self.key = key
        remove_leftovers(path)
        self._folder = tempfile.mkdtemp(prefix=f"view-{os.getpid()}-", dir=path / DIRECTORY)
        try:
            place = Path(self._folder) / "graph"
            public.backup(place)
            self.store = OxigraphStore(place)
            with (path / DIRECTORY / SHOWN).open("rb") as shown:
                self.store.bulk_load(shown)
            with (path / DIRECTORY / SHOWN).open("rb") as shown:
                self.store.withdraw(inferred, shown)
        except (OSError, RuntimeError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise StoreNotUsable(f"What is private cannot be shown: {error}") from error

    def close(self) -> None:
        """Remove it."""
        self.store.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def key_of_shown(path: Path) -> str:
    """Return what changes whenever the private part does; "" where there is none."""
    try:
        found = (path / DIRECTORY / SHOWN).stat()
    except OSError:
        return ""
    return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def remove_leftovers(path: Path) -> None:
    """Remove views whose makers were killed."""
    for folder in (path / DIRECTORY).glob("view-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)
