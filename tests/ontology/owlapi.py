"""The OWL API of Debian's libowlapi-java, the library below Protégé, by a small program."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).with_name("java") / "OwlApi.java"
JARS = Path("/usr/share/java")
# The whole folder on the class path does not start: it holds several versions of some.
PATTERNS = (
    "owlapi-api", "owlapi-apibinding", "owlapi-impl", "owlapi-parsers", "owlapi-rio",
    "owlapi-tools", "owlapi-oboformat", "owlapi-distribution", "rdf4j-*", "guava",
    "failureaccess", "caffeine", "hppcrt", "slf4j-api", "slf4j-nop", "javax.inject", "atinject*",
    "commons-*", "xz", "jsonld-java", "jackson-*", "httpc*", "jsr305", "checker*",
)  # fmt: skip


@functools.cache
def compiled(folder: Path) -> tuple[str, ...]:
    """Compile the program into ``folder``; return the command that runs it."""
    if shutil.which("javac") is None or not (JARS / "owlapi-api.jar").is_file():
        pytest.skip(
            "needs a JDK and the OWL API: apt-get install libowlapi-java default-jdk-headless"
        )
    jars = [str(jar) for pattern in PATTERNS for jar in sorted(JARS.glob(f"{pattern}.jar"))]
    path = ":".join([*jars, str(folder)])
    subprocess.run(
        ["javac", "-nowarn", "-cp", path, "-d", str(folder), str(SOURCE)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    # no network: a wrong proxy, since Java knows no better way
    offline = ["-Dhttp.proxyHost=127.0.0.1", "-Dhttp.proxyPort=9", "-Dhttps.proxyHost=127.0.0.1",
               "-Dhttps.proxyPort=9"]  # fmt: skip
    return ("java", *offline, "-cp", path, "OwlApi")


def profiles(command: tuple[str, ...], files: list[Path]) -> dict[str, dict[str, Any]]:
    """Return by file name what the OWL API counts, and its violations of OWL 2 DL and RL."""
    done = subprocess.run(
        [*command, "profile", *map(str, files)], check=True, capture_output=True, timeout=300
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def edited(command: tuple[str, ...], file: Path, saved: Path, form: str) -> str:
    """Add a class and a property to an ontology, and save it as Protégé would; return the text."""
    subprocess.run(
        [*command, "edit", str(file), str(saved), form],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return saved.read_text("utf-8")
