"""The README tells the truth: its examples run, and print what it shows.

A ``console`` block holds commands (``$``, continued by ``>``), each followed by
lines it prints; a ``text`` block after a ``python`` block is what that prints.
Lines are compared without regard to spaces; ``…`` stands for anything, within
a line or as a line of its own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = "8642"
STANDS_FOR = {"make run": "dafab-kg run --no-serve"}
"""Commands that a test cannot run as they stand: `make` is already running."""


@dataclass(frozen=True)
class Example:
    """A command or program with what it is said to print."""

    language: str
    text: str
    printed: tuple[str, ...]


def examples() -> Iterator[Example]:
    blocks = [(match[1], match[2]) for match in BLOCK.finditer(README)]
    for (language, text), (after, output) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language == "python":
            printed = output.splitlines() if after == "text" else []
            yield Example("python", text, tuple(printed))
        elif language == "console":
            yield from commands(text)


def commands(block: str) -> Iterator[Example]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        count = 1 + next(
            (i for i, line in enumerate(lines[1:]) if not line.startswith(">")), len(lines) - 1
        )
        command = "\n".join([lines[0], *(re.sub("^> ?", "", line) for line in lines[1:count])])
        yield Example("console", command, tuple(lines[count:]))


def compact(text: str) -> str:
    return " ".join(text.split())


def assert_printed(expected: tuple[str, ...], output: str) -> None:
    """Each expected line is printed, in order; without ``…`` between them nothing else is."""
    lines = [compact(line) for line in output.splitlines() if line.strip(" ─")]
    position, gap = 0, False
    for line in filter(None, map(compact, expected)):
        if not line.strip("─ "):
            continue
        if line == "…":
            gap = True
            continue
        pattern = re.compile(re.escape(line).replace("…", ".*"))
        while gap and position < len(lines) and not pattern.fullmatch(lines[position]):
            position += 1
        assert position < len(lines), f"not printed: {line}\n{output}"
        assert pattern.fullmatch(lines[position]), f"{line!r} is not {lines[position]!r}\n{output}"
        position, gap = position + 1, False
    assert gap or position == len(lines), f"printed too: {lines[position:]}"


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


class Shell:
    """Runs examples one after the other in one directory; ends what it started."""

    def __init__(self, place: Path) -> None:
        self.place, self.port = place, free_port()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "COLUMNS": "100", "DAFAB_PORT": self.port}
        self.servers: list[subprocess.Popen[str]] = []

    def run(self, example: Example) -> None:
        text = STANDS_FOR.get(example.text, example.text).replace(PORT, self.port)
        printed = tuple(line.replace(PORT, self.port) for line in example.printed)
        if text.endswith("&"):
            self.start(text.rstrip(" &"), printed)
            return
        program = [sys.executable, "-c"] if example.language == "python" else ["bash", "-c"]
        done = subprocess.run(
            [*program, text],
            cwd=self.place,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        refused = any(line.startswith(("rejected:", "dafab-kg:")) for line in printed)
        assert done.returncode == int(refused), done.stdout + done.stderr
        assert_printed(printed, done.stdout + (done.stderr if refused else ""))

    def start(self, text: str, printed: tuple[str, ...]) -> None:
        server = subprocess.Popen(
            text.split(),
            cwd=self.place,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.servers.append(server)
        assert server.stdout is not None
        assert_printed(printed, server.stdout.readline())
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health") as answer:
                    assert answer.status == 200
                    return
            except urllib.error.URLError:
                time.sleep(0.1)
        pytest.fail("the server does not answer")

    def run_notebooks(self) -> None:
        """Run all notebooks beside the store and the server that the README has made."""
        names = sorted(map(str, (ROOT / "docs" / "notebooks").glob("*.ipynb")))
        done = subprocess.run(
            [sys.executable, "-m", "tests.notebooks", *names],
            cwd=self.place,
            env={**self.environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def close(self) -> None:
        for server in self.servers:
            server.send_signal(signal.SIGINT)
            assert server.stdout is not None
            server.stdout.close()
            server.wait(timeout=30)


@pytest.mark.slow
def test_every_example_of_the_readme_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("needs curl and bash")
    shell = Shell(tmp_path)
    try:
        for example in examples():
            shell.run(example)
        shell.run_notebooks()
    finally:
        shell.close()


def test_every_notebook_is_listed_and_shows_what_it_prints() -> None:
    folder = ROOT / "docs" / "notebooks"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    found = sorted(folder.glob("*.ipynb"))
    assert len(found) == 6
    for path in found:
        assert f"({path.name})" in listed, path.name
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        assert any(cell.get("outputs") for cell in notebook["cells"]), path.name
        assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])


def test_the_readme_speaks_to_every_kind_of_user() -> None:
    headings = re.findall(r"^## For ([\w ]+):", README, re.MULTILINE)
    assert len(headings) == 8
    for heading in headings:
        section = README.split(f"## For {heading}:")[1].split("\n## ")[0]
        assert BLOCK.search(section), f"no example for {heading}"


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


def test_every_command_that_a_page_names_is_one() -> None:
    from typer.main import get_command

    from dafab_kg.cli.app import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for name, sub in re.findall(r"dafab-kg ([a-z]+)(?: ([a-z]+))?", page.read_text("utf-8")):
            assert name in known, (page, name)
            if sub and getattr(known[name], "commands", None):
                assert sub in known[name].commands, (page, name, sub)
