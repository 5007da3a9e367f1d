"""`dafab-kg` whose writer notes when it publishes and when it merges segments of the index.

    python tests/serving/marked.py FILE ARGUMENTS...

Two segments are merged already, so that merges are many.  FILE gets a line at the beginning
and at the end of each of these steps; the steps themselves are those of the package.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from dafab_kg.catalogue import Catalogue
from dafab_kg.cli import main
from dafab_kg.spatial.index import keeper

SEGMENTS = 2


def mark(file: Path) -> None:
    @contextmanager
    def step(name: str):
        with file.open("a") as out:
            out.write(f"{name} begins {os.getpid()}\n")
        yield
        with file.open("a") as out:
            out.write(f"{name} ends {os.getpid()}\n")

    publish, follow = Catalogue.publish, keeper.Keeper._publish

    def publish_marked(self, *given, **options):
        with step("publish"):
            return publish(self, *given, **options)

    def follow_marked(self, block, parts, **options):
        merging = sum(1 for part in parts if part.living) >= SEGMENTS
        with step("merge" if merging else "segment"):
            return follow(self, block, parts, **options)

    keeper.MOST_SEGMENTS = SEGMENTS
    Catalogue.publish = publish_marked
    keeper.Keeper._publish = follow_marked


if __name__ == "__main__":
    mark(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
